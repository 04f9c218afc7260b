"""Axes and sizes: what the lifts share. A size is a number, or :class:`OpenSize` where only running the model tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import attrs
import numpy as np

from ....ir import CompileError, Value
from ....ir.types import I64, Dim, ElementType
from .registry import FIT, Lifter, refuse

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

END = 2**31 - 1
"""A stop behind the end of every dimension."""

FIX_SHAPE = "give the inputs fixed sizes: --input-shape name=1,3,224,224"


@attrs.frozen
class OpenSize:
    """The length of ``source`` along ``axis``, which its type does not say."""

    source: Value
    axis: int


Size: TypeAlias = int | OpenSize


def sizes_of(x: Value) -> list[Size]:
    """The sizes of a tensor. Raises ValueError where not even the rank is known."""
    return [d if isinstance(d, int) else OpenSize(x, i) for i, d in enumerate(x.tensor.dims)]


def size_vector(b: Lifter, sizes: Sequence[Size | Value]) -> Value:
    """The sizes as a vector of i64; a value among them is one number, in a vector of one."""
    parts: list[Value] = []
    for size in sizes:
        if isinstance(size, OpenSize):
            size = b.nn.slice(b.nn.shape_of(size.source), starts=(size.axis,), stops=(size.axis + 1,), steps=(1,))
        parts.append(size if isinstance(size, Value) else b.constant([size], I64))
    return b.nn.concat(parts, axis=0) if len(parts) != 1 else parts[0]


def reshape(b: Lifter, x: Value, sizes: Sequence[Size]) -> Value:
    """x in the shape of the sizes, one of them maybe -1 for what is left; with a static shape where that can say it."""
    given = x.tensor.dims
    shape = [_shape_entry(x, i, size) for i, size in enumerate(sizes)]
    if len(shape) == len(given) and all(s == 0 or s == d for s, d in zip(shape, given, strict=True)):
        return x
    copies_wrongly = any(s == 0 and (i >= len(given) or given[i] != 0) for i, s in enumerate(sizes))
    if not sizes or (shape.count(-1) < 2 and not copies_wrongly and 0 not in given):
        return b.nn.reshape(x, shape=tuple(shape))
    return b.nn.dynamic_reshape(x, size_vector(b, sizes), allow_zero=True)


def _shape_entry(x: Value, index: int, size: Size) -> int:
    """The number for a size in the attribute of a reshape: 0 where it is the same dimension, else -1 if it is open."""
    if not isinstance(size, OpenSize):
        return size
    given, dim = x.tensor.dims, size.source.tensor.dims[size.axis]
    stays = size == OpenSize(x, index) or (dim is not None and index < len(given) and given[index] == dim)
    return 0 if stays else -1


def broadcast(b: Lifter, x: Value, sizes: Sequence[Size]) -> Value:
    """x, broadcast to the sizes."""
    if all(isinstance(s, int) for s in sizes):
        return b.nn.broadcast_to(x, shape=tuple(s for s in sizes if isinstance(s, int)))
    return b.nn.dynamic_broadcast_to(x, size_vector(b, sizes))


def axis_of(op: OnnxOp, axis: int, rank: int) -> int:
    """An axis counted from the front. Raises CompileError for one that the rank does not have."""
    if not -rank <= axis < rank:
        raise refuse(op, f"has axis {axis} where the rank is {rank}", FIT)
    return axis % rank


def axes_of(op: OnnxOp, axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front, sorted. Raises CompileError for one that is out of range or there twice."""
    found = sorted(axis_of(op, a, rank) for a in axes)
    if len(set(found)) != len(found):
        raise refuse(op, f"names an axis twice: {tuple(found)}")
    return tuple(found)


def expect_rank(op: OnnxOp, x: Value, minimum: int, maximum: int | None = None) -> int:
    """The rank of a tensor. Raises CompileError where it is not in the range, or is unknown.

    An operator that takes one rank alone says that a tensor of unknown rank has it.
    """
    if x.tensor.shape is None and minimum == maximum:
        x.type = x.tensor.with_shape((None,) * minimum)
    if x.tensor.shape is None:
        raise CompileError(f"{op.op_type} needs an input of known rank", op.location, FIX_SHAPE)
    rank = x.tensor.rank
    if rank < minimum or (maximum is not None and rank > maximum):
        wanted = f"{minimum} or more" if maximum is None else f"{minimum}" if minimum == maximum else f"up to {maximum}"
        raise refuse(op, f"needs {wanted} dimensions, got {x.type}", FIT)
    return rank


def numbers(op: OnnxOp, dims: Iterable[Dim], what: str) -> tuple[int, ...]:
    """Dimensions that must be numbers. Raises CompileError where one is not known."""
    found = tuple(dims)
    if not all(isinstance(d, int) for d in found):
        shown = "x".join(str("?" if d is None else d) for d in found)
        raise CompileError(f"{op.op_type} needs the size of {what}, which is {shown}", op.location, FIX_SHAPE)
    return tuple(int(d) for d in found if isinstance(d, int))


def take(b: Lifter, x: Value, axis: int, start: int, stop: int) -> Value:
    """The places ``start`` to ``stop`` of x along one axis."""
    rank = x.tensor.rank
    starts, stops = [0] * rank, [END] * rank
    starts[axis], stops[axis] = start, stop
    return b.nn.slice(x, starts=tuple(starts), stops=tuple(stops), steps=(1,) * rank)


def along(b: Lifter, vector: Value, axis: int, rank: int) -> Value:
    """A vector shaped so that it broadcasts along an axis of a tensor of the rank."""
    if vector.tensor.rank == 0 or axis == rank - 1:
        return vector
    return reshape(b, vector, [*sizes_of(vector), *[1] * (rank - axis - 1)])


def filled(b: Lifter, value: float, shape: Sequence[int], element: ElementType) -> Value:
    """A constant of one number."""
    return b.constant(np.full(tuple(shape), value, element.dtype), element)


def cast(b: Lifter, x: Value, element: ElementType) -> Value:
    """x in an element type; x itself if it has it."""
    return x if x.tensor.element == element else b.nn.cast(x, to=element)
