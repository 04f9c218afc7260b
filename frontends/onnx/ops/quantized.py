"""Operators on quantized tensors: each is its real counterpart between dequantization and quantization.

That is what they mean; a pass that knows the target makes integer kernels of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.types import I32
from .convolutions import convolve
from .quantize import as_quantized, dequantize, quantize, quantized_type
from .registry import Lifter, lift
from .shapes import expect_rank, reshape, sizes_of

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@lift("QLinearConv")
def qlinear_conv(
    b: Lifter,
    op: OnnxOp,
    x: Value,
    x_scale: Value,
    x_zero: Value,
    weight: Value,
    w_scale: Value,
    w_zero: Value,
    y_scale: Value,
    y_zero: Value,
    bias: Value | None = None,
) -> Value:
    """A convolution; weights may have one scale an output channel, the bias is int32 with the product of the scales."""
    real_bias = None if bias is None else _bias(b, op, bias, x_scale, w_scale)
    real = dequantize(b, op, x, x_scale, x_zero), dequantize(b, op, weight, w_scale, w_zero, 0)
    return quantize(b, op, convolve(b, op, *real, real_bias), y_scale, y_zero, y_zero.tensor.storage)


def _bias(b: Lifter, op: OnnxOp, bias: Value, x_scale: Value, w_scale: Value) -> Value:
    """The real bias: quantized with the product of the scales and without a zero point."""
    scale = b.nn.mul(x_scale, w_scale)
    kind = quantized_type(b, op, bias, scale, None, I32, 0, most_bits=32)
    if kind is not None:
        return b.nn.dequantize(as_quantized(b, bias, kind))
    return b.nn.mul(b.nn.cast(bias, to=scale.tensor.expressed), scale)


@lift("QLinearMatMul")
def qlinear_matmul(
    b: Lifter,
    op: OnnxOp,
    lhs: Value,
    l_scale: Value,
    l_zero: Value,
    rhs: Value,
    r_scale: Value,
    r_zero: Value,
    y_scale: Value,
    y_zero: Value,
) -> Value:
    """A matrix product; scales may be one a row of the left and one a column of the right matrix."""
    left = dequantize(b, op, lhs, l_scale, l_zero, max(lhs.tensor.rank - 2, 0))
    right = dequantize(b, op, rhs, r_scale, r_zero, rhs.tensor.rank - 1)
    product = matrix_product(b, left, right)
    return quantize(b, op, product, y_scale, y_zero, y_zero.tensor.storage, max(product.tensor.rank - 2, 0))


def matrix_product(b: Lifter, lhs: Value, rhs: Value) -> Value:
    """The product as numpy.matmul has it: a vector on the left is a row, one on the right a column."""
    left_is_vector, right_is_vector = lhs.tensor.rank == 1, rhs.tensor.rank == 1
    lhs = reshape(b, lhs, [1, *sizes_of(lhs)]) if left_is_vector else lhs
    rhs = reshape(b, rhs, [*sizes_of(rhs), 1]) if right_is_vector else rhs
    y = b.nn.matmul(lhs, rhs)
    sizes = sizes_of(y)
    if left_is_vector:
        del sizes[-2]
    if right_is_vector:
        del sizes[-1]
    return reshape(b, y, sizes)


@lift("MatMulInteger")
def matmul_integer(
    b: Lifter, op: OnnxOp, lhs: Value, rhs: Value, l_zero: Value | None = None, r_zero: Value | None = None
) -> Value:
    """The product of (lhs - its zero point) and (rhs - its zero point), in int32."""
    if l_zero is not None and l_zero.tensor.rank == 1 and l_zero.tensor.dims != (1,):
        l_zero = reshape(b, l_zero, [*sizes_of(l_zero), 1])
    return matrix_product(b, _centred(b, lhs, l_zero), _centred(b, rhs, r_zero))


def _centred(b: Lifter, x: Value, zero: Value | None) -> Value:
    wide = b.nn.cast(x, to=I32)
    return wide if zero is None else b.nn.sub(wide, b.nn.cast(zero, to=I32))


@lift("ConvInteger")
def conv_integer(
    b: Lifter, op: OnnxOp, x: Value, weight: Value, x_zero: Value | None = None, w_zero: Value | None = None
) -> Value:
    """The convolution of (x - its zero point) with (weight - its zero point), in int32; pads are the zero point."""
    rank = expect_rank(op, weight, 3)
    if w_zero is not None and w_zero.tensor.rank == 1 and w_zero.tensor.dims != (1,):
        w_zero = reshape(b, w_zero, [*sizes_of(w_zero), *[1] * (rank - 1)])
    if x_zero is not None and x_zero.tensor.rank == 1:
        x_zero = reshape(b, x_zero, [])
    return convolve(b, op, _centred(b, x, x_zero), _centred(b, weight, w_zero), None)
