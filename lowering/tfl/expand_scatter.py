"""Scattering: SCATTER_ND adds to zeros, UNSORTED_SEGMENT_* combine rows; all else is made of these."""

from __future__ import annotations

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.module import constant_array
from ...ir.types import I32
from ..expansion import reshaped, static_dims
from ..indexing import as_rows
from ..movement import single_vector
from .expansion import expands
from .rules_movement import scatter_neutral, starts_neutral

expands("scatter_nd")(single_vector)


@expands("scatter_nd")
def from_front(b: Builder, op: nn.ScatterNd) -> Value | None:
    """Constant indices are counted from the front, as i32."""
    shape, known = static_dims(op.x), constant_array(op.indices)
    if shape is None or known is None:
        if op.indices.tensor.expressed is I32:
            return None
        return b.nn.scatter_nd(op.x, b.nn.cast(op.indices, to=I32), op.updates, reduction=op.reduction)
    lengths = np.array(shape[: known.shape[-1]])
    indices = np.where(known < 0, known + lengths, known).astype(I32.dtype)
    if known.dtype == indices.dtype and np.array_equal(known, indices):
        return None
    return b.nn.scatter_nd(op.x, indices, op.updates, reduction=op.reduction)


@expands("scatter_nd")
def sums(b: Builder, op: nn.ScatterNd) -> Value | None:
    shape = static_dims(op.x)
    if shape is None or op.reduction != "add" or starts_neutral(op):
        return None
    zeros = np.zeros(shape, op.x.tensor.expressed.dtype)
    return b.nn.add(op.x, b.nn.scatter_nd(zeros, op.indices, op.updates, reduction="add"))


@expands("scatter_nd")
def combinations(b: Builder, op: nn.ScatterNd) -> Value | None:
    """Products, maxima and minima of rows; what was there is combined with them behind."""
    shape, index_shape = static_dims(op.x), static_dims(op.indices)
    if shape is None or index_shape is None or op.reduction not in ("mul", "max", "min"):
        return None
    neutral = scatter_neutral(op)
    if starts_neutral(op) and index_shape[-1] == 1 and len(index_shape) == len(shape) == 2:
        return None
    x, rows, updates = as_rows(b, op, shape, index_shape)
    start = np.full(x.tensor.static_shape, neutral, op.x.tensor.expressed.dtype)
    combined = b.nn.scatter_nd(start, rows, updates, reduction=op.reduction)
    name = {"mul": "nn.mul", "max": "nn.maximum", "min": "nn.minimum"}[op.reduction]
    return reshaped(b, b.create(name, x, combined).result, shape)


@expands("scatter_nd")
def replacements(b: Builder, op: nn.ScatterNd) -> Value | None:
    """For every row its last update, where it has one."""
    shape, index_shape = static_dims(op.x), static_dims(op.indices)
    if shape is None or index_shape is None or op.reduction != "none":
        return None
    x, rows, updates = as_rows(b, op, shape, index_shape)
    count, cells = updates.tensor.static_shape[0], x.tensor.static_shape[0]
    numbers = np.arange(1, count + 1, dtype=I32.dtype).reshape(count, 1)
    known = constant_array(rows)
    if known is not None:
        last = np.zeros((cells, 1), I32.dtype)
        np.maximum.at(last, known[:, 0], numbers)
        number: Value = b.constant(last)
    else:
        lowest = np.full((cells, 1), I32.limits[0], I32.dtype)
        number = b.nn.scatter_nd(lowest, rows, numbers, reduction="max")
    place = b.nn.sub(b.nn.maximum(number, 1), 1)
    written = b.nn.gather(updates, reshaped(b, place, (cells,)), axis=0)
    return reshaped(b, b.nn.select(b.nn.greater(number, 0), written, x), shape)
