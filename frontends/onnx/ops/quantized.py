"""Operators on quantized tensors: each is its real counterpart between dequantization and quantization.

That is what they mean; a pass that knows the target makes integer kernels of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.types import I32
from ...nodes import expect_rank, refuse
from ...sizes import reshape, sizes_of
from .convolutions import convolve
from .linear_algebra import matmul
from .quantize import as_quantized, dequantize, quantize, quantized_type
from .registry import Lifter, lift

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
    real_bias = None if bias is None else wide_dequantize(b, op, bias, b.nn.mul(x_scale, w_scale))
    real = dequantize(b, op, x, x_scale, x_zero), dequantize(b, op, weight, w_scale, w_zero, 0)
    return quantize(b, op, convolve(b, op, *real, real_bias), y_scale, y_zero, y_zero.tensor.storage)


def wide_dequantize(b: Lifter, op: OnnxOp, x: Value, scale: Value) -> Value:
    """The real numbers of a bias: int32 without zero point, with one scale or one for each place of its last axis."""
    kind = quantized_type(b, op, x, scale, None, I32, x.tensor.rank - 1, most_bits=32)
    if kind is not None:
        return b.nn.dequantize(as_quantized(b, x, kind))
    return b.nn.mul(b.nn.cast(x, to=scale.tensor.expressed), scale)


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
    scales = (l_scale, r_scale, y_scale)
    if op.version >= 21 and lhs.tensor.storage.name == "i8" and all(b.array(scale) is None for scale in scales):
        reason = "multiplies 8-bit integers with a sign by scales that are inputs: ONNX's releases saturate differently"
        raise refuse(op, reason, "make the scales constants, or quantize to integers without a sign")
    left = dequantize(b, op, lhs, l_scale, l_zero, max(lhs.tensor.rank - 2, 0))
    right = dequantize(b, op, rhs, r_scale, r_zero, rhs.tensor.rank - 1)
    product = matmul(b, op, left, right)
    return quantize(b, op, product, y_scale, y_zero, y_zero.tensor.storage, max(product.tensor.rank - 2, 0))


@lift("MatMulInteger")
def matmul_integer(
    b: Lifter, op: OnnxOp, lhs: Value, rhs: Value, l_zero: Value | None = None, r_zero: Value | None = None
) -> Value:
    """The product of (lhs - its zero point) and (rhs - its zero point), in int32."""
    if l_zero is not None and l_zero.tensor.rank == 1 and l_zero.tensor.dims != (1,):
        l_zero = reshape(b, l_zero, [*sizes_of(l_zero), 1])
    return matmul(b, op, _centred(b, lhs, l_zero), _centred(b, rhs, r_zero))


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
