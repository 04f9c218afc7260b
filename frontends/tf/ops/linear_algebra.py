"""Matrix products, sums of products, inverses and determinants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.dialects.nn.equations import explicit_equation
from ...nodes import expect_rank, refuse
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


@lift("MatMul")
def matmul(b: Lifter, op: TfOp, x: Value, y: Value) -> Value:
    for matrix in (x, y):
        expect_rank(op, matrix, 2, 2)
    return b.nn.matmul(x, y, transpose_lhs=bool(op.get("transpose_a")), transpose_rhs=bool(op.get("transpose_b")))


@lift("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def batch_matmul(b: Lifter, op: TfOp, x: Value, y: Value) -> Value:
    """Of stacks of matrices, which may be transposed first; in version 3 the type of the result may be wider."""
    wider = op.get("Tout")
    if wider is not None and wider != x.tensor.storage:
        x, y = b.nn.cast(x, to=wider), b.nn.cast(y, to=wider)
    return b.nn.matmul(x, y, transpose_lhs=bool(op.get("adj_x")), transpose_rhs=bool(op.get("adj_y")))


@lift("Einsum")
def einsum(b: Lifter, op: TfOp, *xs: Value) -> Value:
    try:
        equation = explicit_equation(op.get("equation"), [expect_rank(op, x, 0) for x in xs])
    except ValueError as error:
        raise refuse(op, str(error)) from None
    return b.nn.einsum(list(xs), equation=equation)


@lift("MatrixInverse")
def inverse(b: Lifter, op: TfOp, x: Value) -> Value:
    y = b.nn.inverse(x)
    rank = expect_rank(op, x, 2)
    return b.nn.transpose(y, perm=(*range(rank - 2), rank - 1, rank - 2)) if op.get("adjoint") else y


@lift("MatrixDeterminant")
def determinant(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.nn.det(x)
