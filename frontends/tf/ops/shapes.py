"""Shapes as tensors, and tensors that are made of a few numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import F32, I64, ElementType
from ...nodes import expect_rank, refuse
from ...sizes import as_scalar, as_vector, broadcast, cast, counting, filled, reshape, sizes_of
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


@lift("Shape")
def shape(b: Lifter, op: TfOp, x: Value) -> Value:
    return cast(b, b.nn.shape_of(x), op.get("out_type"))


@lift("ShapeN")
def shape_n(b: Lifter, op: TfOp, *xs: Value) -> tuple[Value, ...]:
    return tuple(shape(b, op, x) for x in xs)


@lift("Size")
def size(b: Lifter, op: TfOp, x: Value) -> Value:
    return cast(b, b.nn.reduce_prod(b.nn.shape_of(x), axes=(0,), keep_dims=False), op.get("out_type"))


@lift("Rank")
def rank(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.constant(np.int32(expect_rank(op, x, 0)))


@lift("Range")
def range_(b: Lifter, op: TfOp, start: Value, limit: Value, delta: Value) -> Value:
    return b.nn.range(start, limit, delta)


@lift("LinSpace")
def linspace(b: Lifter, op: TfOp, start: Value, stop: Value, count: Value) -> Value:
    """start + i * (stop - start) / (count - 1)"""
    number = cast(b, as_scalar(b, count), I64)
    steps = b.nn.maximum(b.nn.sub(number, 1), 1)
    places = cast(b, counting(b, number), start.tensor.storage)
    step = b.nn.div(b.nn.sub(stop, start), cast(b, steps, start.tensor.storage))
    return b.nn.add(start, b.nn.mul(places, step))


@lift("Fill")
def fill(b: Lifter, op: TfOp, dims: Value, value: Value) -> Value:
    sizes = b.ints(dims)
    if sizes is not None:
        return broadcast(b, value, list(sizes)) if sizes else as_scalar(b, value)
    return b.nn.fill(as_vector(b, dims), value)


@lift("ZerosLike", "OnesLike")
def like(b: Lifter, op: TfOp, x: object) -> object:
    """A list of tensors is filled in its elements."""
    number = 0 if op.op_type == "ZerosLike" else 1
    if not isinstance(x, Value):
        return x.zeros(b)  # type: ignore[attr-defined]  # a TensorList
    return broadcast(b, filled(b, number, (1,) * expect_rank(op, x, 0), x.tensor.storage), sizes_of(x))


@lift("BroadcastTo")
def broadcast_to(b: Lifter, op: TfOp, x: Value, shape: Value) -> Value:
    """The shape is that of the result: x never has more dimensions, or longer ones."""
    sizes = b.ints(shape)
    if sizes is not None and x.tensor.shape is not None:
        return broadcast(b, x, list(sizes))
    return b.nn.dynamic_broadcast_to(x, as_vector(b, shape))


@lift("BroadcastArgs")
def broadcast_args(b: Lifter, op: TfOp, first: Value, second: Value) -> Value:
    """The shape that two shapes broadcast to: where one has 1 or nothing, the other's dimension."""
    lengths = [v.tensor.dims[0] if expect_rank(op, v, 1, 1) else None for v in (first, second)]
    if not all(isinstance(n, int) for n in lengths):
        raise refuse(op, "takes shapes of unknown ranks")
    longest = max(n for n in lengths if isinstance(n, int))
    one, other = (
        b.nn.pad(v, pads=(longest - n, 0), value=1.0)
        for v, n in zip((first, second), lengths, strict=True)
        if isinstance(n, int)
    )
    return b.nn.select(b.nn.equal(one, b.constant(1, one.tensor.storage)), other, one)


@lift("OneHot")
def one_hot(b: Lifter, op: TfOp, indices: Value, depth: Value, on: Value, off: Value) -> Value:
    axis, lengths = int(op.get("axis")), b.ints(depth)
    if lengths is not None:
        chosen = b.nn.one_hot(indices, depth=lengths[0], axis=axis)
    else:
        chosen = b.nn.dynamic_one_hot(indices, as_scalar(b, depth), axis=axis)
    element: ElementType = on.tensor.storage
    numbers = [b.array(on), b.array(off)]
    is_plain = element.is_float and [None if n is None else float(n.reshape(())) for n in numbers] == [1.0, 0.0]
    if is_plain:
        return cast(b, chosen, element)
    return b.nn.select(b.nn.greater(chosen, b.constant(0.5, F32)), on, off)


@lift("MatrixBandPart")
def matrix_band_part(b: Lifter, op: TfOp, x: Value, lower: Value, upper: Value) -> Value:
    """Zeros but for ``lower`` diagonals below the main one and ``upper`` above it; all of a side if negative."""
    below, above = b.ints(lower), b.ints(upper)
    if below is None or above is None:
        raise refuse(op, "keeps a number of diagonals that is computed", "make it a constant")
    if above[0] >= 0:
        x = b.nn.trilu(x, upper=False, k=above[0])
    return b.nn.trilu(x, upper=True, k=-below[0]) if below[0] >= 0 else x


@lift("InvertPermutation")
def invert_permutation(b: Lifter, op: TfOp, x: Value) -> Value:
    """The places of 0, 1, ... in x, which sorting them gives"""
    _, places = b.nn.sort(x, axis=0)
    return cast(b, places, x.tensor.storage)


@lift("Diag", "MatrixDiag")
def diagonal(b: Lifter, op: TfOp, x: Value) -> Value:
    """Matrices with the vectors along the last axis on their main diagonals"""
    rank_of_x = expect_rank(op, x, 1)
    if op.op_type == "Diag" and rank_of_x != 1:
        raise refuse(op, f"takes a tensor of rank {rank_of_x}", "take vectors")
    length = x.tensor.dims[-1]
    if not isinstance(length, int):
        raise refuse(op, "takes vectors of unknown length")
    identity = b.constant(np.eye(length), x.tensor.storage)
    return b.nn.mul(reshape(b, x, [*sizes_of(x), 1]), identity)
