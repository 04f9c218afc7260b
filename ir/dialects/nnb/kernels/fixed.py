"""Kernels on integers, for functions whose variables all have 16 bits, or all 8."""

from __future__ import annotations

import math

import numpy as np

from ....types import Array
from . import movement
from .layers import channel_parts, product
from .pools import window_max, window_sizes, window_sum
from .registry import FIXED, Call
from .storage import bounds, point, quotient, rescaled, saturated, subtracted, summed


def _points(call: Call) -> list[int]:
    return [0 if type is None else point(type) for type in (*call.operands, *call.results)]


# Arithmetic


@FIXED.computes("Add2", "Sub2")
def add(call: Call, a: Array, b: Array) -> Array:
    """Of operands that have as many bits behind the point: those of the one that has more are cut off, in its place."""
    at_a, at_b, at_y = _points(call)
    common = min(at_a, at_b)
    type = call.results[0]
    a, b = rescaled(a, at_a, common, type), rescaled(b, at_b, common, type)
    combine = subtracted if call.name == "Sub2" else summed
    return rescaled(combine(a, b, type), common, at_y, type)


@FIXED.computes("Mul2")
def multiply(call: Call, a: Array, b: Array) -> Array:
    at_a, at_b, at_y = _points(call)
    return saturated(quotient(a.astype(np.int64) * b, 1 << (at_a + at_b - at_y)), call.results[0])


@FIXED.computes("Div2")
def divide(call: Call, a: Array, b: Array) -> Array:
    at_a, at_b, at_y = _points(call)
    if not b.all():
        raise ZeroDivisionError("the runtime stops at a division of integers by 0")
    return saturated(quotient(a.astype(np.int64) << (at_b + at_y - at_a), b.astype(np.int64)), call.results[0])


@FIXED.computes("AddScalar")
def add_scalar(call: Call, x: Array) -> Array:
    at_x, at_y = _points(call)
    type = call.results[0]
    return rescaled(summed(x, _integer(call, float(call.number("val")), at_x), type), at_x, at_y, type)


@FIXED.computes("MulScalar")
def multiply_scalar(call: Call, x: Array) -> Array:
    at_x, at_y = _points(call)
    value = float(call.number("val"))
    at_value = scalar_point(value, call.results[0].storage.bits)
    factor = _integer(call, value, at_value).astype(np.int64)
    return saturated(quotient(x.astype(np.int64) * factor, 1 << (at_x + at_value - at_y)), call.results[0])


def scalar_point(value: float, bits: int) -> int:
    """How many bits behind the point MulScalar gives its number."""
    return math.floor(max(0.0, bits - (1.0 + math.log2(1.0 + abs(value)))) + 0.5)


def _integer(call: Call, value: float, at: int) -> Array:
    """A number as an integer; where it is too large, the runtime takes the bound without its fraction."""
    type = call.results[0]
    limit = 1 << max(type.storage.bits - at - 1, 0)
    if abs(value) >= limit:
        return np.asarray(math.copysign(limit, value)).astype(type.storage.dtype)
    scaled = value * (1 << at)
    return np.asarray(math.copysign(math.floor(abs(scaled) + 0.5), scaled)).astype(type.storage.dtype)


# Layers


@FIXED.computes("Affine")
def affine(call: Call, x: Array, weight: Array, bias: Array | None = None) -> Array:
    at_x, at_w, *_, at_y = _points(call)
    exact = product(call, x.astype(np.float64), weight.astype(np.float64)).astype(np.int64)
    y = saturated(quotient(exact, 1 << (at_x + at_w - at_y)), call.results[0])
    return (
        y
        if bias is None
        else summed(y, _bias(call, bias).reshape(y.shape[call.integer("base_axis") :]), call.results[0])
    )


@FIXED.computes("Convolution")
def convolution(call: Call, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """Each channel of the input adds its part, cut to what the result holds."""
    at_x, at_w, *_, at_y = _points(call)
    type = call.results[0]
    y = np.zeros((), np.int64)
    for part in channel_parts(call, x.astype(np.float64), weight.astype(np.float64)):
        y = np.clip(y + quotient(part.astype(np.int64), 1 << (at_x + at_w - at_y)), *bounds(type))
    y = y.astype(type.storage.dtype)
    if bias is not None:
        y = summed(y, _bias(call, bias).reshape(-1, *[1] * (y.ndim - 2)), type)
    return y.reshape(call.shape_of_result)


@FIXED.computes("DepthwiseConvolution")
def depthwise_convolution(call: Call, x: Array, weight: Array, bias: Array | None = None) -> Array:
    grouped = weight.reshape(weight.shape[0], 1, *weight.shape[1:])
    return convolution(call.changed(group=x.shape[call.integer("base_axis")]), x, grouped, bias)


def _bias(call: Call, bias: Array) -> Array:
    """The bias with the point of the result. One with fewer bits behind it is an error of the runtime."""
    of_bias = call.operands[2]
    assert of_bias is not None
    if point(of_bias) < point(call.results[0]):
        raise ValueError("the bias has fewer bits behind the point than the result")
    return rescaled(bias, point(of_bias), point(call.results[0]), of_bias)


# Pools and movements


@FIXED.computes("MaxPooling")
def max_pooling(call: Call, x: Array) -> Array:
    return _moved(call, window_max(call, x, bounds(call.results[0])[0]))


@FIXED.computes("SumPooling")
def sum_pooling(call: Call, x: Array) -> Array:
    return _moved(call, window_sum(call, x.astype(np.int64)))


@FIXED.computes("AveragePooling")
def average_pooling(call: Call, x: Array) -> Array:
    return _moved(call, quotient(window_sum(call, x.astype(np.int64)), window_sizes(call, x)))


@FIXED.computes("ReLU")
def relu(call: Call, x: Array) -> Array:
    return _moved(call, np.maximum(x, 0))


@FIXED.computes("Reshape")
def reshape(call: Call, x: Array) -> Array:
    return _moved(call, movement.reshape(call, x))


@FIXED.computes("Transpose")
def transpose(call: Call, x: Array) -> Array:
    return _moved(call, movement.transpose(call, x))


def _moved(call: Call, y: Array) -> Array:
    at_x, at_y = _points(call)
    return saturated(rescaled_wide(y, at_x, at_y), call.results[0])


def rescaled_wide(numbers: Array, old: int, new: int) -> Array:
    """Integers with another number of bits behind the point, before they are saturated."""
    wide = numbers.astype(np.int64)
    return quotient(wide, 1 << (old - new)) if old > new else wide << (new - old)
