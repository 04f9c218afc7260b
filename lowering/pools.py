"""Pools in steps that any target has: for windows that its own pools do not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.dialects.nn.window import spatial_axes
from ..ir.types import Array
from .decompositions import END


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
