"""Pools in steps that any target has, and in the windows that targets with the schemes SAME and VALID have."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.dialects.nn.window import Window, spatial_axes
from ..ir.dialects.tfl.windows import padding_scheme
from ..ir.types import Array
from .convolutions import lengths_of, zero_padded
from .decompositions import END
from .expansion import with_axis, without_axis


def by_slices(b: Builder, op: nn.PoolOp, padded: Value, lengths: Sequence[int]) -> Value:
    """A pool as the maximum or the sum of shifted slices, axis by axis.

    ``padded`` is its operand with pads and overhang around, ``lengths`` are the operand's own.
    """
    window = op.window
    counts: Sequence[int] = window.output(tuple(lengths))  # type: ignore[assignment]  # numbers in, numbers out
    combine = b.nn.maximum if isinstance(op, nn.MaxPool) else b.nn.add
    y = padded
    for i, axis in enumerate(spatial_axes(padded.tensor.rank, op.channel_last)):
        starts = [place * window.dilations[i] for place in range(window.kernel[i])]
        y = _combined(b, y, axis, starts, window.strides[i], counts[i], combine)
    return b.nn.mul(y, element_factors(op, lengths, 1.0)) if isinstance(op, nn.AveragePool) else y


def _combined(
    b: Builder, x: Value, axis: int, starts: Sequence[int], stride: int, count: int, combine: Callable[..., Value]
) -> Value:
    """Every stride-th element from each of the starts, combined."""
    rank = x.tensor.rank
    y: Value | None = None
    for start in starts:
        first, stops, steps = [0] * rank, [END] * rank, [1] * rank
        first[axis], stops[axis], steps[axis] = start, start + (count - 1) * stride + 1, stride
        part = b.nn.slice(x, starts=first, stops=stops, steps=steps)
        y = part if y is None else combine(y, part)
    assert y is not None
    return y


def element_factors(op: nn.AveragePool, lengths: Sequence[int], total: float) -> Array:
    """``total`` over the number of elements that each window has, in a shape to be multiplied with the result."""
    factor = np.array(total, np.float64)
    for divisor in op.divisors(tuple(lengths)):
        factor = factor[..., None] / np.maximum(divisor, 1)
    factor = factor[None, ..., None] if op.channel_last else factor[None, None]
    return factor.astype(op.x.tensor.expressed.dtype)


_FARTHEST = 8
"""How many operations are looked at for the sign of a value."""


def _pool_like(b: Builder, op: nn.PoolOp, x: Value, window: Window) -> Value:
    """A pool of the same kind with other windows and no pads."""
    return b.create(op.name, x, kernel=window.kernel, strides=window.strides, channel_last=op.channel_last).result


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


def pool_dilations(b: Builder, op: nn.PoolOp) -> Value | None:
    """The maximum or the sum of shifted slices, axis by axis: TFLite's pools have no dilations."""
    lengths = lengths_of(op.x, op.channel_last)
    if all(d == 1 for d in op.dilations) or lengths is None:
        return None
    return by_slices(b, op, _padded(b, op, op.x, lowest(op.x) if isinstance(op, nn.MaxPool) else 0.0), lengths)


def _padded(b: Builder, op: nn.PoolOp, x: Value, value: float) -> Value:
    window = op.window
    ends = [e + o for e, o in zip(window.pads_end, window.overhang, strict=True)]
    return zero_padded(b, x, window.pads_begin, ends, op.channel_last, value)


def max_pool_pads(b: Builder, op: nn.MaxPool) -> Value | None:
    """Pads that are neither SAME nor VALID become an operation."""
    lengths = lengths_of(op.x, op.channel_last)
    if lengths is None or any(d != 1 for d in op.dilations):
        return None
    scheme = padding_scheme(op.window, lengths)
    if scheme == "VALID" or (scheme == "SAME" and op.spatial_rank == 2):
        return None
    return _pool_like(b, op, _padded(b, op, op.x, lowest(op.x)), op.window)


def lowest(x: Value) -> float:
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
