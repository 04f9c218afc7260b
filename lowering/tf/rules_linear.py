"""Matrix products."""

from __future__ import annotations

from ...ir import Value
from ...ir.dialects import nn
from .target import Target, lowers


def biased(t: Target, y: Value, bias: Value | None) -> Value:
    """y with one number for each channel added."""
    return y if bias is None else t.value("BiasAdd", y, bias, types=[y.type])


@lowers("affine")
def affine(t: Target, op: nn.Affine) -> Value:
    """MatMul takes matrices; for others BatchMatMulV2 repeats the weights."""
    name = "MatMul" if op.x.tensor.rank == 2 else "BatchMatMulV2"
    if op.x.tensor.rank == 1:
        row = t.reshaped(op.x, (1, *op.x.tensor.dims))
        outputs = op.output.tensor.dims
        y: Value = t.value("MatMul", row, op.weight, types=[op.output.tensor.with_shape((1, *outputs))])
        y = biased(t, y, op.bias)
        return t.reshaped(y, outputs)
    return biased(t, t.value(name, op.x, op.weight), op.bias)


@lowers("matmul")
def matmul(t: Target, op: nn.Matmul) -> Value:
    return t.value("BatchMatMulV2", op.lhs, op.rhs, adj_x=op.transpose_lhs, adj_y=op.transpose_rhs)


@lowers("einsum")
def einsum(t: Target, op: nn.Einsum) -> Value:
    return t.value("Einsum", *op.inputs, equation=op.equation)


@lowers("det")
def det(t: Target, op: nn.Det) -> Value:
    return t.value("MatrixDeterminant", op.x)
