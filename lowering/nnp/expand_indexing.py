"""Gathering, sorting and one-hot vectors in the forms that NNabla has."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.layout import inverse
from ...ir.module import constant_array, constant_attribute
from ...ir.types import Dim
from .. import indexing
from ..expansion import reshaped, swapped
from .expansion import expands
from .rules_movement import END


def _at_axis(value: Value, axis: int) -> int:
    length = value.tensor.dims[axis]
    if not isinstance(length, int):
        raise ValueError(f"{value.type} has no static axis {axis}")
    return length


def _cut_to(b: Builder, x: Value, dims: Sequence[Dim], but: int) -> Value:
    """The beginning of x along all axes but one."""
    stops = [
        END if i == but or d == own or not isinstance(d, int) else d
        for i, (own, d) in enumerate(zip(x.tensor.dims, dims, strict=True))
    ]
    return (
        x
        if min(stops, default=END) == END
        else b.nn.slice(x, starts=(0,) * len(stops), stops=stops, steps=(1,) * len(stops))
    )


@expands("gather_elements")
def gather_elements(b: Builder, op: nn.GatherElements) -> Value:
    """With the axis last, all before it are batch dimensions of a gather."""
    rank = op.x.tensor.rank
    axis = op.axis % rank
    x = _cut_to(b, op.x, op.indices.tensor.dims, axis)
    if axis == rank - 1:
        return b.nn.gather(x, op.indices, axis=axis, batch_dims=rank - 1)
    perm = swapped(op.x, axis)
    x, indices = (b.nn.transpose(v, perm=perm) for v in (x, op.indices))
    return b.nn.transpose(b.nn.gather(x, indices, axis=rank - 1, batch_dims=rank - 1), perm=inverse(perm))


@expands("gather_nd")
def gather_nd(b: Builder, op: nn.GatherNd) -> Value | None:
    """Batch dimensions: the vectors become numbers of elements in what is flattened; a single vector becomes a list."""
    rank, batch = op.indices.tensor.rank, op.batch_dims
    if not batch:
        if rank > 1:
            return None
        found = b.nn.gather_nd(op.x, b.nn.reshape(op.indices, shape=(1, -1)))
        return reshaped(b, found, op.output.tensor.dims)
    lead, dims = op.x.tensor.dims[:batch], op.x.tensor.dims
    count = _at_axis(op.indices, rank - 1)
    sizes = [_at_axis(op.x, batch + i) for i in range(count)]
    steps = np.cumprod([1, *sizes[:0:-1]])[::-1].astype(op.indices.tensor.expressed.dtype)
    flat = reshaped(b, op.x, (*lead, math.prod(sizes), *dims[batch + count :]))
    lengths = np.array(sizes, steps.dtype)
    front = b.nn.select(b.nn.less(op.indices, 0), b.nn.add(op.indices, lengths), op.indices)
    places = b.nn.reduce_sum(b.nn.mul(front, steps), axes=(rank - 1,), keep_dims=False)
    return b.nn.gather(flat, places, axis=batch, batch_dims=batch)


@expands("gather")
def gather(b: Builder, op: nn.Gather) -> Value | None:
    """NNabla's Gather does not count from the end: computed indices that may be negative are brought to the front."""
    if constant_array(op.indices) is not None or is_from_front(op.indices, constant_attribute(op.x) is not None):
        return None
    length = _at_axis(op.x, op.axis)
    indices = b.nn.select(b.nn.less(op.indices, 0), b.nn.add(op.indices, length), op.indices)
    return b.nn.gather(op.x, indices, axis=op.axis, batch_dims=op.batch_dims)


_FARTHEST = 8


def is_from_front(value: Value, is_table: bool) -> bool:
    """Whether indices are not negative: they were chosen by another operation, or made so.

    Those that a user gives for a table (an embedding) are taken as they are: a negative one is an error in NNabla.
    """
    for _ in range(_FARTHEST):
        op = value.defining_op
        if op is None:
            return is_table
        if isinstance(op, nn.Argmax | nn.Argmin | nn.Sort | nn.TopK | nn.NonZero | nn.ShapeOf):
            return True
        if isinstance(op, nn.Clip):
            return op.min >= 0
        if isinstance(op, nn.Select):
            return _is_wrapped(op)
        if isinstance(op, nn.Concat):
            return all(is_from_front(v, is_table) for v in op.inputs)
        if not isinstance(op, nn.Cast | nn.Reshape | nn.Transpose | nn.Slice | nn.Identity):
            return False
        value = op.x
    return False


def _is_wrapped(op: nn.Select) -> bool:
    """Whether this is what the rule above makes."""
    test, moved = op.condition.defining_op, op.on_true.defining_op
    return (
        isinstance(test, nn.Less)
        and isinstance(moved, nn.Add)
        and test.lhs is op.on_false
        and op.on_false in (moved.lhs, moved.rhs)
    )


@expands("one_hot")
def one_hot(b: Builder, op: nn.OneHot) -> Value | None:
    """NNabla's new axis is the last."""
    rank = op.output.tensor.rank
    axis = op.axis % rank
    if axis == rank - 1:
        return None
    perm = (*range(axis), rank - 1, *range(axis, rank - 1))
    return b.nn.transpose(b.nn.one_hot(op.indices, depth=op.depth), perm=perm)


@expands("scatter_nd")
def one_vector(b: Builder, op: nn.ScatterNd) -> Value | None:
    """NNabla wants a list of vectors."""
    if op.indices.tensor.rank != 1:
        return None
    updates = reshaped(b, op.updates, (1, *op.updates.tensor.dims))
    return b.nn.scatter_nd(op.x, b.nn.reshape(op.indices, shape=(1, -1)), updates, reduction=op.reduction)


_MOST_COMPARED = 1 << 22
"""Combinations of updates and places, times the elements of each, up to which all are compared."""


@expands("scatter_nd")
def combinations(b: Builder, op: nn.ScatterNd) -> Value | None:
    """Products, maxima and minima: for every place, over all updates, those of other places being neutral."""
    if op.reduction not in ("mul", "max", "min") or op.indices.tensor.rank == 1:
        return None
    shape, (*lead, length) = op.x.tensor.static_shape, op.indices.tensor.static_shape
    count, cells, inner = math.prod(lead), math.prod(shape[:length]), math.prod(shape[length:])
    if count * cells * inner > _MOST_COMPARED:
        return None
    index = op.indices.tensor.expressed
    sizes = np.array(shape[:length], index.dtype)
    steps = np.cumprod([1, *shape[:length][:0:-1]])[::-1].astype(index.dtype)
    vectors = b.nn.reshape(op.indices, shape=(count, length))
    front = b.nn.select(b.nn.less(vectors, 0), b.nn.add(vectors, sizes), vectors)
    place = b.nn.reduce_sum(b.nn.mul(front, steps), axes=(1,), keep_dims=False)
    meets = b.nn.equal(b.nn.reshape(place, shape=(count, 1, 1)), np.arange(cells).astype(index.dtype)[:, None])
    element = op.x.tensor.expressed
    lowest, highest = (-math.inf, math.inf) if element.is_float else element.limits
    neutral = {"mul": 1, "max": lowest, "min": highest}[op.reduction]
    updates = b.nn.reshape(op.updates, shape=(count, 1, inner))
    chosen = b.nn.select(meets, updates, b.constant(neutral, element))
    reduce, combine = {
        "mul": (b.nn.reduce_prod, b.nn.mul),
        "max": (b.nn.reduce_max, b.nn.maximum),
        "min": (b.nn.reduce_min, b.nn.minimum),
    }[op.reduction]
    combined = b.nn.reshape(reduce(chosen, axes=(0,), keep_dims=False), shape=shape)
    made: Value = combine(op.x, combined)
    return made


# Sorting


@expands("top_k")
def top_k(b: Builder, op: nn.TopK) -> Sequence[Value]:
    """The beginning of what is sorted: NNabla's TopKData takes any of equal elements."""
    axis, rank = op.axis % op.x.tensor.rank, op.x.tensor.rank
    stops = [END] * rank
    stops[axis] = op.k
    values, indices = b.nn.sort(op.x, axis=axis, descending=op.largest)
    cut = [b.nn.slice(v, starts=(0,) * rank, stops=stops, steps=(1,) * rank) for v in (values, indices)]
    wanted = op.indices.tensor.expressed
    return cut[0], cut[1] if cut[1].tensor.expressed == wanted else b.nn.cast(cut[1], to=wanted)


@expands("argmax", "argmin")
def last_of_equals(b: Builder, op: nn.Argmax | nn.Argmin) -> Value | None:
    return indexing.last_of_equals(b, op)
