"""Operands that say how large something is, as scalars and vectors of i64, and axes that come and go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import I64
from .lifter import Lifter
from .registry import refuse
from .shapes import OpenSize, cast, reshape, size_vector, sizes_of

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

EXACT_FLOAT = 2**53
"""Integers up to here are the same as doubles, which attributes hold."""

_MOST_ELEMENTS = 1 << 28
"""Constants that a lift makes are not larger: a file of a few bytes must not fill the memory."""


def expect_affordable(op: OnnxOp, what: str, count: int) -> None:
    """Raises CompileError where a constant that has to be made would have too many elements."""
    if count > _MOST_ELEMENTS:
        raise refuse(op, f"has {what} of {count} elements; {_MOST_ELEMENTS} is the limit")


def as_vector(b: Lifter, x: Value) -> Value:
    """A scalar or a vector of integers as a vector of i64."""
    return cast(b, x if x.tensor.shape is not None and x.tensor.rank == 1 else b.nn.reshape(x, shape=(-1,)), I64)


def as_scalar(b: Lifter, x: Value) -> Value:
    """A tensor of one element as a scalar."""
    return x if x.tensor.shape == () else b.nn.reshape(x, shape=())


def length_of(b: Lifter, x: Value, axis: int) -> Value:
    """The length of an axis, counted from the front, as a scalar of i64: a constant where it is known."""
    size = sizes_of(x)[axis]
    return as_scalar(b, size_vector(b, [size])) if isinstance(size, OpenSize) else b.constant(size, I64)


def counting(b: Lifter, length: Value) -> Value:
    """The vector 0, 1, ... of i64, as long as a scalar says."""
    return b.nn.range(b.constant(np.int64(0)), length, b.constant(np.int64(1)))


def unsqueeze(b: Lifter, x: Value, axes: Sequence[int]) -> Value:
    """x with new axes of length 1, at their places in the result, counted from the front."""
    sizes = sizes_of(x)
    for axis in sorted(axes):
        sizes.insert(axis, 1)
    return reshape(b, x, sizes)


def squeeze(b: Lifter, x: Value, axes: Sequence[int]) -> Value:
    """x without some axes, counted from the front. That they have length 1 is checked when the model runs."""
    if any(x.tensor.dims[a] != 1 for a in axes):
        return b.nn.dynamic_squeeze(x, b.constant(np.array(axes, np.int64)))
    return reshape(b, x, [size for axis, size in enumerate(sizes_of(x)) if axis not in axes])
