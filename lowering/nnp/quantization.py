"""Quantized values: the real numbers that integers stand for, rounded to what the integers can hold."""

from __future__ import annotations

import numpy as np

from ...ir import QuantizedType, Value
from ...ir.types import I32, I64
from .target import Target

_DTYPES = {"i8": 1, "ui8": 2}
"""The integers that QuantizeLinear saturates to, as numpy numbers its types."""


def snapped(t: Target, x: Value, grid: QuantizedType) -> Value:
    """x quantized and dequantized: by NNabla's own functions where they know the integers, else by a formula."""
    rank = x.tensor.rank
    shape = [1] * rank
    if grid.axis is not None:
        shape[grid.axis] = len(grid.scales)
    scale = t.constant(np.reshape(np.array(grid.scales, np.float32), shape), "scale")
    zero = t.constant(np.reshape(np.array(grid.zero_points, np.float32), shape), "zero_point")
    low, high = grid.range
    narrow = grid.storage.name == "i8" and (low, high) == (-127, 127)
    if grid.storage.name in _DTYPES and (narrow or (low, high) == grid.storage.limits):
        stored = t.like(
            "QuantizeLinear",
            x,
            scale,
            zero,
            round_mode="HALF_AWAY_FROM_ZERO",
            narrow_range=narrow,
            dtype=_DTYPES[grid.storage.name],
        )
        return t.like("DequantizeLinear", stored, scale, zero)
    rounded = t.like("Add2", t.like("Round", t.like("Div2", x, scale)), zero)
    clipped = t.like("MinimumScalar", t.like("MaximumScalar", rounded, val=float(low)), val=float(high))
    return t.like("Mul2", t.like("Sub2", clipped, zero), scale)


_KEEP_GRID = frozenset(
    {"reshape", "transpose", "slice", "concat", "tile", "broadcast_to", "reverse", "gather", "max_pool"}
)
"""What gives elements of its operands alone: they stay on the grid that they are on."""


def on_grid(t: Target, result: Value, made: Value) -> Value:
    """What was made for a result, rounded to the numbers that its type can stand for."""
    grid = result.tensor.element
    name = t.op.name.partition(".")[2]
    if not isinstance(grid, QuantizedType) or name == "quantize":
        return made
    if name in _KEEP_GRID and all(v is None or v.tensor.element in (grid, I32, I64) for v in t.op.operands):
        return made
    return snapped(t, made, grid)
