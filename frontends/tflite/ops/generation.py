"""What makes tensors of shapes and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....ir import Value
from ....ir.types import I32, I64
from ...nodes import expect_affordable, expect_rank, numbers, refuse
from ...sizes import as_scalar, as_vector, cast, filled, unsqueeze
from .registry import Lifter, lift


@lift("FILL")
def fill(b: Lifter, op: Any, dims: Value, value: Value) -> Value:
    made: Value = b.nn.fill(as_vector(b, dims), as_scalar(b, value))
    return made


@lift("RANGE")
def range_(b: Lifter, op: Any, start: Value, limit: Value, delta: Value) -> Value:
    made: Value = b.nn.range(*(as_scalar(b, v) for v in (start, limit, delta)))
    return made


@lift("RANK")
def rank_(b: Lifter, op: Any, x: Value) -> Value:
    return b.constant(np.int32(expect_rank(op, x, 0)), I32)


@lift("SHAPE")
def shape_(b: Lifter, op: Any, x: Value) -> Value:
    return cast(b, b.nn.shape_of(x), op.output_type.storage)


@lift("ZEROS_LIKE")
def zeros_like(b: Lifter, op: Any, x: Value) -> Value:
    element = x.tensor.storage
    zero = filled(b, 0, (), element)
    made: Value
    if x.tensor.is_static:
        made = b.nn.broadcast_to(zero, shape=x.tensor.static_shape)
    else:
        made = b.nn.fill(b.nn.shape_of(x), zero)
    return made


@lift("BROADCAST_ARGS")
def broadcast_args(b: Lifter, op: Any, first: Value, second: Value) -> Value:
    """The shape that two shapes broadcast to: of two sizes the one that is not 1."""
    lengths = [numbers(op, v.tensor.dims, "its operands")[0] for v in (first, second)]
    shapes = []
    for value, length in zip((first, second), lengths, strict=True):
        ones = filled(b, 1, (max(lengths) - length,), I64)
        shapes.append(b.nn.concat([ones, as_vector(b, value)], axis=0))
    is_one = b.nn.equal(shapes[0], b.constant(np.int64(1)))
    made: Value = b.nn.select(is_one, shapes[1], shapes[0])
    return made


@lift("MATRIX_DIAG")
def matrix_diag(b: Lifter, op: Any, diagonal: Value) -> Value:
    rank = expect_rank(op, diagonal, 1)
    (length,) = numbers(op, diagonal.tensor.dims[-1:], "the diagonal")
    expect_affordable(op, "a diagonal", length * length)
    zero = filled(b, 0, (), diagonal.tensor.storage)
    made: Value = b.nn.select(b.constant(np.eye(length, dtype=bool)), unsqueeze(b, diagonal, [rank]), zero)
    return made


@lift("MATRIX_SET_DIAG")
def matrix_set_diag(b: Lifter, op: Any, x: Value, diagonal: Value) -> Value:
    rank = expect_rank(op, x, 2)
    height, width = numbers(op, x.tensor.dims[-2:], "the matrices")
    (length,) = numbers(op, diagonal.tensor.dims[-1:], "the diagonal")
    if length != min(height, width):
        raise refuse(op, f"has a diagonal of {length} for matrices of {height}x{width}")
    expect_affordable(op, "matrices", height * width)
    # A new axis along the longer one: broadcasting repeats the diagonal there.
    column = unsqueeze(b, diagonal, [rank - 1 if width <= height else rank - 2])
    made: Value = b.nn.select(b.constant(np.eye(height, width, dtype=bool)), column, x)
    return made
