"""Matrix products, sums of products, determinants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.dialects.nn.equations import explicit_equation
from ...nodes import expect_rank, refuse
from ...sizes import squeeze, unsqueeze
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@lift("MatMul")
def matmul(b: Lifter, op: OnnxOp, lhs: Value, rhs: Value) -> Value:
    """As numpy.matmul: a vector counts as a row on the left, as a column on the right, and its axis goes again."""
    is_row, is_column = expect_rank(op, lhs, 1) == 1, expect_rank(op, rhs, 1) == 1
    product = b.nn.matmul(unsqueeze(b, lhs, [0]) if is_row else lhs, unsqueeze(b, rhs, [1]) if is_column else rhs)
    rank = product.tensor.rank
    return squeeze(b, product, [rank - 2] * is_row + [rank - 1] * is_column)


@lift("Gemm")
def gemm(b: Lifter, op: OnnxOp, a: Value, bb: Value, c: Value | None = None) -> Value:
    """alpha * A' B' + beta * C, where C broadcasts to the product."""
    for matrix in (a, bb):
        expect_rank(op, matrix, 2, 2)
    product = b.nn.matmul(a, bb, transpose_lhs=bool(op.get("transA")), transpose_rhs=bool(op.get("transB")))
    product = _scaled(b, op, product, op.get("alpha"))
    return product if c is None else b.nn.add(product, _scaled(b, op, c, op.get("beta")))


def _scaled(b: Lifter, op: OnnxOp, x: Value, factor: float) -> Value:
    if factor == 1.0:
        return x
    if x.tensor.expressed.is_integer and factor != int(factor):
        raise refuse(op, f"multiplies integers by {factor}")
    return b.nn.mul(x, int(factor) if x.tensor.expressed.is_integer else factor)


@lift("Det")
def det(b: Lifter, op: OnnxOp, x: Value) -> Value:
    return b.nn.det(x)


@lift("Einsum")
def einsum(b: Lifter, op: OnnxOp, *xs: Value) -> Value:
    try:
        equation = explicit_equation(op.get("equation"), [expect_rank(op, x, 0) for x in xs])
    except ValueError as error:
        raise refuse(op, str(error)) from None
    return b.nn.einsum(list(xs), equation=equation)
