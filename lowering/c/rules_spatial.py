"""Rules for convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Value
from ...ir.dialects.c.base import Clamped
from ...ir.dialects.c.movement import Pad
from ...ir.dialects.c.packed import block_width
from ...ir.dialects.tfl.windows import window_of
from ...ir.types import F32
from .rules_indexing import around
from .target import Target, lowers, static


def pads_of(op: Any, x: Value, kernel: Sequence[int], dilations: Sequence[int] = ()) -> tuple[int, ...]:
    """How far before x the first window begins."""
    window = window_of(static(x)[1:-1], kernel, op.strides, op.padding, dilations)
    return tuple(window.pads_begin)


@lowers("conv_2d")
def conv_2d(t: Target, op: Any) -> Value:
    _, *kernel, channels = static(op.filter)
    return convolution(t, op, op.filter, kernel, static(op.input)[-1] // channels)


@lowers("depthwise_conv_2d")
def depthwise_conv_2d(t: Target, op: Any) -> Value:
    """One filter a channel, or a convolution with as many groups as channels; its weights are (O, kH, kW, 1) there."""
    _, h, w, outputs = static(op.filter)
    if outputs == static(op.input)[-1] and t.is_real():
        weight = t.rearranged(op.filter, "weights", lambda a: a[0], (h, w, outputs))
        x, window = _window(op, (h, w))
        return t.value("depthwise_conv", x, weight, op.bias, **window, **t.clamp(op))
    weight = t.rearranged(op.filter, "weights", lambda a: np.transpose(a, (3, 1, 2, 0)), (outputs, h, w, 1))
    return convolution(t, op, weight, (h, w), static(op.input)[-1])


def convolution(t: Target, op: Any, weight: Value, kernel: Sequence[int], groups: int) -> Value:
    """A convolution with weights (O, *kernel, C / groups): packed where they are constant real numbers."""
    x, window = _window(op, kernel)
    if t.is_real() and t.is_constant(weight, op.bias):
        outputs = static(weight)[0] // groups
        width = block_width(outputs, op.results[0].tensor.size // (outputs * groups))
        packed, bias = t.packed(weight, groups, width), None if op.bias is None else t.packed(op.bias, groups, width)
        return t.value("packed_conv", x, packed, bias, outputs=outputs, **window, **t.clamp(op))
    return t.value("conv", x, weight, op.bias, groups=groups, **window, **t.clamp(op))


def _window(op: Any, kernel: Sequence[int]) -> tuple[Value, dict[str, Any]]:
    """What a convolution reads, and how its windows move. Zeros put around that before are not made: windows that
    reach outside read zeros anyway.
    """
    x, pads = op.input, pads_of(op, op.input, kernel, op.dilations)
    pad = x.defining_op
    if isinstance(pad, Pad) and pad.value == 0 and pad.is_spatial() and pad.x.tensor.element == F32:
        x, pads = pad.x, tuple(p + more for p, more in zip(pads, pad.pads[1:], strict=False))
    return x, {"strides": op.strides, "dilations": op.dilations, "pads": pads}


@lowers("max_pool_2d", "average_pool_2d", "l2_pool_2d")
def pool_2d(t: Target, op: Any) -> Value:
    kernel = (op.filter_height, op.filter_width)
    kind = op.name.removeprefix("tfl.").removesuffix("_pool_2d")
    x, pads = op.input, pads_of(op, op.input, kernel)
    pad = x.defining_op
    if kind == "max" and isinstance(pad, Pad) and pad.is_spatial() and _is_below(pad):
        x, pads = pad.x, tuple(p + more for p, more in zip(pads, pad.pads[1:], strict=False))
    return t.value("pool", x, kind=kind, kernel=kernel, strides=op.strides, pads=pads, **t.clamp(op))


def _is_below(pad: Pad) -> bool:
    """Whether what is put around x is not above any element of x: no maximum of a window changes without it."""
    maker = pad.x.defining_op
    return pad.value <= np.finfo(np.float32).min or (isinstance(maker, Clamped) and pad.value <= maker.lower)


@lowers("transpose_conv")
def transpose_conv(t: Target, op: Any) -> Value:
    """The padding is that of the convolution that leads back."""
    kernel = static(op.weights)[1:-1]
    pads = pads_of(op, op.results[0], kernel)
    return t.value("conv_transpose", op.input, op.weights, op.bias, strides=op.strides, pads=pads, **t.clamp(op))


@lowers("conv_3d")
def conv_3d(t: Target, op: Any) -> Value:
    *kernel, inner, outputs = static(op.filter)
    weight = t.rearranged(op.filter, "weights", lambda a: np.transpose(a, (4, 0, 1, 2, 3)), (outputs, *kernel, inner))
    return convolution(t, op, weight, kernel, static(op.input)[-1] // inner)


@lowers("conv_3d_transpose")
def conv_3d_transpose(t: Target, op: Any) -> Value:
    if op.dilations != (1, 1, 1):
        raise t.error("is dilated", "put the zeros between the weights into them")
    *kernel, outputs, inner = static(op.filter)
    weight = t.rearranged(op.filter, "weights", lambda a: np.moveaxis(a, 3, 0), (outputs, *kernel, inner))
    pads = pads_of(op, op.results[0], kernel)
    return t.value("conv_transpose", op.input, weight, op.bias, strides=op.strides, pads=pads, **t.clamp(op))


@lowers("resize_nearest_neighbor")
def resize_nearest(t: Target, op: Any) -> Value:
    x, shape = op.input, list(static(op.input))
    for axis in (1, 2):
        new = static(op.results[0])[axis]
        places = tuple(int(p) for p in op.places(shape[axis], new))
        extents = around(shape, axis)
        shape[axis] = new
        x = t.value("take", x, places=places, type=x.tensor.with_shape(tuple(shape)), **extents)
    return x


@lowers("resize_bilinear")
def resize_bilinear(t: Target, op: Any) -> Value:
    x, shape = op.input, list(static(op.input))
    for axis in (1, 2):
        new = static(op.results[0])[axis]
        low, high, part = op.neighbours(shape[axis], new)
        extents = around(shape, axis)
        shape[axis] = new
        x = t.value(
            "mix",
            x,
            low=tuple(map(int, low)),
            high=tuple(map(int, high)),
            part=tuple(map(float, part)),
            type=x.tensor.with_shape(tuple(shape)),
            **extents,
        )
    return x
