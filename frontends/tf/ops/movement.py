"""Operators that move elements: reshape, transpose, concat, split, stack, squeeze, tile, reverse, roll."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import I64
from ...nodes import axes_of, axis_of, expect_rank, refuse
from ...sizes import (
    as_vector,
    counting,
    length_of,
    squeeze,
    take,
    unsqueeze,
)
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


@lift("Reshape")
def reshape(b: Lifter, op: TfOp, x: Value, shape: Value) -> Value:
    """0 is a dimension without elements, not one that is copied."""
    sizes = b.ints(shape)
    if sizes is not None and 0 not in sizes:
        return b.nn.reshape(x, shape=sizes)
    return b.nn.dynamic_reshape(x, as_vector(b, shape), allow_zero=True)


@lift("Transpose", "ConjugateTranspose")
def transpose(b: Lifter, op: TfOp, x: Value, perm: Value) -> Value:
    order = b.ints(perm)
    if order is None:
        raise refuse(op, "has a permutation that is computed", "make it a constant")
    if op.op_type == "ConjugateTranspose" and x.tensor.storage.name.startswith("complex"):
        raise refuse(op, "computes with complex numbers", "compute with their parts")
    return b.nn.transpose(x, perm=tuple(p % len(order) for p in order))


@lift("ConcatV2")
def concat(b: Lifter, op: TfOp, *operands: Value) -> Value:
    return _concat(b, op, list(operands[:-1]), operands[-1])


@lift("Concat")
def concat_v1(b: Lifter, op: TfOp, axis: Value, *values: Value) -> Value:
    return _concat(b, op, list(values), axis)


def _concat(b: Lifter, op: TfOp, values: list[Value], axis: Value) -> Value:
    return b.nn.concat(values, axis=axis_of(op, _axis(b, op, axis), expect_rank(op, values[0], 1)))


def _axis(b: Lifter, op: TfOp, axis: Value) -> int:
    places = b.ints(axis)
    if places is None or len(places) != 1:
        raise refuse(op, "has an axis that is computed", "make it a constant")
    return places[0]


@lift("Pack")
def pack(b: Lifter, op: TfOp, *values: Value) -> Value:
    axis = axis_of(op, int(op.get("axis")), expect_rank(op, values[0], 0) + 1)
    return b.nn.concat([unsqueeze(b, v, [axis]) for v in values], axis=axis)


@lift("Unpack")
def unpack(b: Lifter, op: TfOp, x: Value) -> tuple[Value, ...]:
    axis = axis_of(op, int(op.get("axis")), expect_rank(op, x, 1))
    pieces = (take(b, x, axis, i, i + 1) for i in range(len(op.results)))
    return tuple(squeeze(b, piece, [axis]) for piece in pieces)


@lift("Split")
def split(b: Lifter, op: TfOp, axis: Value, x: Value) -> tuple[Value, ...]:
    place, count = axis_of(op, _axis(b, op, axis), expect_rank(op, x, 1)), len(op.results)
    total = x.tensor.dims[place]
    if isinstance(total, int):
        if total % count:
            raise refuse(op, f"cuts {total} elements into {count} equal pieces")
        return _pieces(b.nn.split(x, axis=place, sizes=(total // count,) * count))
    each = b.nn.div(length_of(b, x, place), count)
    return _pieces(b.nn.dynamic_split(x, b.nn.mul(each, b.constant(np.ones(count), I64)), axis=place))


@lift("SplitV")
def split_v(b: Lifter, op: TfOp, x: Value, sizes: Value, axis: Value) -> tuple[Value, ...]:
    """One of the lengths may be -1: what is left."""
    place, lengths = axis_of(op, _axis(b, op, axis), expect_rank(op, x, 1)), b.ints(sizes)
    if lengths is None:
        return _pieces(b.nn.dynamic_split(x, as_vector(b, sizes), axis=place))
    total = x.tensor.dims[place]
    if -1 in lengths:
        if not isinstance(total, int):
            vector = b.constant(np.array(lengths), I64)
            rest = b.nn.sub(length_of(b, x, place), sum(n for n in lengths if n != -1))
            return _pieces(b.nn.dynamic_split(x, b.nn.select(b.nn.less(vector, 0), rest, vector), axis=place))
        lengths = tuple(total - sum(lengths) - 1 if n == -1 else n for n in lengths)
    return _pieces(b.nn.split(x, axis=place, sizes=lengths))


def _pieces(made: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    return made if isinstance(made, tuple) else (made,)


@lift("Squeeze")
def squeeze_operator(b: Lifter, op: TfOp, x: Value) -> Value:
    axes = op.get("squeeze_dims")
    if axes:
        return squeeze(b, x, axes_of(op, axes, expect_rank(op, x, 0)))
    if x.tensor.is_static:
        return squeeze(b, x, [i for i, d in enumerate(x.tensor.dims) if d == 1])
    return b.nn.dynamic_squeeze(x)


@lift("ExpandDims")
def expand_dims(b: Lifter, op: TfOp, x: Value, axis: Value) -> Value:
    places = b.ints(axis)
    if places is None or x.tensor.shape is None:
        return b.nn.dynamic_unsqueeze(x, as_vector(b, axis))
    return unsqueeze(b, x, [axis_of(op, places[0], x.tensor.rank + 1)])


@lift("Tile")
def tile(b: Lifter, op: TfOp, x: Value, repeats: Value) -> Value:
    counts = b.ints(repeats)
    return b.nn.dynamic_tile(x, as_vector(b, repeats)) if counts is None else b.nn.tile(x, reps=counts)


@lift("ReverseV2")
def reverse(b: Lifter, op: TfOp, x: Value, axes: Value) -> Value:
    places = b.ints(axes)
    if places is None:
        raise refuse(op, "has axes that are computed", "make them constants")
    return b.nn.reverse(x, axes=axes_of(op, places, expect_rank(op, x, 0)))


@lift("Reverse")
def reverse_v1(b: Lifter, op: TfOp, x: Value, flags: Value) -> Value:
    """One boolean an axis"""
    chosen = b.array(flags)
    if chosen is None:
        raise refuse(op, "has axes that are computed", "make them constants")
    return b.nn.reverse(x, axes=tuple(int(i) for i in np.flatnonzero(chosen)))


@lift("Roll")
def roll(b: Lifter, op: TfOp, x: Value, shift: Value, axis: Value) -> Value:
    """Element i moves to i + shift; what leaves at the end comes back at the beginning."""
    steps, places = b.ints(shift), b.ints(axis)
    if steps is None or places is None:
        raise refuse(op, "moves by a number, or along an axis, that is computed", "make it a constant")
    rank = expect_rank(op, x, 1)
    for step, place in zip(steps, (axis_of(op, p, rank) for p in places), strict=True):
        length = x.tensor.dims[place]
        if not isinstance(length, int):
            raise refuse(op, "moves along an axis of unknown length")
        if length and step % length:
            middle = length - step % length
            x = b.nn.concat([take(b, x, place, middle, length), take(b, x, place, 0, middle)], axis=place)
    return x


@lift("ReverseSequence")
def reverse_sequence(b: Lifter, op: TfOp, x: Value, lengths: Value) -> Value:
    """The first ``lengths[i]`` elements along the time of sample i in reverse order, the others as they are."""
    rank = expect_rank(op, x, 2)
    time, batch = (axis_of(op, int(op.get(name)), rank) for name in ("seq_dim", "batch_dim"))
    places = unsqueeze(b, counting(b, length_of(b, x, time)), [0])
    mirrored = b.nn.sub(b.nn.sub(unsqueeze(b, as_vector(b, lengths), [1]), 1), places)
    source = b.nn.select(b.nn.greater_equal(mirrored, 0), mirrored, places)  # (batch, time)
    order = [batch, time, *(i for i in range(rank) if i not in (batch, time))]
    found = b.nn.gather(b.nn.transpose(x, perm=tuple(order)), source, axis=1, batch_dims=1)
    return b.nn.transpose(found, perm=tuple(order.index(i) for i in range(rank)))
