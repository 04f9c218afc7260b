"""Pools and resizing in the forms that TFLite has."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.dialects.nn.window import Window
from ...ir.dialects.tfl.windows import padding_scheme
from .. import resizing
from ..expansion import reshaped, with_axis, without_axis
from ..pools import by_slices, element_factors
from .expand_linear import lengths_of, zero_padded
from .expansion import expands
from .rules_linear import resize_options

_FARTHEST = 8
"""How many operations are looked at for the sign of a value."""


def _pool_like(b: Builder, op: nn.PoolOp, x: Value, window: Window) -> Value:
    """A pool of the same kind with other windows and no pads."""
    return b.create(op.name, x, kernel=window.kernel, strides=window.strides, channel_last=op.channel_last).result


@expands("max_pool", "average_pool")
def pool_1d(b: Builder, op: nn.PoolOp) -> Value | None:
    """One spatial dimension becomes two, the first of length 1."""
    if op.spatial_rank != 1:
        return None
    axis = 1 if op.channel_last else 2
    options: dict[str, Any] = {
        "kernel": (1, *op.kernel),
        "strides": (1, *op.strides),
        "pads": (0, op.pads[0], 0, op.pads[1]),
        "overhang": (0, *op.overhang),
        "dilations": (1, *op.dilations),
        "channel_last": op.channel_last,
    }
    if isinstance(op, nn.AveragePool):
        options["count_include_pad"] = op.count_include_pad
    return without_axis(b, b.create(op.name, with_axis(b, op.x, axis), **options).result, axis)


@expands("max_pool", "average_pool")
def pool_dilations(b: Builder, op: nn.PoolOp) -> Value | None:
    """The maximum or the sum of shifted slices, axis by axis: TFLite's pools have no dilations."""
    lengths = lengths_of(op.x, op.channel_last)
    if all(d == 1 for d in op.dilations) or lengths is None:
        return None
    return by_slices(b, op, _padded(b, op, op.x, _lowest(op.x) if isinstance(op, nn.MaxPool) else 0.0), lengths)


def _padded(b: Builder, op: nn.PoolOp, x: Value, value: float) -> Value:
    window = op.window
    ends = [e + o for e, o in zip(window.pads_end, window.overhang, strict=True)]
    return zero_padded(b, x, window.pads_begin, ends, op.channel_last, value)


@expands("max_pool")
def max_pool_pads(b: Builder, op: nn.MaxPool) -> Value | None:
    """Pads that are neither SAME nor VALID become an operation."""
    lengths = lengths_of(op.x, op.channel_last)
    if lengths is None or any(d != 1 for d in op.dilations):
        return None
    scheme = padding_scheme(op.window, lengths)
    if scheme == "VALID" or (scheme == "SAME" and op.spatial_rank == 2):
        return None
    return _pool_like(b, op, _padded(b, op, op.x, _lowest(op.x)), op.window)


def _lowest(x: Value) -> float:
    """What pads hold so that they never are the maximum: zero where that does, as 8 bits can hold it."""
    element = x.tensor.expressed
    if _is_nonnegative(x):
        return 0.0
    return -math.inf if element.is_float else float(element.limits[0])


_NONNEGATIVE = (nn.Relu, nn.Sigmoid, nn.Softmax, nn.Abs, nn.Exp, nn.Square, nn.Sqrt)
_PASSES_SIGN = (nn.MaxPool, nn.AveragePool, nn.Reshape, nn.Transpose, nn.Slice, nn.Concat)


def _is_nonnegative(x: Value) -> bool:
    """Whether the operations that make x say that no element is below zero."""
    pending, seen = [x], 0
    while pending:
        op, seen = pending.pop().defining_op, seen + 1
        if isinstance(op, _NONNEGATIVE) or (isinstance(op, nn.Clip) and op.min >= 0.0):
            continue
        if op is not None and op.attributes.get("activation", "none") in ("relu", "relu6"):
            continue
        if not isinstance(op, _PASSES_SIGN) or seen > _FARTHEST:
            return False
        pending += [v for v in op.operands if v is not None]
    return True


@expands("average_pool")
def average_pool_pads(b: Builder, op: nn.AveragePool) -> Value | None:
    """Means over pads, and pads that are neither SAME nor VALID: zeros around, and the counts put right behind."""
    lengths = lengths_of(op.x, op.channel_last)
    if lengths is None:
        return None
    scheme = padding_scheme(op.window, lengths)
    counts_pads = op.count_include_pad and any(op.pads)
    if scheme == "VALID" or (scheme == "SAME" and op.spatial_rank == 2 and not counts_pads):
        return None
    y = _pool_like(b, op, _padded(b, op, op.x, 0.0), op.window)
    factor = element_factors(op, lengths, math.prod(op.kernel))
    return y if np.all(factor == 1.0) else b.nn.mul(y, factor)


@expands("max_pool", "average_pool")
def pool_3d(b: Builder, op: nn.PoolOp) -> Value | None:
    """Pools are separable: first over height and width of every slice, then over the depth."""
    lengths = lengths_of(op.x, op.channel_last)
    if op.spatial_rank != 3 or lengths is None or padding_scheme(op.window, lengths) != "VALID":
        return None  # pads have become an operation by another rule, or will
    if not op.channel_last or not op.x.tensor.is_static:
        return None
    batch, depth, height, width, channels = op.x.tensor.static_shape
    flat = reshaped(b, op.x, (batch * depth, height, width, channels))
    y = b.create(op.name, flat, kernel=op.kernel[1:], strides=op.strides[1:], channel_last=True).result
    _, rows, columns, _ = y.tensor.static_shape
    deep = reshaped(b, y, (batch, depth, rows * columns, channels))
    y = b.create(op.name, deep, kernel=(op.kernel[0], 1), strides=(op.strides[0], 1), channel_last=True).result
    return reshaped(b, y, op.output.tensor.static_shape)


# Resizing


@expands("resize")
def resize_1d(b: Builder, op: nn.Resize) -> Value | None:
    """One spatial dimension becomes two, the first of length 1 before and after."""
    if len(op.sizes) != 1 or resize_options(op) is None:
        return None
    axis = 1 if op.channel_last else 2
    y = b.nn.resize(
        with_axis(b, op.x, axis),
        sizes=(1, *op.sizes),
        mode=op.mode,
        coordinate=op.coordinate,
        rounding=op.rounding,
        channel_last=op.channel_last,
    )
    return without_axis(b, y, axis)


@expands("resize")
def resize(b: Builder, op: nn.Resize) -> Value | None:
    """Other interpolations are made of chosen elements (nearest), or of products with constant matrices."""
    return None if len(op.sizes) == 2 and resize_options(op) is not None else resizing.resize(b, op)


expands("dynamic_resize")(resizing.dynamic_resize)
