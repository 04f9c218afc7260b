"""Operators of onnxruntime (com.microsoft) on quantized tensors: dequantize, compute, quantize."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from ....ir import Value
from ....ir.types import I32, UI8
from ...nodes import axis_of, refuse
from ...sizes import filled, reshape, sizes_of
from .contrib import MICROSOFT, setting
from .linear_algebra import matmul
from .pooling import average_pool
from .quantize import dequantize, dequantize_linear, quantize, quantize_linear
from .quantized import wide_dequantize
from .recurrent import run_layer
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


_OfReal: TypeAlias = "Callable[[Lifter, OnnxOp, Value], Value]"


def _quantized(b: Lifter, op: OnnxOp, y: Value, scale: Value, zero: Value | None, like: Value) -> Value:
    """y in the type of its zero point, or of the input where it has none."""
    return quantize(b, op, y, scale, zero, (like if zero is None else zero).tensor.storage)


@lift("QLinearAdd", "QLinearMul", domain=MICROSOFT)
def qlinear_arithmetic(
    b: Lifter,
    op: OnnxOp,
    lhs: Value,
    l_scale: Value,
    l_zero: Value | None,
    rhs: Value,
    r_scale: Value,
    r_zero: Value | None,
    scale: Value,
    zero: Value | None = None,
) -> Value:
    left, right = dequantize(b, op, lhs, l_scale, l_zero), dequantize(b, op, rhs, r_scale, r_zero)
    y = b.nn.add(left, right) if op.op_type == "QLinearAdd" else b.nn.mul(left, right)
    return _quantized(b, op, y, scale, zero, lhs)


def _of_one_tensor(*names: str) -> Callable[[_OfReal], _OfReal]:
    """Lift operators of one tensor by what they make of its real numbers."""

    def register(function: _OfReal) -> _OfReal:
        @lift(*names, domain=MICROSOFT)
        def of_quantized(
            b: Lifter,
            op: OnnxOp,
            x: Value,
            x_scale: Value,
            x_zero: Value | None,
            scale: Value,
            zero: Value | None = None,
        ) -> Value:
            return _quantized(b, op, function(b, op, dequantize(b, op, x, x_scale, x_zero)), scale, zero, x)

        return function

    return register


@_of_one_tensor("QLinearSigmoid")
def qlinear_sigmoid(b: Lifter, op: OnnxOp, x: Value) -> Value:
    y: Value = b.nn.sigmoid(x)
    return y


@_of_one_tensor("QLinearLeakyRelu")
def qlinear_leaky_relu(b: Lifter, op: OnnxOp, x: Value) -> Value:
    y: Value = b.nn.leaky_relu(x, alpha=setting(op, "alpha", 0.01))
    return y


@_of_one_tensor("QLinearSoftmax")
def qlinear_softmax(b: Lifter, op: OnnxOp, x: Value) -> Value:
    if setting(op, "opset", 13) < 13:
        raise refuse(op, "has the meaning of Softmax before opset 13", "convert the model to a newer opset")
    y: Value = b.nn.softmax(x, axis=axis_of(op, setting(op, "axis", -1), x.tensor.rank))
    return y


@_of_one_tensor("QLinearGlobalAveragePool", "QLinearAveragePool")
def qlinear_pool(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Pools, with channels first or last"""
    rank, last = x.tensor.rank, bool(op.get("channels_last"))
    first = b.nn.transpose(x, perm=(0, rank - 1, *range(1, rank - 1))) if last else x
    if op.op_type == "QLinearAveragePool":
        y = average_pool(b, op, first)
    else:
        y = b.nn.reduce_mean(first, axes=tuple(range(2, rank)), keep_dims=True)
    return b.nn.transpose(y, perm=(0, *range(2, rank), 1)) if last else y


@_of_one_tensor("QLinearReduceMean")
def qlinear_reduce_mean(b: Lifter, op: OnnxOp, x: Value) -> Value:
    axes = tuple(op.get("axes") or range(x.tensor.rank))
    y: Value = b.nn.reduce_mean(x, axes=axes, keep_dims=bool(setting(op, "keepdims", 1)))
    return y


@lift("QLinearConcat", domain=MICROSOFT)
def qlinear_concat(b: Lifter, op: OnnxOp, scale: Value, zero: Value, *inputs: Value | None) -> Value:
    """Inputs come as triples of tensor, scale and zero point"""
    parts = []
    for x, x_scale, x_zero in zip(inputs[::3], inputs[1::3], inputs[2::3], strict=True):
        if x is None or x_scale is None:
            raise refuse(op, "has an input without tensor or scale")
        parts.append(dequantize(b, op, x, x_scale, x_zero))
    return quantize(b, op, b.nn.concat(parts, axis=op.get("axis")), scale, zero, zero.tensor.storage)


@lift("QLinearWhere", domain=MICROSOFT)
def qlinear_where(
    b: Lifter,
    op: OnnxOp,
    condition: Value,
    lhs: Value,
    l_scale: Value,
    l_zero: Value,
    rhs: Value,
    r_scale: Value,
    r_zero: Value,
    scale: Value,
    zero: Value,
) -> Value:
    left, right = dequantize(b, op, lhs, l_scale, l_zero), dequantize(b, op, rhs, r_scale, r_zero)
    return quantize(b, op, b.nn.select(condition, left, right), scale, zero, zero.tensor.storage)


@lift("QGemm", domain=MICROSOFT)
def qgemm(
    b: Lifter,
    op: OnnxOp,
    lhs: Value,
    l_scale: Value,
    l_zero: Value,
    rhs: Value,
    r_scale: Value,
    r_zero: Value,
    added: Value | None = None,
    scale: Value | None = None,
    zero: Value | None = None,
) -> Value:
    """alpha * lhs * rhs + added, which is int32 with the scale alpha * l_scale * r_scale; float without output scale"""
    transposed = bool(op.get("transB"))
    left, right = (
        dequantize(b, op, lhs, l_scale, l_zero),
        dequantize(b, op, rhs, r_scale, r_zero, 0 if transposed else 1),
    )
    y = b.nn.matmul(left, right, transpose_lhs=bool(op.get("transA")), transpose_rhs=transposed)
    alpha = setting(op, "alpha", 1.0)
    y = y if alpha == 1 else b.nn.mul(y, alpha)
    if added is not None:
        factor = b.nn.mul(l_scale, r_scale)
        y = b.nn.add(y, wide_dequantize(b, op, added, factor if alpha == 1 else b.nn.mul(factor, alpha)))
    if scale is None:
        return y
    return quantize(b, op, y, scale, zero, UI8 if zero is None else zero.tensor.storage)


@lift("MatMulIntegerToFloat", domain=MICROSOFT)
def matmul_integer_to_float(
    b: Lifter,
    op: OnnxOp,
    lhs: Value,
    rhs: Value,
    l_scale: Value,
    r_scale: Value,
    l_zero: Value | None = None,
    r_zero: Value | None = None,
    bias: Value | None = None,
) -> Value:
    """The product of dequantized matrices, plus bias"""
    left = dequantize(b, op, lhs, l_scale, l_zero)
    y = matmul(b, op, left, dequantize(b, op, rhs, r_scale, r_zero, rhs.tensor.rank - 1))
    return y if bias is None else b.nn.add(y, bias)


@lift("DynamicQuantizeMatMul", domain=MICROSOFT)
def dynamic_quantize_matmul(
    b: Lifter,
    op: OnnxOp,
    lhs: Value,
    rhs: Value,
    r_scale: Value,
    r_zero: Value | None = None,
    bias: Value | None = None,
) -> Value:
    """The product of lhs, rounded to the 256 levels of its range (which includes 0), with a dequantized matrix"""
    axes = tuple(range(lhs.tensor.rank))
    zero = filled(b, 0, (), lhs.tensor.storage)
    low = b.nn.minimum(b.nn.reduce_min(lhs, axes=axes, keep_dims=False), zero)
    high = b.nn.maximum(b.nn.reduce_max(lhs, axes=axes, keep_dims=False), zero)
    scale = b.nn.div(b.nn.sub(high, low), 255.0)
    offset = b.nn.clip(b.nn.round(b.nn.neg(b.nn.div(low, scale))), min=0.0, max=255.0)
    levels = b.nn.clip(b.nn.add(b.nn.round(b.nn.div(lhs, scale)), offset), min=0.0, max=255.0)
    left = b.nn.mul(b.nn.sub(levels, offset), scale)
    y = matmul(b, op, left, dequantize(b, op, rhs, r_scale, r_zero, rhs.tensor.rank - 1))
    return y if bias is None else b.nn.add(y, bias)


@lift("QuantizeLinear", domain=MICROSOFT)
def microsoft_quantize(b: Lifter, op: OnnxOp, x: Value, scale: Value, zero: Value | None = None) -> Value:
    return quantize_linear(b, op, x, scale, zero)


@lift("DequantizeLinear", domain=MICROSOFT)
def microsoft_dequantize(b: Lifter, op: OnnxOp, x: Value, scale: Value, zero: Value | None = None) -> Value:
    return dequantize_linear(b, op, x, scale, zero)


@lift("DynamicQuantizeLSTM", domain=MICROSOFT)
def dynamic_quantize_lstm(
    b: Lifter,
    op: OnnxOp,
    x: Value,
    weight: Value,
    recurrence: Value,
    bias: Value | None,
    lengths: Value | None,
    initial_h: Value | None,
    initial_c: Value | None,
    peepholes: Value | None,
    *quantization: Value,
) -> tuple[Value, ...]:
    """An LSTM whose weights are quantized, and stand transposed: (D, I, 4H) and (D, H, 4H)."""
    if len(quantization) != 4:
        raise refuse(op, "has no scales and zero points of its weights")
    b.warn(op, "rounds what it multiplies to 8 bits, by the range of each step; here that stays float")
    w = b.nn.transpose(_real_weight(b, weight, *quantization[:2]), perm=(0, 2, 1))
    r = b.nn.transpose(_real_weight(b, recurrence, *quantization[2:]), perm=(0, 2, 1))
    return run_layer(b, op, "LSTM", x, w, r, bias, lengths, (initial_h, initial_c), peepholes)


def _real_weight(b: Lifter, weight: Value, scale: Value, zero: Value) -> Value:
    """Real weights: scale and zero point are one a direction (D), or one a column (D, 4H)."""
    scale, zero = (reshape(b, v, [*sizes_of(v)[:1], 1, *(sizes_of(v)[1:] or [1])]) for v in (scale, zero))
    centred = b.nn.sub(b.nn.cast(weight, to=I32), b.nn.cast(zero, to=I32))
    return b.nn.mul(b.nn.cast(centred, to=scale.tensor.expressed), scale)
