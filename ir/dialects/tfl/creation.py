"""Operations that make tensors of shapes and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...opdef import operand, result, variadic
from ...types import Array
from .base import TFLOp


class Fill(TFLOp, name="tfl.fill", builtin="FILL", options="Fill", versions={"i1": 2, "i8": 3, "i16": 3}):
    """A tensor of a shape with one number everywhere."""

    typed_by = 1
    dims = operand("(rank,) i32 or i64")
    value = operand("()")
    output = result()

    def evaluate(self, dims: Array, value: Array) -> Array:
        return np.full([int(n) for n in dims], value.reshape(-1)[0])


class Range(TFLOp, name="tfl.range", builtin="RANGE", options="Range", versions={"i64": 2}):
    """start, start + delta, ... before limit."""

    start = operand("()")
    limit = operand("()")
    delta = operand("()")
    output = result("(n,)")

    def evaluate(self, start: Array, limit: Array, delta: Array) -> Array:
        first, last, step = (a.reshape(-1)[0] for a in (start, limit, delta))
        count = max(0, int(np.ceil((last - first) / step)))
        return np.asarray(first + np.arange(count) * step, start.dtype)


class Rank(TFLOp, name="tfl.rank", builtin="RANK", options="Rank"):
    """The number of dimensions."""

    input = operand()
    output = result("() i32")

    def evaluate(self, input: Array) -> Array:
        return np.array(input.ndim, np.int32)


class ZerosLike(TFLOp, name="tfl.zeros_like", builtin="ZEROS_LIKE", options="ZerosLike"):
    """Zeros in the shape of the input."""

    input = operand()
    output = result()

    def evaluate(self, input: Array) -> Array:
        return np.zeros_like(input)


class BroadcastArgs(TFLOp, name="tfl.broadcast_args", builtin="BROADCAST_ARGS"):
    """The shape that two shapes broadcast to."""

    s0 = operand("(n,) i32 or i64")
    s1 = operand("(m,) i32 or i64")
    output = result("(max(n, m),)")

    def evaluate(self, s0: Array, s1: Array) -> Array:
        shape = np.broadcast_shapes(tuple(map(int, s0)), tuple(map(int, s1)))
        return np.array(shape, s0.dtype)


class MatrixDiag(TFLOp, name="tfl.matrix_diag", builtin="MATRIX_DIAG", options="MatrixDiag"):
    """(..., n) → (..., n, n) with the numbers on the diagonal, zeros elsewhere."""

    diagonal = operand("(..., n)")
    output = result("(..., n, n)")

    def evaluate(self, diagonal: Array) -> Any:
        return diagonal[..., None] * np.eye(diagonal.shape[-1], dtype=diagonal.dtype)


class MatrixSetDiag(TFLOp, name="tfl.matrix_set_diag", builtin="MATRIX_SET_DIAG", options="MatrixSetDiag"):
    """Matrices with another diagonal."""

    input = operand("(..., m, n)")
    diagonal = operand("(..., min(m, n))")
    output = result("(..., m, n)")

    def evaluate(self, input: Array, diagonal: Array) -> Array:
        y: Array = input.copy()
        places = np.arange(diagonal.shape[-1])
        y[..., places, places] = diagonal
        return y


class AddN(TFLOp, name="tfl.add_n", builtin="ADD_N", options="AddN"):
    """The sum of all operands, of one shape."""

    inputs = variadic()
    output = result()

    def evaluate(self, inputs: list[Array]) -> Array:
        total: Array = np.sum(inputs, axis=0, dtype=inputs[0].dtype)
        return total
