"""Convolutions, pools and interpolation."""

from __future__ import annotations

from typing import Any

from ...ir import Value
from ...ir.dialects import nn
from .target import Target, lowers
from .windows import interpolate_arguments, pool_arguments

_EXPAND = "run expand-for-nnp before"


@lowers("conv")
def conv(t: Target, op: nn.Conv) -> Value:
    arguments = _arguments(t, op)
    outputs, per_group = op.weight.tensor.static_shape[:2]
    if op.groups > 1 and per_group == 1 and op.spatial_rank <= 2:
        weight = t.reshape(op.weight, (outputs, *op.kernel))
        multiplier = outputs // op.groups
        return t.value("DepthwiseConvolution", op.x, weight, op.bias, multiplier=multiplier, **arguments)
    return t.value("Convolution", op.x, op.weight, op.bias, group=op.groups, **arguments)


@lowers("conv_transpose")
def conv_transpose(t: Target, op: nn.ConvTranspose) -> Value:
    arguments = _arguments(t, op)
    inputs, per_group = op.weight.tensor.static_shape[:2]
    padding = op.output_padding
    if any(p >= s for p, s in zip(padding, op.strides, strict=True)):
        raise t.error(f"has the output_padding {padding}, and NNabla only less than the strides", _EXPAND)
    if op.groups > 1 and per_group == 1 and op.spatial_rank <= 2 and not any(padding):
        weight = t.reshape(op.weight, (inputs, *op.kernel))
        return t.value("DepthwiseDeconvolution", op.x, weight, op.bias, divisor=inputs // op.groups, **arguments)
    return t.value("Deconvolution", op.x, op.weight, op.bias, group=op.groups, output_padding=padding, **arguments)


def _arguments(t: Target, op: nn.ConvolutionOp) -> dict[str, Any]:
    window = op.window
    if op.channel_last or window.pads_begin != window.pads_end:
        raise t.error("has its channels last, or pads that differ at begin and end", _EXPAND)
    return {"base_axis": 1, "pad": window.pads_begin, "stride": window.strides, "dilation": window.dilations}


@lowers("max_pool", "average_pool")
def pool(t: Target, op: nn.MaxPool | nn.AveragePool) -> Value:
    arguments = pool_arguments(op)
    if arguments is None:
        raise t.error("has windows that NNabla's pools have not", _EXPAND)
    return t.value("MaxPooling" if isinstance(op, nn.MaxPool) else "AveragePooling", op.x, **arguments)


@lowers("resize")
def resize(t: Target, op: nn.Resize) -> Value:
    arguments = interpolate_arguments(op)
    if arguments is None:
        raise t.error("takes elements as NNabla's Interpolate does not", _EXPAND)
    return t.value("Interpolate", op.x, **arguments)
