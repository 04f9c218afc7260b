"""Rules for convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Value
from ...ir.dialects.tfl.windows import window_of
from .target import Target, lowers, static


def _pads(op: Any, x: Value, kernel: Sequence[int], dilations: Sequence[int] = ()) -> tuple[int, ...]:
    """How far before x the first window begins."""
    window = window_of(static(x)[1:-1], kernel, op.strides, op.padding, dilations)
    return tuple(window.pads_begin)


@lowers("conv_2d")
def conv_2d(t: Target, op: Any) -> Value:
    _, *kernel, channels = static(op.filter)
    return t.value(
        "conv",
        op.input,
        op.filter,
        op.bias,
        strides=op.strides,
        dilations=op.dilations,
        pads=_pads(op, op.input, kernel, op.dilations),
        groups=static(op.input)[-1] // channels,
        **t.clamp(op),
    )


@lowers("depthwise_conv_2d")
def depthwise_conv_2d(t: Target, op: Any) -> Value:
    """A convolution with as many groups as channels; its weights are (O, kH, kW, 1) there."""
    _, h, w, outputs = static(op.filter)
    weight = t.rearranged(op.filter, "weights", lambda a: np.transpose(a, (3, 1, 2, 0)), (outputs, h, w, 1))
    return t.value(
        "conv",
        op.input,
        weight,
        op.bias,
        strides=op.strides,
        dilations=op.dilations,
        pads=_pads(op, op.input, (h, w), op.dilations),
        groups=static(op.input)[-1],
        **t.clamp(op),
    )


@lowers("max_pool_2d", "average_pool_2d", "l2_pool_2d")
def pool_2d(t: Target, op: Any) -> Value:
    kernel = (op.filter_height, op.filter_width)
    kind = op.name.removeprefix("tfl.").removesuffix("_pool_2d")
    pads = _pads(op, op.input, kernel)
    return t.value("pool", op.input, kind=kind, kernel=kernel, strides=op.strides, pads=pads, **t.clamp(op))
