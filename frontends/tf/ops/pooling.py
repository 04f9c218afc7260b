"""Pools over windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.types import I64
from ...nodes import numbers, refuse
from ...sizes import broadcast, cast, filled, sizes_of
from ...windows import Windows, pad_same
from .layout import from_channel_first, spatial, to_channel_first
from .registry import Lifter, lift
from .windows import windows_of

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


def _pool(b: Lifter, op: TfOp, x: Value) -> tuple[Value, Windows]:
    """The image as (N, C, ...), and the windows of a pool over it."""
    rank = 5 if op.op_type.endswith("3D") else 4
    x = to_channel_first(b, op, x, rank)
    return x, windows_of(op, x, spatial(op, "ksize", rank))


@lift("MaxPool", "MaxPool3D")
def max_pool(b: Lifter, op: TfOp, x: Value) -> Value:
    x, windows = _pool(b, op, x)
    if windows.same is not None:
        element = x.tensor.storage
        x = pad_same(b, x, windows, b.constant(-math.inf if element.is_float else element.limits[0], element))
    y = b.nn.max_pool(x, kernel=windows.kernel, strides=windows.strides, pads=windows.pads)
    return from_channel_first(b, op, y)


@lift("MaxPoolV2")
def max_pool_v2(b: Lifter, op: TfOp, x: Value, kernel: Value, strides: Value) -> Value:
    """The kernel and the strides are operands."""
    lengths, steps = b.ints(kernel), b.ints(strides)
    if lengths is None or steps is None:
        raise refuse(op, "has a kernel or strides that are computed", "make them constants")
    op.set_attribute("ksize", lengths)
    op.set_attribute("strides", steps)
    return max_pool(b, op, x)


@lift("AvgPool", "AvgPool3D")
def average_pool(b: Lifter, op: TfOp, x: Value) -> Value:
    """The mean of what is there: pads do not count."""
    x, windows = _pool(b, op, x)
    if windows.same is None:
        return from_channel_first(b, op, _mean(b, x, windows, windows.pads))
    ones = broadcast(b, filled(b, 1, (), x.tensor.storage), [1, 1, *sizes_of(x)[2:]])
    none = (0,) * len(windows.pads)
    y = b.nn.div(_mean(b, pad_same(b, x, windows), windows, none), _mean(b, pad_same(b, ones, windows), windows, none))
    return from_channel_first(b, op, y)


def _mean(b: Lifter, x: Value, windows: Windows, pads: Sequence[int]) -> Value:
    return b.nn.average_pool(x, kernel=windows.kernel, strides=windows.strides, pads=tuple(pads))


@lift("MaxPoolWithArgmax")
def max_pool_with_argmax(b: Lifter, op: TfOp, x: Value) -> tuple[Value, Value]:
    """The indices count the elements of an image, of the batch too with ``include_batch_in_index``, channels last."""
    x, windows = _pool(b, op, x)
    _, channels, height, width = numbers(op, x.tensor.dims, "its input")
    y, flat = b.nn.max_pool_with_indices(x, kernel=windows.kernel, strides=windows.strides, pads=windows.pads)
    image = height * width
    place, rest = b.nn.mod(flat, image), b.nn.floor_div(flat, image)
    channel = b.nn.mod(rest, channels)
    index = b.nn.add(b.nn.mul(place, channels), channel)
    if op.get("include_batch_in_index"):
        index = b.nn.add(index, b.nn.mul(b.nn.floor_div(rest, channels), image * channels))
    return from_channel_first(b, op, y), cast(b, from_channel_first(b, op, index), op.get("Targmax") or I64)
