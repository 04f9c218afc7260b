"""Small integer tensors that nodes take as shapes, axes and bounds, and computing with them."""

from __future__ import annotations

import numpy as np

from ...ir import TensorType, Value
from ...ir.types import I32, I64, Dim, ElementType
from .target import Target


def cast(t: Target, x: Value, element: ElementType) -> Value:
    """x with other elements; x itself where it has them."""
    if x.tensor.element == element:
        return x
    return t.value("Cast", x, types=[x.tensor.with_element(element)], DstT=element)


def as_i64(t: Target, x: Value) -> Value:
    return cast(t, x, I64)


def as_index(t: Target, x: Value) -> Value:
    """x as i32 or i64, which nodes take for shapes and axes."""
    return x if x.tensor.element in (I32, I64) else cast(t, x, I64)


def as_scalar(t: Target, x: Value) -> Value:
    """x, of which a tensor of one element, without dimensions."""
    return x if x.tensor.shape == () else t.reshaped(x, ())


def scalar_type() -> TensorType:
    return TensorType((), I64)


def vector_type(count: Dim) -> TensorType:
    return TensorType((count,), I64)


def shape_of(t: Target, x: Value, element: ElementType = I64) -> Value:
    """The dimensions of x. Raises ValueError where their number is not known."""
    return t.value("Shape", x, types=[TensorType((x.tensor.rank,), element)], out_type=element)


def filled(t: Target, number: int, count: int) -> Value:
    """A vector of i64 of one number."""
    return t.constant(np.full(count, number, np.int64), "filled")


def counted(t: Target, count: Value, known: Dim = None) -> Value:
    """0, 1, ... below ``count``, a scalar of i64; ``known`` is its number, where it has one."""
    first, step = (t.constant(np.array(n, np.int64), name) for n, name in ((0, "start"), (1, "step")))
    return t.value("Range", first, count, step, types=[vector_type(known)])


def from_front(t: Target, axes: Value, rank: int) -> Value:
    """A vector of axes as i64, negative ones counted from the front."""
    axes = as_i64(t, axes)
    return t.value("FloorMod", axes, t.constant(np.array(rank, np.int64), "rank"), types=[axes.type])


def others(t: Target, axes: Value, rank: int) -> Value:
    """The axes that a vector, counted from the front, does not name, in order."""
    count = axes.tensor.dims[0]
    left = vector_type(rank - count if isinstance(count, int) else None)
    every = t.constant(np.arange(rank), "every_axis")
    kept, _ = t.build("ListDiff", every, axes, types=[left, left.with_element(I32)])
    return kept


def scattered(t: Target, all: Value, places: Value, given: Value) -> Value:
    """``all`` with what is given in the place of some of its elements, or rows."""
    count = places.tensor.dims[0]
    column = t.value("ExpandDims", places, t.scalar(1, "axis"), types=[TensorType((count, 1), I64)])
    return t.value("TensorScatterUpdate", all, column, given, types=[all.type])
