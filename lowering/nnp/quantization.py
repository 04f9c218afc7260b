"""Quantized values: the real numbers that integers stand for, rounded to what the integers can hold."""

from __future__ import annotations

import numpy as np

from ...ir import QuantizedType, Value
from ...ir.types import I32, I64
from .target import Target

_DTYPES = {"i8": 1, "ui8": 2}
"""The integers that QuantizeLinear saturates to, as numpy numbers its types."""


_ROUNDINGS = {"half_away": "HALF_AWAY_FROM_ZERO", "half_even": "HALF_TO_EVEN"}


def snapped(t: Target, x: Value, grid: QuantizedType, rounding: str = "half_away") -> Value:
    """x quantized and dequantized: by NNabla's own functions where they know the integers, else by a formula."""
    scale, zero = scale_and_zero(t, x, grid)
    low, high = grid.range
    narrow = grid.storage.name == "i8" and (low, high) == (-127, 127)
    if grid.storage.name in _DTYPES and t.has("QuantizeLinear") and (narrow or (low, high) == grid.storage.limits):
        stored = t.like(
            "QuantizeLinear",
            x,
            scale,
            zero,
            round_mode=_ROUNDINGS[rounding],
            narrow_range=narrow,
            dtype=_DTYPES[grid.storage.name],
        )
        return t.like("DequantizeLinear", stored, scale, zero)
    rounded = t.like("Add2", rounded_to(t, t.like("Div2", x, scale), rounding), zero)
    clipped = t.like("MinimumScalar", t.like("MaximumScalar", rounded, val=float(low)), val=float(high))
    return t.like("Mul2", t.like("Sub2", clipped, zero), scale)


def scale_and_zero(t: Target, x: Value, grid: QuantizedType) -> tuple[Value, Value]:
    """Scale and zero point, with the rank of x."""
    shape = [1] * x.tensor.rank
    if grid.axis is not None:
        shape[grid.axis] = len(grid.scales)
    pair = (np.reshape(np.array(v, np.float32), shape) for v in (grid.scales, grid.zero_points))
    scale, zero = (t.constant(array, name) for array, name in zip(pair, ("scale", "zero_point"), strict=True))
    return scale, zero


def rounded_to(t: Target, x: Value, mode: str) -> Value:
    """Whole numbers. A half goes away from zero, or to the even one: twice its own half, rounded away from zero."""
    away = t.like("Round", x)
    if mode == "half_away":
        return away
    is_half = t.like("EqualScalar", t.like("Abs", t.like("Sub2", x, away)), val=0.5)
    even = t.like("MulScalar", t.like("Round", t.like("MulScalar", x, val=0.5)), val=2.0)
    return t.like("Where", is_half, even, away)


_KEEP_GRID = frozenset(
    {"reshape", "transpose", "slice", "concat", "tile", "broadcast_to", "reverse", "gather", "max_pool"}
)
"""What gives elements of its operands alone: they stay on the grid that they are on."""


def on_grid(t: Target, result: Value, made: Value) -> Value:
    """What was made for a result, rounded to the numbers that its type can stand for."""
    grid = result.tensor.element
    name = t.op.name.partition(".")[2]
    if not isinstance(grid, QuantizedType) or name in ("quantize", "storage_cast"):
        return made
    if name in _KEEP_GRID and all(kind in (grid, I32, I64) for kind in t.elements):
        return made
    return snapped(t, made, grid)
