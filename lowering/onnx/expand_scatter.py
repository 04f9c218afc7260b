"""Scattering for the opsets that have ScatterND not, or not with a reduction."""

from __future__ import annotations

import math

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.types import I32, I64
from ..expansion import reshaped, static_dims, with_axis
from ..indexing import as_rows
from .expansion import expands

_MOST_NUMBERS = 1 << 24
"""Combining updates takes a copy of all of them for each cell: not more numbers than this."""


@expands("scatter_nd", below=18)
def index_elements(b: Builder, op: nn.ScatterNd) -> Value | None:
    """The forms below compute with the indices."""
    if op.indices.tensor.expressed in (I32, I64):
        return None
    return b.nn.scatter_nd(op.x, b.nn.cast(op.indices, to=I64), op.updates, reduction=op.reduction)


@expands("scatter_nd", below=18)
def one_vector(b: Builder, op: nn.ScatterNd) -> Value | None:
    if op.indices.tensor.rank != 1:
        return None
    rows, updates = with_axis(b, op.indices, 0), with_axis(b, op.updates, 0)
    return b.nn.scatter_nd(op.x, rows, updates, reduction=op.reduction)


@expands("scatter_nd", below=11)
def replacements(b: Builder, op: nn.ScatterNd) -> Value | None:
    """Element by element, as Scatter does: every update knows its row."""
    shape, index_shape = static_dims(op.x), static_dims(op.indices)
    if op.reduction != "none" or shape is None or index_shape is None:
        return None
    x, rows, updates = as_rows(b, op, shape, index_shape)
    places = b.nn.broadcast_to(rows, shape=updates.tensor.dims)
    return reshaped(b, b.nn.scatter_elements(x, places, updates, axis=0), shape)


@expands("scatter_nd", below=16)
def combinations(b: Builder, op: nn.ScatterNd) -> Value | None:
    return _combined(b, op) if op.reduction in ("add", "mul") else None


@expands("scatter_nd", below=18)
def extremes(b: Builder, op: nn.ScatterNd) -> Value | None:
    return _combined(b, op) if op.reduction in ("min", "max") else None


def _combined(b: Builder, op: nn.ScatterNd) -> Value | None:
    """For every cell all updates, those of others replaced by what changes nothing; None where that is too much."""
    shape, index_shape = static_dims(op.x), static_dims(op.indices)
    if shape is None or index_shape is None:
        return None
    x, rows, updates = as_rows(b, op, shape, index_shape)
    (cells, rest), count = x.tensor.static_shape, updates.tensor.static_shape[0]
    if cells * count * rest > _MOST_NUMBERS:
        return None
    numbers = np.arange(cells, dtype=rows.tensor.expressed.dtype).reshape(cells, 1, 1)
    hits = b.nn.equal(b.constant(numbers), reshaped(b, rows, (1, count, 1)))
    neutral = b.constant(np.array(_neutral(op), x.tensor.expressed.dtype))
    own = b.nn.select(hits, reshaped(b, updates, (1, count, rest)), neutral)
    reduce, combine = _STEPS[op.reduction]
    total = b.create(f"nn.{reduce}", own, axes=(1,), keep_dims=False).result
    return reshaped(b, b.create(f"nn.{combine}", x, total).result, shape)


def _neutral(op: nn.ScatterNd) -> float:
    """What changes nothing when it is combined."""
    element = op.x.tensor.expressed
    least, most = (-math.inf, math.inf) if element.is_float else element.limits
    return {"add": 0, "mul": 1, "max": least, "min": most}[op.reduction]


_STEPS = {
    "add": ("reduce_sum", "add"),
    "mul": ("reduce_prod", "mul"),
    "min": ("reduce_min", "minimum"),
    "max": ("reduce_max", "maximum"),
}
