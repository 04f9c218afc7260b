"""Convolutions, pools, matrix products, normalizations and resizing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.dialects.nn.window import Window
from .broadcasting import FIRST_OF_NUMPY
from .target import Target, lowers

_EXPAND = "run expand-for-onnx before"


def expect_channel_first(t: Target, op: nn.ConvolutionOp | nn.PoolOp | nn.Resize) -> None:
    """Raises VerifyError for an operation that is channel-last."""
    if op.channel_last:
        raise t.error("is channel-last, and ONNX is channel-first", _EXPAND)


def _convolution(op: nn.ConvolutionOp) -> dict[str, Any]:
    """The attributes of a convolution; those that have the default of the schema are left out."""
    plain = {"strides": 1, "pads": 0, "dilations": 1}
    given = {name: getattr(op, name) for name, fill in plain.items() if any(n != fill for n in getattr(op, name))}
    if op.groups != 1:
        given["group"] = op.groups
    return {"kernel_shape": op.kernel, **given}


@lowers("conv")
def conv(t: Target, op: nn.Conv) -> Value:
    expect_channel_first(t, op)
    return t.value("Conv", op.x, op.weight, op.bias, **_convolution(op))


@lowers("conv_transpose")
def conv_transpose(t: Target, op: nn.ConvTranspose) -> Value:
    expect_channel_first(t, op)
    padding = {"output_padding": op.output_padding} if any(op.output_padding) else {}
    return t.value("ConvTranspose", op.x, op.weight, op.bias, **_convolution(op), **padding)


@lowers("max_pool", "average_pool")
def pool(t: Target, op: nn.PoolOp) -> Value:
    """The overhang becomes pads, which hold nothing as well."""
    expect_channel_first(t, op)
    attributes = window_attributes(op.window)
    if isinstance(op, nn.MaxPool):
        return t.value("MaxPool", op.x, **attributes)
    if isinstance(op, nn.AveragePool) and op.count_include_pad and any(op.pads):
        if any(op.overhang):
            raise t.error("counts its pads but not its overhang", _EXPAND)
        attributes["count_include_pad"] = 1
    return t.value("AveragePool", op.x, **attributes)


def window_attributes(window: Window) -> dict[str, Any]:
    """The attributes of a pool; those that have the default of the schema are left out."""
    attributes: dict[str, Any] = {"kernel_shape": window.kernel}
    if any(s != 1 for s in window.strides):
        attributes["strides"] = window.strides
    if any(d != 1 for d in window.dilations):
        attributes["dilations"] = window.dilations
    ends = tuple(p + o for p, o in zip(window.pads_end, window.overhang, strict=True))
    if any((*window.pads_begin, *ends)):
        attributes["pads"] = (*window.pads_begin, *ends)
    return attributes


@lowers("affine")
def affine(t: Target, op: nn.Affine) -> Value:
    """Gemm for matrices, with the bias in it; else a product and a sum."""
    is_real = op.x.tensor.expressed.is_float  # onnxruntime has no Gemm of integers
    if is_real and op.x.tensor.rank == 2 and (op.bias is not None or t.since("Gemm") >= 11):
        if t.opset < FIRST_OF_NUMPY:  # SNPE wants the outputs in the first dimension of the weights
            return t.value("Gemm", op.x, t.transposed(op.weight, (1, 0)), op.bias, transB=1, broadcast=1)
        return t.value("Gemm", op.x, op.weight, op.bias)
    y = t.value("MatMul", op.x, op.weight)
    return y if op.bias is None else t.value("Add", y, op.bias)


@lowers("matmul")
def matmul(t: Target, op: nn.Matmul) -> Value:
    lhs = _swapped(t, op.lhs) if op.transpose_lhs else op.lhs
    rhs = _swapped(t, op.rhs) if op.transpose_rhs else op.rhs
    return t.value("MatMul", lhs, rhs)


def _swapped(t: Target, x: Value) -> Value:
    rank = x.tensor.rank
    return t.transposed(x, (*range(rank - 2), rank - 1, rank - 2))


@lowers("einsum")
def einsum(t: Target, op: nn.Einsum) -> Value:
    return t.value("Einsum", *op.inputs, equation=op.equation)


# Normalizations


@lowers("batch_norm")
def batch_norm(t: Target, op: nn.BatchNorm) -> Value:
    if op.axis % op.x.tensor.rank != 1:
        raise t.error(f"has its channels on axis {op.axis}, BatchNormalization on axis 1", _EXPAND)
    old = {"is_test": 1} if t.opset < FIRST_OF_NUMPY else {}
    return t.value("BatchNormalization", op.x, op.scale, op.bias, op.mean, op.variance, epsilon=op.epsilon, **old)


@lowers("layer_norm")
def layer_norm(t: Target, op: nn.LayerNorm) -> Value:
    if not is_layer_normalization(op):
        raise t.error("is no LayerNormalization of ONNX", _EXPAND)
    axis = min(a % op.x.tensor.rank for a in op.axes)
    shape = op.x.tensor.dims[axis:]
    scale: Value | None = op.scale
    if scale is None:
        scale = t.constant(np.ones([int(d) for d in shape if d is not None], op.x.tensor.storage.dtype), "scale")
    scale = _parameter(t, scale, len(shape))
    bias = None if op.bias is None else _parameter(t, op.bias, len(shape))
    return t.value("LayerNormalization", op.x, scale, bias, axis=axis - op.x.tensor.rank, epsilon=op.epsilon)


def is_layer_normalization(op: nn.LayerNorm) -> bool:
    """Whether statistics are over the last axes, and scale and bias have just these, all of known length."""
    rank = op.x.tensor.rank
    axes = sorted(a % rank for a in op.axes)
    if not axes or axes != list(range(axes[0], rank)):
        return False
    shape = op.x.tensor.dims[axes[0] :]
    if not all(isinstance(d, int) for d in shape):
        return False
    for value in (op.scale, op.bias):
        dims = shape if value is None else value.tensor.dims
        lead, own = dims[: len(dims) - len(shape)], dims[len(dims) - len(shape) :]
        if len(dims) < len(shape) or own != shape or any(d != 1 for d in lead):
            return False
    return True


def _parameter(t: Target, value: Value, rank: int) -> Value:
    """A parameter without the dimensions of 1 in front."""
    dims = value.tensor.static_shape
    shape = dims[len(dims) - rank :]
    return t.reshaped(value, shape, TensorType(shape, value.tensor.element))


@lowers("lrn")
def lrn(t: Target, op: nn.Lrn) -> Value:
    if op.axis % op.x.tensor.rank != 1:
        raise t.error(f"works along axis {op.axis}, and LRN along axis 1", _EXPAND)
    return t.value("LRN", op.x, size=op.size, alpha=op.alpha, beta=op.beta, bias=op.bias)
