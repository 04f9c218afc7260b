"""Functions without data: constants and ranges, and what follows from the shape of a tensor."""

from __future__ import annotations

import numpy as np

from ....ir import Value
from .registry import Call, Lifter, lift, refuse
from .shapes import as_float, broadcast_batch, numbers


@lift("Constant")
def constant(b: Lifter, op: Call) -> Value:
    """One number everywhere; a first dimension of -1 is the batch."""
    shape = op.results[0].tensor.dims
    value = b.constant(np.full([d if isinstance(d, int) else 1 for d in shape], op.val, np.float32))
    return broadcast_batch(b, value, shape)


@lift("Arange")
def arange(b: Lifter, op: Call) -> Value:
    if op.step == 0:
        raise refuse(op, "has a step of 0")
    (count,) = op.results[0].tensor.static_shape
    if count != max(int(np.ceil((op.stop - op.start) / op.step)), 0):
        raise refuse(op, f"gives another number of elements than the {count} that the file says")
    return b.constant((op.start + np.arange(count) * op.step).astype(np.float32))


@lift("Linspace")
def linspace(b: Lifter, op: Call) -> Value:
    return b.constant(np.linspace(op.start, op.stop, op.num).astype(np.float32))


@lift("EyeLike")
def eye_like(b: Lifter, op: Call, x: Value) -> Value:
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
