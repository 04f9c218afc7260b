"""Elements by indices: gathering, scattering, segments."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ....ir import Value
from ....ir.module import scalar_constant
from ....ir.types import I64
from ...nodes import axis_of, expect_affordable, expect_rank, refuse
from ...sizes import as_scalar, as_vector, cast, counting, filled, length_of, sizes_of, unsqueeze
from .reductions import neutral
from .registry import Lifter, lift


@lift("GATHER")
def gather(b: Lifter, op: Any, x: Value, indices: Value) -> Value:
    axis = axis_of(op, op.axis, expect_rank(op, x, 1))
    batch = op.batch_dims + indices.tensor.rank if op.batch_dims < 0 else op.batch_dims
    made: Value = b.nn.gather(x, indices, axis=axis, batch_dims=batch)
    return made


@lift("GATHER_ND")
def gather_nd(b: Lifter, op: Any, x: Value, indices: Value) -> Value:
    made: Value = b.nn.gather_nd(x, indices)
    return made


@lift("EMBEDDING_LOOKUP")
def embedding_lookup(b: Lifter, op: Any, lookup: Value, x: Value) -> Value:
    made: Value = b.nn.gather(x, lookup, axis=0)
    return made


@lift("SCATTER_ND")
def scatter_nd(b: Lifter, op: Any, indices: Value, updates: Value, shape: Value) -> Value:
    """The sums of updates at one place, zeros elsewhere."""
    made: Value = b.nn.scatter_nd(_filled(b, shape, 0, updates), indices, updates, reduction="add")
    return made


def _filled(b: Lifter, shape: Value, number: Any, like: Value) -> Value:
    """A tensor of a shape that an operand says, of one number, with the elements of another tensor."""
    element = like.tensor.storage
    known = b.ints(shape)
    if known is not None:
        made: Value = b.nn.broadcast_to(b.constant(np.array(number, element.dtype), element), shape=known)
        return made
    made = b.nn.fill(as_vector(b, shape), b.constant(np.array(number, element.dtype), element))
    return made


@lift("SPARSE_TO_DENSE")
def sparse_to_dense(b: Lifter, op: Any, indices: Value, shape: Value, values: Value, default: Value) -> Value:
    """A default, and values at index vectors; indices without vectors are those of a vector, or of one place."""
    number = b.array(default)
    if number is None:
        raise refuse(op, "computes its default when the model runs", "make the default constant")
    rows = indices if indices.tensor.rank == 2 else b.nn.reshape(indices, shape=(-1, 1))
    updates = values if values.tensor.rank else b.nn.reshape(values, shape=(1,))
    made: Value = b.nn.scatter_nd(_filled(b, shape, number.reshape(-1)[0], values), rows, updates)
    return made


@lift("WHERE")
def where(b: Lifter, op: Any, condition: Value) -> Value:
    made: Value = b.nn.non_zero(condition)
    return made


@lift("ONE_HOT")
def one_hot(b: Lifter, op: Any, indices: Value, depth: Value, on: Value, off: Value) -> Value:
    count = b.ints(depth)
    axis = axis_of(op, op.axis, expect_rank(op, indices, 0) + 1)
    if count is None:
        hot = b.nn.dynamic_one_hot(indices, as_vector(b, depth), axis=axis)
    else:
        hot = b.nn.one_hot(indices, depth=count[0], axis=axis)
    if scalar_constant(on) == 1 and scalar_constant(off) == 0 and not on.tensor.storage.is_bool:
        return cast(b, hot, on.tensor.storage)
    made: Value = b.nn.select(b.nn.greater(hot, 0.5), as_scalar(b, on), as_scalar(b, off))
    return made


@lift("REVERSE_SEQUENCE")
def reverse_sequence(b: Lifter, op: Any, x: Value, lengths: Value) -> Value:
    """The first ``lengths[i]`` elements of sample i along ``seq_dim`` in reverse order, the others as they are."""
    rank = expect_rank(op, x, 2)
    time, batch = axis_of(op, op.seq_dim, rank), axis_of(op, op.batch_dim, rank)
    order = [batch, time, *(i for i in range(rank) if i not in (batch, time))]
    places = unsqueeze(b, counting(b, length_of(b, x, time)), [0])
    mirrored = b.nn.sub(b.nn.sub(unsqueeze(b, as_vector(b, lengths), [1]), 1), places)
    source = b.nn.select(b.nn.greater_equal(mirrored, 0), mirrored, places)  # (batch, time)
    found = b.nn.gather(b.transpose(x, order), source, axis=1, batch_dims=1)
    return b.transpose(found, [order.index(i) for i in range(rank)])


@lift("SEGMENT_SUM")
def segment_sum(b: Lifter, op: Any, x: Value, ids: Value) -> Value:
    known = b.known_ints(op, ids, "the segments")
    shape = (known[-1] + 1, *x.tensor.static_shape[1:])
    expect_affordable(op, "segments", prod(shape))
    rows = filled(b, 0, shape, x.tensor.storage)
    made: Value = b.nn.scatter_nd(rows, unsqueeze(b, cast(b, ids, I64), [1]), x, reduction="add")
    return made


@lift("UNSORTED_SEGMENT_SUM", "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_MIN")
def unsorted_segment(b: Lifter, op: Any, x: Value, ids: Value, count: Value) -> Value:
    """Rows with negative ids go to one row more, which is cut off."""
    kind = op.builtin.rpartition("_")[2].lower()
    (segments,) = b.known_ints(op, count, "the number of segments")
    rank = expect_rank(op, ids, 0)
    element, shape = x.tensor.storage, x.tensor.static_shape[rank:]
    expect_affordable(op, "segments", (segments + 1) * prod(shape))
    rows = filled(b, neutral(kind, element.dtype), (segments + 1, *shape), element)
    places = cast(b, ids, I64)
    places = b.nn.select(b.nn.less(places, 0), b.constant(np.int64(segments)), places)
    reduction = {"sum": "add", "prod": "mul"}.get(kind, kind)
    made = b.nn.scatter_nd(rows, unsqueeze(b, places, [len(sizes_of(places))]), x, reduction=reduction)
    ends: Value = b.nn.slice(
        made,
        starts=(0,) * made.tensor.rank,
        stops=(segments, *shape),
        steps=(1,) * made.tensor.rank,
    )
    return ends
