"""Rules for convolutions and products of 8-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import QuantizedType, TensorType, Value
from ...ir.dialects.c.movement import Pad
from ...ir.dialects.c.quantized.convolution import ROW_MULTIPLE
from ...ir.fixed_point import Multiplier
from ...ir.memory import aligned
from ...ir.module import constant_attribute
from ...ir.types import F64, I8, Array
from .quantized import double, kind_of, scale_of, scaling, stored_bounds
from .rules_spatial import pads_of
from .target import Target, lowers_quantized, static


def _weights(t: Target, value: Value) -> tuple[Array, QuantizedType]:
    """Constant weights as integers; their zero point is 0."""
    kind = value.tensor.element
    if not isinstance(kind, QuantizedType) or kind.storage != I8 or any(kind.zero_points):
        raise t.error(
            f"has weights of {kind}, for which there is no C kernel", "quantize them to i8 without zero point"
        )
    return _integers(t, value, "weights"), kind


def _integers(t: Target, value: Value, what: str) -> Array:
    """The integers of a constant."""
    dense = constant_attribute(value)
    if dense is None:
        raise t.error(f"needs constant {what}", "leave it in float")
    return dense.read()


def _scales(t: Target, op: Any, x: Value, kind: QuantizedType, outputs: int) -> Array:
    """What the sums of each output are multiplied by, in f64."""
    weights = np.broadcast_to(np.asarray(kind.scales, np.float32), outputs).astype(np.float64)
    scales: Array = double(scale_of(kind_of(t, x))) * weights / double(scale_of(kind_of(t, op.results[0])))
    return scales


def _multipliers(t: Target, scales: Array) -> tuple[Value, Value]:
    """The constants ``factors`` and ``shifts``."""
    made = [Multiplier.of(float(s)) for s in scales]
    factors, shifts = np.array([m.factor for m in made], np.int32), np.array([m.shift for m in made], np.int32)
    return t.constant(factors, "factors"), t.constant(shifts, "shifts")


def _bias(t: Target, op: Any, rows: Array, x_zero: int) -> Value:
    """The bias less what the zero point of x adds to each output; ``rows`` are the weights of an output each."""
    bias = np.zeros(len(rows), np.int64) if op.bias is None else _integers(t, op.bias, "bias").astype(np.int64)
    folded = bias - rows.reshape(len(rows), -1).sum(axis=1, dtype=np.int64) * x_zero
    return t.constant(folded.astype(np.int32), f"{op.bias.name if op.bias is not None else 'zero'}_less_zero_point")


def _packed(t: Target, rows: Array, name: str | None) -> Value:
    """Rows of weights, filled up."""
    width = rows.shape[1]
    packed = np.pad(rows, [(0, 0), (0, aligned(width, ROW_MULTIPLE) - width)])
    return t.constant(packed, name or "weight")


@lowers_quantized("conv_2d")
def conv_2d(t: Target, op: Any) -> Value:
    weight, kind = _weights(t, op.filter)
    outputs, *kernel, channels = weight.shape
    x, window = _window(t, op, kernel)
    rows = weight.reshape(outputs, -1)
    packed, bias = _packed(t, rows, op.filter.name), _bias(t, op, rows, window["outside"])
    factors, shifts = _multipliers(t, _scales(t, op, op.input, kind, outputs))
    groups = static(op.input)[-1] // channels
    options = {**window, **stored_bounds(t, op), "groups": groups}
    return t.value("quantized_conv", x, packed, bias, factors, shifts, **options)


@lowers_quantized("depthwise_conv_2d")
def depthwise_conv_2d(t: Target, op: Any) -> Value:
    """One filter a channel, or a convolution with as many groups as channels."""
    weight, kind = _weights(t, op.filter)
    _, *kernel, outputs = weight.shape
    channels = static(op.input)[-1]
    x, window = _window(t, op, kernel)
    rows = np.moveaxis(weight[0], -1, 0)
    bias = _bias(t, op, rows, window["outside"])
    factors, shifts = _multipliers(t, _scales(t, op, op.input, kind, outputs))
    options = {**window, **stored_bounds(t, op)}
    if outputs == channels:
        stored = t.constant(np.ascontiguousarray(weight[0]), op.filter.name or "weight")
        return t.value("quantized_depthwise_conv", x, stored, bias, factors, shifts, **options)
    packed = _packed(t, np.ascontiguousarray(rows).reshape(outputs, -1), op.filter.name)
    return t.value("quantized_conv", x, packed, bias, factors, shifts, groups=channels, **options)


def _window(t: Target, op: Any, kernel: Sequence[int]) -> tuple[Value, dict[str, Any]]:
    """What a convolution reads, and how its windows move. The zero points put around that before are not made."""
    x, pads = op.input, pads_of(op, op.input, kernel, op.dilations)
    zero = kind_of(t, x).zero_point
    pad = x.defining_op
    if isinstance(pad, Pad) and pad.value == 0 and pad.is_spatial() and pad.x.tensor.element == x.tensor.element:
        x, pads = pad.x, tuple(p + more for p, more in zip(pads, pad.pads[1:], strict=False))
    window = {"kernel": tuple(kernel), "strides": op.strides, "dilations": op.dilations, "pads": pads, "outside": zero}
    return x, window


@lowers_quantized("transpose_conv")
def transpose_conv(t: Target, op: Any) -> Value:
    """The padding is that of the convolution that leads back."""
    weight, kind = _weights(t, op.weights)
    outputs, *kernel, _ = weight.shape
    factors, shifts = _multipliers(t, _scales(t, op, op.input, kind, outputs))
    stored = t.constant(np.ascontiguousarray(weight), op.weights.name or "weight")
    bias = _bias(t, op, weight, 0)
    pads = pads_of(op, op.results[0], kernel)
    options = {"strides": op.strides, "pads": pads, "x_zero": kind_of(t, op.input).zero_point, **stored_bounds(t, op)}
    return t.value("quantized_conv_transpose", op.input, stored, bias, factors, shifts, **options)


@lowers_quantized("fully_connected")
def fully_connected(t: Target, op: Any) -> Value:
    weight, kind = _weights(t, op.filter)
    outputs, inner = weight.shape
    x, rows = op.input, op.input.tensor.size // inner
    if static(x) != (rows, inner):
        x = t.value("view", x, type=TensorType((rows, inner), x.tensor.element))
    packed, bias = _packed(t, weight, op.filter.name), _bias(t, op, weight, kind_of(t, x).zero_point)
    scales = t.constant(_scales(t, op, x, kind, outputs), "scales", TensorType((outputs,), F64))
    type = TensorType((rows, outputs), op.results[0].tensor.element)
    y = t.value("quantized_fully_connected", x, packed, bias, scales, type=type, **stored_bounds(t, op))
    return y if op.results[0].type == type else t.value("view", y)


@lowers_quantized("batch_matmul")
def batch_matmul(t: Target, op: Any) -> Value:
    a, b, y = (scale_of(kind_of(t, v)) for v in (op.x, op.y, op.results[0]))
    scales = scaling(double(a * b) / double(y))
    return t.value(
        "quantized_matmul",
        op.x,
        op.y,
        lhs_zero=kind_of(t, op.x).zero_point,
        rhs_zero=kind_of(t, op.y).zero_point,
        transpose_lhs=op.adj_x,
        transpose_rhs=op.adj_y,
        **scales,
        **stored_bounds(t, op),
    )
