"""Gathering, scattering, masking, sorting."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from ....ir import Value
from ....ir.types import I32
from .registry import Call, Lifter, lift, no_lift, refuse
from .shapes import (
    END,
    as_float,
    as_index,
    as_mask,
    axis_of,
    base_axis_of,
    expect_at_most,
    expect_rank,
    expect_sizes,
    filled,
    numbers,
    product,
    reshape,
)

MOST_INDICES = 4096
"""More index vectors are not compared with each other."""

no_lift("finds equal elements, which nothing in nn does", "end the network before it", "Unique")


@lift("Gather")
def gather(b: Lifter, op: Call, x: Value, indices: Value) -> Value:
    return b.nn.gather(x, as_index(b, indices), axis=axis_of(op, op.axis, x.tensor.rank), batch_dims=op.batch_dims)


@lift("GatherNd")
def gather_nd(b: Lifter, op: Call, x: Value, indices: Value) -> Value:
    """The index vectors lie along the first dimension of the indices."""
    return b.nn.gather_nd(x, _vectors_last(b, indices))


def _vectors_last(b: Lifter, indices: Value) -> Value:
    rank = indices.tensor.rank
    return b.nn.transpose(as_index(b, indices), perm=(*range(1, rank), 0))


@lift("ScatterNd")
def scatter_nd(b: Lifter, op: Call, data: Value, indices: Value, out: Value | None) -> Value:
    """Into ``out``, or into zeros of the argument ``shape``; of equal indices the last one wins, or all are added."""
    if out is None:
        expect_sizes(op, op.shape, slice(None))
    target = filled(b, 0.0, op.shape) if out is None else out
    vectors = _vectors_last(b, indices)
    if op.add:
        return b.nn.scatter_nd(target, vectors, data, reduction="add")
    counts = _last_of_equal(b, op, indices, target)
    column = reshape(b, op, counts, (*indices.tensor.dims[1:], *(1,) * (data.tensor.rank - indices.tensor.rank + 1)))
    zeros = filled(b, 0.0, numbers(op, target.tensor.dims, "the output"))
    written = b.nn.scatter_nd(zeros, vectors, b.nn.select(column, data, b.constant(0.0)), reduction="add")
    if out is None:
        return written
    once = b.nn.select(column, filled(b, 1.0, numbers(op, data.tensor.dims, "the data")), b.constant(0.0))
    return b.nn.select(b.nn.greater(b.nn.scatter_nd(zeros, vectors, once, reduction="add"), 0.0), written, out)


def _last_of_equal(b: Lifter, op: Call, indices: Value, target: Value) -> Value:
    """Which index vectors (along the first dimension) no later one equals: what targets do with equal ones differs."""
    length, *dims = numbers(op, indices.tensor.dims, "the indices")
    sizes = np.array(numbers(op, target.tensor.dims[:length], "the output"), np.int64)
    count = math.prod(dims)
    expect_at_most(op, "a number of indices", count, MOST_INDICES)
    expect_at_most(op, "a number of places", math.prod(sizes.tolist()), 2**24)  # above, float32 skips numbers
    flat = as_float(b, as_index(b, reshape(b, op, indices, (length, count))))
    column, steps = sizes[:, None].astype(np.float32), np.cumprod([1, *sizes[:0:-1]])[::-1, None].astype(np.float32)
    wrapped = b.nn.select(b.nn.less(flat, 0.0), b.nn.add(flat, b.constant(column)), flat)
    place = b.nn.reduce_sum(b.nn.mul(wrapped, b.constant(steps)), axes=(0,), keep_dims=False)
    same = b.nn.equal(reshape(b, op, place, (count, 1)), reshape(b, op, place, (1, count)))
    later = b.nn.logical_and(same, b.constant(np.triu(np.ones((count, count), bool), 1)))
    return b.nn.equal(b.nn.reduce_max(as_float(b, later), axes=(1,), keep_dims=False), 0.0)


@lift("ScatterAdd")
def scatter_add(b: Lifter, op: Call, x0: Value, indices: Value, x1: Value) -> Value:
    """Adds each element of x1 (as far as the indices reach) to x0, moved along the axis to its index."""
    axis = axis_of(op, op.axis, x0.tensor.rank)
    for value in (indices, x1):
        expect_rank(op, value, x0.tensor.rank)
    dims = numbers(op, indices.tensor.dims, "the indices")
    updates = b.nn.slice(x1, starts=(0,) * len(dims), stops=dims, steps=(1,) * len(dims))
    vectors = _element_indices(b, as_index(b, indices), axis, dims)
    return b.nn.scatter_nd(x0, vectors, updates, reduction="add")


def _element_indices(b: Lifter, indices: Value, axis: int, dims: Sequence[int]) -> Value:
    """The full index of every element: its own place, and along the axis the given index."""
    places = [b.constant(np.ascontiguousarray(p)[..., None], I32) for p in np.indices(dims, np.int32)]
    places[axis] = b.nn.reshape(indices, shape=(*dims, 1))
    return b.nn.concat(places, axis=len(dims))


@lift("BoolFill")
def bool_fill(b: Lifter, op: Call, data: Value, mask: Value) -> Value:
    return b.nn.select(as_mask(b, mask), b.constant(op.value), data)


@lift("NonZero", data_dependent=True)
def non_zero(b: Lifter, op: Call, x: Value) -> Value:
    """The indices of the elements that are not 0, (rank, count)."""
    return as_float(b, b.nn.transpose(b.nn.non_zero(x), perm=(1, 0)))


@lift("BoolGather", data_dependent=True)
def bool_gather(b: Lifter, op: Call, x: Value, mask: Value) -> Value:
    """The elements of x where the mask, which has its leading dimensions, is set; the others become one dimension."""
    rows = b.nn.gather_nd(x, b.nn.non_zero(mask))
    rest = rows.tensor.dims[1:]
    return reshape(b, op, rows, (None, product(rest))) if len(rest) > 1 else rows


@lift("BoolScatter")
def bool_scatter(b: Lifter, op: Call, rows: Value, mask: Value, out: Value | None) -> Value:
    """One row after the other to the places where the mask is set; elsewhere ``out``, or 0."""
    return rows_to_places(b, op, rows, mask, b.constant(0.0) if out is None else out)


def rows_to_places(b: Lifter, op: Call, rows: Value, mask: Value, elsewhere: Value) -> Value:
    """The rows, one after the other, where a mask is set; ``elsewhere`` at the other places."""
    dims = numbers(op, mask.tensor.dims, "the mask")
    if rows.tensor.rank == 0:
        raise refuse(op, "needs rows, got a number")
    (count,) = numbers(op, rows.tensor.dims[:1], "the input")
    flat = reshape(b, op, as_mask(b, mask), (int(np.prod(dims)),))
    place = b.nn.sub(b.nn.cumsum(as_float(b, flat), axis=0), 1.0)
    index = as_index(b, b.nn.clip(place, min=0.0, max=float(count - 1)))
    rest = rows.tensor.dims[1:]
    taken = reshape(b, op, b.nn.gather(rows, index, axis=0), (*dims, *rest))
    return b.nn.select(reshape(b, op, flat, (*dims, *(1,) * len(rest))), taken, elsewhere)


@lift("OneHot")
def one_hot(b: Lifter, op: Call, indices: Value) -> Value:
    """The last dimension holds an index for each number in ``shape``.

    A negative index counts from the end, one that is out of range gives zeros.
    """
    *lead, count = indices.tensor.dims or (None,)
    if count != len(op.shape):
        raise refuse(op, f"has {count} indices for the shape {op.shape}")
    parts = []
    for i, depth in enumerate(op.shape):
        one = reshape(b, op, _part(b, indices, i), tuple(lead))
        from_end = b.nn.select(b.nn.less(one, 0.0), b.nn.add(one, float(depth)), one)
        hot = b.nn.one_hot(as_index(b, from_end), depth=depth)
        parts.append(reshape(b, op, hot, (*lead, *(1,) * i, depth, *(1,) * (len(op.shape) - 1 - i))))
    return functools.reduce(b.nn.mul, parts)


def _part(b: Lifter, x: Value, index: int) -> Value:
    """One index of the last dimension, which stays with size 1."""
    rank = x.tensor.rank
    starts, stops = (0,) * (rank - 1) + (index,), (END,) * (rank - 1) + (index + 1,)
    return b.nn.slice(x, starts=starts, stops=stops, steps=(1,) * rank)


@lift("Sort")
def sort(b: Lifter, op: Call, x: Value) -> tuple[Value, ...]:
    """The values, the indices (with only_index), or both (with_index)."""
    values, indices = b.nn.sort(x, axis=axis_of(op, op.axis, x.tensor.rank), descending=op.reverse)
    if op.only_index:
        return (as_float(b, indices),)
    return (values, as_float(b, indices)) if op.with_index else (values,)


@lift("TopKData")
def top_k_data(b: Lifter, op: Call, x: Value) -> tuple[Value, ...]:
    """The k extremes of what is behind base_axis: themselves (reduce), or x with everything else 0."""
    dims, base = x.tensor.dims, base_axis_of(op, x.tensor.rank)
    (size,) = numbers(op, (product(dims[base:]),), f"the dimensions behind axis {base}")
    if not 1 <= op.k <= size:
        raise refuse(op, f"asks for {op.k} of {size} elements")
    flat = reshape(b, op, x, (*dims[:base], size))
    values, indices = b.nn.top_k(b.nn.abs(flat) if op.abs else flat, k=op.k, axis=base, largest=op.largest)
    if op.abs:
        values = b.nn.gather_elements(flat, indices, axis=base)
    if op.reduce:
        return (values, as_float(b, indices)) if op.with_index else (values,)
    rows = int(np.prod(numbers(op, dims[:base], "the dimensions before base_axis")))
    vectors = _element_indices(b, reshape(b, op, indices, (rows, op.k)), 1, (rows, op.k))
    updates = reshape(b, op, values, (rows, op.k))
    kept = b.nn.scatter_nd(filled(b, 0.0, (rows, size)), vectors, updates, reduction="add")
    return (reshape(b, op, kept, dims),)


no_lift("has no value, it only holds other functions together", "make those the outputs of the executor", "Sink")


@lift("TopKGrad")
def top_k_grad(b: Lifter, op: Call, x: Value) -> Value:
    return x  # changes gradients only


@lift("SearchSorted")
def search_sorted(b: Lifter, op: Call, sequence: Value, values: Value) -> Value:
    """Where each value would have to stand: how many elements are less (with right: not greater) than it."""
    if sequence.tensor.rank != values.tensor.rank or not sequence.tensor.rank:
        raise refuse(op, f"has a sequence {sequence.type} for values {values.type}")
    row = reshape(b, op, sequence, (*sequence.tensor.dims[:-1], 1, sequence.tensor.dims[-1]))
    column = reshape(b, op, values, (*values.tensor.dims, 1))
    before = b.nn.less_equal(row, column) if op.right else b.nn.less(row, column)
    return b.nn.reduce_sum(as_float(b, before), axes=(row.tensor.rank - 1,), keep_dims=False)


@lift("Assign")
def assign(b: Lifter, op: Call, target: Value, source: Value) -> Value:
    """The output is the source; that the target is overwritten, nothing may see."""
    if len(op.operands[0].uses) > 2:  # this function, and the declaration of the variable or the function that makes it
        raise refuse(op, "overwrites a variable that other functions read", "read the output of Assign instead")
    return source
