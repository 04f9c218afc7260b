"""Reshape, transpose, concat, split, squeeze, tile, expand: what only moves elements."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import I64
from ...nodes import axes_of, axis_of, expect_rank, refuse
from ...sizes import as_vector, counting, length_of, size_vector, sizes_of, squeeze, unsqueeze
from .registry import DYNAMIC, Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_CONCAT_AXIS = 1
"""Where version 1 of Concat says nothing."""
_FIRST_UNEVEN_SPLIT = 18


@lift("Identity")
def identity(b: Lifter, op: OnnxOp, x: object) -> object:
    return x


@lift("Reshape")
def reshape_operator(b: Lifter, op: OnnxOp, x: Value, shape: Value | None = None) -> Value:
    target = b.ints(op, "shape", shape)
    allow_zero = bool(op.get("allowzero"))
    if shape is not None and target is DYNAMIC:
        return b.nn.dynamic_reshape(x, as_vector(b, shape), allow_zero=allow_zero)
    if not isinstance(target, tuple):
        raise refuse(op, "has no shape")
    if allow_zero and 0 in target:
        if -1 in target:
            raise refuse(op, f"has allowzero and the shape {target}: what -1 stands for is not determined")
        return b.nn.dynamic_reshape(x, b.constant(target, I64), allow_zero=True)
    return b.nn.reshape(x, shape=target)


@lift("Flatten")
def flatten(b: Lifter, op: OnnxOp, x: Value) -> Value:
    rank = expect_rank(op, x, 0)
    axis = op.get("axis")
    if not -rank <= axis <= rank:
        raise refuse(op, f"has axis {axis} where the rank is {rank}")
    axis = axis + rank if axis < 0 else axis
    dims = x.tensor.dims
    if axis == 1:
        return b.nn.reshape(x, shape=(0, -1)) if 0 not in dims else _flattened(b, x, 1)
    if 0 in dims:
        return _flattened(b, x, axis)
    front = [d for d in dims[:axis] if isinstance(d, int)]
    behind = [d for d in dims[axis:] if isinstance(d, int)]
    if len(front) == axis:
        return b.nn.reshape(x, shape=(math.prod(front), -1))
    if len(behind) == rank - axis:
        return b.nn.reshape(x, shape=(-1, math.prod(behind)))
    return _flattened(b, x, axis)


def _flattened(b: Lifter, x: Value, axis: int) -> Value:
    """By products that are computed: of an empty tensor no -1 can be resolved, nor two at once."""
    sizes = sizes_of(x)
    parts = [b.nn.reduce_prod(size_vector(b, part), axes=(0,)) for part in (sizes[:axis] or [1], sizes[axis:] or [1])]
    return b.nn.dynamic_reshape(x, b.nn.concat(parts, axis=0), allow_zero=True)


@lift("Transpose")
def transpose(b: Lifter, op: OnnxOp, x: Value) -> Value:
    perm = op.get("perm")
    if perm is None:
        perm = tuple(reversed(range(expect_rank(op, x, 0))))
    return b.nn.transpose(x, perm=tuple(p + len(perm) if p < 0 else p for p in perm))


@lift("Concat")
def concat(b: Lifter, op: OnnxOp, *xs: Value) -> Value:
    axis = op.get("axis")
    return b.nn.concat(list(xs), axis=_CONCAT_AXIS if axis is None else axis)


@lift("Split")
def split(b: Lifter, op: OnnxOp, x: Value, sizes: Value | None = None) -> tuple[Value, ...]:
    axis = axis_of(op, op.get("axis") or 0, expect_rank(op, x, 1))
    lengths = b.ints(op, "split", sizes)
    if sizes is not None and lengths is DYNAMIC:
        known = b.nn.reshape(as_vector(b, sizes), shape=(len(op.results),))
        return _pieces(b.nn.dynamic_split(x, known, axis=axis))
    if not isinstance(lengths, tuple):
        count = len(op.results)
        if op.get("num_outputs") not in (None, count):
            raise refuse(op, f"has num_outputs {op.get('num_outputs')} and {count} outputs")
        return _equal_pieces(b, op, x, axis, count)
    return _pieces(b.nn.split(x, axis=axis, sizes=lengths))


def _pieces(made: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    return made if isinstance(made, tuple) else (made,)


def _equal_pieces(b: Lifter, op: OnnxOp, x: Value, axis: int, count: int) -> tuple[Value, ...]:
    """``count`` pieces of one length; from version 18 on the last ones may be shorter."""
    total = x.tensor.dims[axis]
    if isinstance(total, int):
        if total % count and op.version < _FIRST_UNEVEN_SPLIT:
            raise refuse(op, f"cuts {total} elements into {count} equal pieces")
        chunk = -(-total // count)
        sizes = [max(min(chunk, total - i * chunk), 0) for i in range(count)]
        return _pieces(b.nn.split(x, axis=axis, sizes=tuple(sizes)))
    length = length_of(b, x, axis)
    long = b.nn.floor_div(b.nn.add(length, count - 1), count)
    left = b.nn.sub(length, b.nn.mul(long, b.constant(np.arange(count))))
    return _pieces(b.nn.dynamic_split(x, b.nn.minimum(b.nn.maximum(left, 0), long), axis=axis))


@lift("Squeeze")
def squeeze_operator(b: Lifter, op: OnnxOp, x: Value, axes: Value | None = None) -> Value:
    found = b.ints(op, "axes", axes)
    if axes is not None and found is DYNAMIC:
        return b.nn.dynamic_squeeze(x, as_vector(b, axes))
    if not isinstance(found, tuple):
        if x.tensor.is_static:
            return squeeze(b, x, [i for i, d in enumerate(x.tensor.dims) if d == 1])
        return b.nn.dynamic_squeeze(x)
    return squeeze(b, x, axes_of(op, found, expect_rank(op, x, 0)))


@lift("Unsqueeze")
def unsqueeze_operator(b: Lifter, op: OnnxOp, x: Value, axes: Value | None = None) -> Value:
    found = b.ints(op, "axes", axes)
    if axes is not None and found is DYNAMIC:
        return b.nn.dynamic_unsqueeze(x, as_vector(b, axes))
    if not isinstance(found, tuple):
        raise refuse(op, "has no axes")
    if x.tensor.shape is None:
        return b.nn.dynamic_unsqueeze(x, b.constant(np.array(found, np.int64)))
    return unsqueeze(b, x, axes_of(op, found, expect_rank(op, x, 0) + len(found)))


@lift("Expand")
def expand(b: Lifter, op: OnnxOp, x: Value, shape: Value) -> Value:
    """Two-way: where the shape has 1, the dimension of x stays."""
    target = b.ints(op, "shape", shape)
    if target is DYNAMIC or target is None or x.tensor.shape is None:
        return b.nn.dynamic_broadcast_to(x, as_vector(b, shape))
    rank = x.tensor.rank
    target = (*(1,) * (rank - len(target)), *target)
    new = len(target) - rank
    return b.nn.broadcast_to(x, shape=tuple(-1 if d == 1 and i >= new else d for i, d in enumerate(target)))


@lift("Tile")
def tile(b: Lifter, op: OnnxOp, x: Value, repeats: Value, axis: Value | None = None) -> Value:
    """In version 1 one axis is repeated, and both numbers are operands."""
    counts = b.ints(op, "repeats", repeats)
    if op.version > 1:
        if counts is DYNAMIC:
            return b.nn.dynamic_tile(x, as_vector(b, repeats))
        return b.nn.tile(x, reps=counts)
    axes, rank = b.ints(op, "axis", axis), expect_rank(op, x, 1)
    if not isinstance(counts, tuple) or not isinstance(axes, tuple):
        raise refuse(op, "takes how often, and along which axis, from computed operands", "make them constants")
    place = axis_of(op, axes[0], rank)
    return b.nn.tile(x, reps=tuple(counts[0] if i == place else 1 for i in range(rank)))


@lift("Trilu")
def trilu(b: Lifter, op: OnnxOp, x: Value, k: Value | None = None) -> Value:
    upper = bool(op.get("upper"))
    if k is None:
        return b.nn.trilu(x, upper=upper)
    diagonal = b.array(k)
    if diagonal is None:
        return b.nn.dynamic_trilu(x, as_vector(b, k), upper=upper)
    return b.nn.trilu(x, upper=upper, k=int(diagonal.reshape(())))


@lift("ReverseSequence")
def reverse_sequence(b: Lifter, op: OnnxOp, x: Value, lengths: Value) -> Value:
    """The first ``lengths[i]`` elements along the time of sample i in reverse order, the others as they are."""
    rank = expect_rank(op, x, 2)
    time, batch = (axis_of(op, op.get(name), rank) for name in ("time_axis", "batch_axis"))
    places = unsqueeze(b, counting(b, length_of(b, x, time)), [0])
    ends = unsqueeze(b, as_vector(b, lengths), [1])
    mirrored = b.nn.sub(b.nn.sub(ends, 1), places)
    source = b.nn.select(b.nn.greater_equal(mirrored, 0), mirrored, places)  # (batch, time)
    front = b.nn.transpose(x, perm=(batch, time, *(i for i in range(rank) if i not in (batch, time))))
    found = b.nn.gather(front, source, axis=1, batch_dims=1)
    order = [batch, time, *(i for i in range(rank) if i not in (batch, time))]
    return b.nn.transpose(found, perm=tuple(order.index(i) for i in range(rank)))
