"""Axes and sizes: what lifts of all formats share. A size is a number, or :class:`OpenSize` where only running the
model tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import attrs
import numpy as np

from ..ir import Builder, Value
from ..ir.types import I64, ElementType

END = 2**31 - 1
"""A stop behind the end of every dimension."""

EXACT_FLOAT = 2**53
"""Integers up to here are the same as doubles, which attributes hold."""


@attrs.frozen
class OpenSize:
    """The length of ``source`` along ``axis``, which its type does not say."""

    source: Value
    axis: int


Size: TypeAlias = int | OpenSize


def sizes_of(x: Value) -> list[Size]:
    """The sizes of a tensor. Raises ValueError where not even the rank is known."""
    return [d if isinstance(d, int) else OpenSize(x, i) for i, d in enumerate(x.tensor.dims)]


def size_vector(b: Builder, sizes: Sequence[Size | Value]) -> Value:
    """The sizes as a vector of i64; a value among them is one number, in a vector of one."""
    parts: list[Value] = []
    for size in sizes:
        if isinstance(size, OpenSize):
            size = b.nn.slice(b.nn.shape_of(size.source), starts=(size.axis,), stops=(size.axis + 1,), steps=(1,))
        parts.append(size if isinstance(size, Value) else b.constant([size], I64))
    return b.nn.concat(parts, axis=0) if len(parts) != 1 else parts[0]


def reshape(b: Builder, x: Value, sizes: Sequence[Size]) -> Value:
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


def broadcast(b: Builder, x: Value, sizes: Sequence[Size]) -> Value:
    """x, broadcast to the sizes."""
    if all(isinstance(s, int) for s in sizes):
        return b.nn.broadcast_to(x, shape=tuple(s for s in sizes if isinstance(s, int)))
    return b.nn.dynamic_broadcast_to(x, size_vector(b, sizes))


def take(b: Builder, x: Value, axis: int, start: int, stop: int) -> Value:
    """The places ``start`` to ``stop`` of x along one axis."""
    rank = x.tensor.rank
    starts, stops = [0] * rank, [END] * rank
    starts[axis], stops[axis] = start, stop
    return b.nn.slice(x, starts=tuple(starts), stops=tuple(stops), steps=(1,) * rank)


def along(b: Builder, vector: Value, axis: int, rank: int) -> Value:
    """A vector shaped so that it broadcasts along an axis of a tensor of the rank."""
    if vector.tensor.rank == 0 or axis == rank - 1:
        return vector
    return reshape(b, vector, [*sizes_of(vector), *[1] * (rank - axis - 1)])


def filled(b: Builder, value: float, shape: Sequence[int], element: ElementType) -> Value:
    """A constant of one number."""
    return b.constant(np.full(tuple(shape), value, element.dtype), element)


def cast(b: Builder, x: Value, element: ElementType) -> Value:
    """x in an element type; x itself if it has it."""
    return x if x.tensor.element == element else b.nn.cast(x, to=element)


def as_vector(b: Builder, x: Value) -> Value:
    """A scalar or a vector of integers as a vector of i64."""
    return cast(b, x if x.tensor.shape is not None and x.tensor.rank == 1 else b.nn.reshape(x, shape=(-1,)), I64)


def as_scalar(b: Builder, x: Value) -> Value:
    """A tensor of one element as a scalar."""
    return x if x.tensor.shape == () else b.nn.reshape(x, shape=())


def length_of(b: Builder, x: Value, axis: int) -> Value:
    """The length of an axis, counted from the front, as a scalar of i64: a constant where it is known."""
    size = sizes_of(x)[axis]
    return as_scalar(b, size_vector(b, [size])) if isinstance(size, OpenSize) else b.constant(size, I64)


def counting(b: Builder, length: Value) -> Value:
    """The vector 0, 1, ... of i64, as long as a scalar says."""
    return b.nn.range(b.constant(np.int64(0)), length, b.constant(np.int64(1)))


def unsqueeze(b: Builder, x: Value, axes: Sequence[int]) -> Value:
    """x with new axes of length 1, at their places in the result, counted from the front."""
    sizes = sizes_of(x)
    for axis in sorted(axes):
        sizes.insert(axis, 1)
    return reshape(b, x, sizes)


def squeeze(b: Builder, x: Value, axes: Sequence[int]) -> Value:
    """x without some axes, counted from the front. That they have length 1 is checked when the model runs."""
    if any(x.tensor.dims[a] != 1 for a in axes):
        return b.nn.dynamic_squeeze(x, b.constant(np.array(axes, np.int64)))
    return reshape(b, x, [size for axis, size in enumerate(sizes_of(x)) if axis not in axes])
