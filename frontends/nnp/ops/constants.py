"""Functions without data: constants and ranges, and what follows from the shape of a tensor."""

from __future__ import annotations

import math

import numpy as np

from ....ir import Value
from .registry import Call, Lifter, lift, refuse
from .shapes import as_float, broadcast_batch, expect_rank, filled, numbers

MOST_ELEMENTS = 2**28
"""More numbers in a range are taken for a mistake."""


@lift("Constant")
def constant(b: Lifter, op: Call) -> Value:
    """One number everywhere; a first dimension of -1 is the batch."""
    shape = op.results[0].tensor.dims
    value = filled(b, op.val, [d if isinstance(d, int) else 1 for d in shape])
    return broadcast_batch(b, value, shape)


@lift("Arange")
def arange(b: Lifter, op: Call) -> Value:
    steps = (op.stop - op.start) / op.step if op.step else float("nan")
    if not abs(steps) < MOST_ELEMENTS:
        raise refuse(op, f"goes from {op.start} to {op.stop} in steps of {op.step}")
    count = max(int(np.ceil(steps)), 0)
    return b.constant((op.start + np.arange(count) * op.step).astype(np.float32))


@lift("Linspace")
def linspace(b: Lifter, op: Call) -> Value:
    if not 0 <= op.num < MOST_ELEMENTS or not math.isfinite(op.stop - op.start):
        raise refuse(op, f"asks for {op.num} numbers from {op.start} to {op.stop}")
    return b.constant(np.linspace(op.start, op.stop, op.num).astype(np.float32))


@lift("EyeLike")
def eye_like(b: Lifter, op: Call, x: Value) -> Value:
    expect_rank(op, x, 2)
    rows, columns = numbers(op, x.tensor.dims, "the input")
    return b.constant(np.eye(rows, columns, op.k, dtype=np.float32))


@lift("Shape")
def shape_of(b: Lifter, op: Call, x: Value) -> Value:
    """The sizes of the dimensions start .. end, counted as in Python; an end of 0 is the last."""
    rank = x.tensor.rank
    start = max(op.start + rank, 0) if op.start < 0 else op.start
    dims = x.tensor.dims[start : op.end or None]
    if all(isinstance(d, int) for d in dims):
        return b.constant(np.array(dims, np.float32))
    sizes = as_float(b, b.nn.shape_of(x))
    return b.nn.slice(sizes, starts=(start,), stops=(start + len(dims),), steps=(1,))
