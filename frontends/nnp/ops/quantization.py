"""Quantizers and pruning: what training inserts so that values fall on a grid. All compute with float32."""

from __future__ import annotations

import math

import numpy as np

from ....ir import Value, constant_array
from ....ir.types import Array
from .layers import affine, convolution
from .registry import Call, Lifter, lift, refuse
from .shapes import as_mask, numbers, reshape

_ROUNDING = {"HALF_AWAY_FROM_ZERO": "half_away", "": "half_away", "HALF_TO_EVEN": "half_even"}
_RANGES = {1: (-128.0, 127.0), 2: (0.0, 255.0)}
"""The smallest and the largest number of numpy's types 1 (int8) and 2 (uint8)."""


@lift("FixedPointQuantize")
def fixed_point_quantize(b: Lifter, op: Call, x: Value) -> Value:
    """Multiples of delta that n bits can hold (with sign: one bit less, both ways), rounded half away from 0."""
    bits = op.n - 1 if op.sign else op.n
    if not 0 < bits <= 32 or op.delta <= 0:
        raise refuse(op, f"has {op.n} bits and a step of {op.delta}")
    high = (2.0**bits - 1) * op.delta
    clipped = b.nn.clip(x, min=-high if op.sign else 0.0, max=high)
    return b.nn.mul(b.nn.round(b.nn.div(clipped, op.delta), mode="half_away"), op.delta)


@lift("Pow2Quantize")
def pow2_quantize(b: Lifter, op: Call, x: Value) -> Value:
    """The nearest power of two (in the exponent) that n bits can hold, the greatest being 2^m."""
    bits = op.n - int(op.sign) - int(op.with_zero)
    if not 0 < bits <= 8 or abs(op.m) > 126:
        raise refuse(op, f"has {op.n} bits with the greatest power {op.m}")
    high, low = 2.0**op.m, 2.0 ** (op.m - (2**bits - 1))
    size, negative = b.nn.abs(x), b.nn.less(x, 0.0)
    exponent = b.nn.round(b.nn.mul(b.nn.log(size), 1 / math.log(2)), mode="half_away")
    power = b.nn.clip(b.nn.pow(b.constant(2.0), exponent), min=low, max=high)
    if op.with_zero:
        power = b.nn.select(b.nn.less(size, low * math.sqrt(0.5)), b.constant(0.0), power)
    if op.sign:
        return b.nn.select(negative, b.nn.neg(power), power)
    return b.nn.select(negative, b.constant(0.0 if op.with_zero else low), power)


@lift("MinMaxQuantize")
def min_max_quantize(
    b: Lifter, op: Call, x: Value, qr_min: Value, qr_max: Value, ql_min: Value, ql_max: Value
) -> Value:
    """Quantized to the levels ql_min .. ql_max of the range qr_min .. qr_max, and back.

    The range is moved so that 0 is one of the levels. With x_min_max it is that of x, with ema also that of the file.
    """
    if op.x_min_max:
        low, high = _range_of(b, op, x, qr_min)
        if op.ema:
            b.warn(
                op,
                "averages its range over all runs; here each run starts from the stored one",
                "save it for inference",
            )
            low, high = _mixed(b, op, qr_min, low), _mixed(b, op, qr_max, high)
    else:
        low, high = qr_min, qr_max
    high = b.nn.maximum(high, b.nn.add(low, op.eps))
    scale = b.nn.div(b.nn.sub(high, low), b.nn.sub(ql_max, ql_min))
    zero = b.nn.round(b.nn.sub(ql_min, b.nn.div(low, scale)), mode="half_away")
    zero = b.nn.minimum(b.nn.maximum(zero, ql_min), ql_max)
    low, high = (b.nn.mul(b.nn.sub(level, zero), scale) for level in (ql_min, ql_max))
    clipped = b.nn.minimum(b.nn.maximum(x, low), high)
    levels = b.nn.round(b.nn.div(b.nn.sub(clipped, low), scale), mode="half_away")
    return b.nn.add(b.nn.mul(levels, scale), low)


def _range_of(b: Lifter, op: Call, x: Value, like: Value) -> tuple[Value, Value]:
    """The smallest and the largest elements of x, over the dimensions in which ``like`` has size 1."""
    axes = tuple(i for i, d in enumerate(like.tensor.dims) if d == 1)
    if like.tensor.rank != x.tensor.rank:
        raise refuse(op, f"has a range of type {like.type} for {x.type}")
    if not axes:
        return x, x
    return b.nn.reduce_min(x, axes=axes, keep_dims=True), b.nn.reduce_max(x, axes=axes, keep_dims=True)


def _mixed(b: Lifter, op: Call, stored: Value, found: Value) -> Value:
    return b.nn.add(b.nn.mul(stored, op.decay), b.nn.mul(found, 1 - op.decay))


@lift("QuantizeLinear")
def quantize_linear(b: Lifter, op: Call, x: Value, scale: Value, zero_point: Value) -> Value:
    """round(x / scale) + zero point, in the range of the type; the numbers stay float32."""
    if op.dtype not in _RANGES or op.round_mode not in _ROUNDING:
        raise refuse(op, f"has dtype {op.dtype} and round_mode '{op.round_mode}'", "use dtype 1 (int8) or 2 (uint8)")
    low, high = _RANGES[op.dtype]
    low += 1 if op.narrow_range else 0
    mode = _ROUNDING[op.round_mode]
    zero = b.nn.clip(b.nn.round(zero_point, mode=mode), min=low, max=high)
    return b.nn.clip(b.nn.add(b.nn.round(b.nn.div(x, scale), mode=mode), zero), min=low, max=high)


@lift("DequantizeLinear")
def dequantize_linear(b: Lifter, op: Call, x: Value, scale: Value, zero_point: Value) -> Value:
    return b.nn.mul(b.nn.sub(x, zero_point), scale)


@lift("Prune")
def prune(b: Lifter, op: Call, x: Value) -> Value:
    """0 where abs(x) is less than the one of all elements that stands at place (size - 1) * rate."""
    if not 0 <= op.rate <= 1:
        raise refuse(op, f"has the rate {op.rate}, which is not between 0 and 1")
    if op.rate == 1:
        return b.nn.mul(x, 0.0)
    size = math.prod(numbers(op, x.tensor.dims, "all dimensions"))
    place = int((size - 1) * op.rate)
    absolute = b.nn.abs(x)
    ordered, _ = b.nn.sort(reshape(b, op, absolute, (size,)), axis=0)
    threshold = b.nn.slice(ordered, starts=(place,), stops=(place + 1,), steps=(1,))
    small = b.nn.less(absolute, reshape(b, op, threshold, ()))
    return b.nn.select(small, b.constant(0.0), x)


@lift("INQAffine")
def inq_affine(b: Lifter, op: Call, x: Value, weight: Value, fixed: Value, bias: Value | None) -> Value:
    return affine(b, op, x, incremental_weight(b, op, weight, fixed), bias)


@lift("INQConvolution")
def inq_convolution(b: Lifter, op: Call, x: Value, weight: Value, fixed: Value, bias: Value | None) -> Value:
    return convolution(b, op, x, incremental_weight(b, op, weight, fixed), bias)


def incremental_weight(b: Lifter, op: Call, weight: Value, fixed: Value) -> Value:
    """The weight with its fixed elements as powers of two.

    In each of inq_iterations, counted from 0 whenever a network is loaded, NNabla fixes half of the rest, in the last
    of them all. So what the first run does is done here.
    """
    if not 2 <= op.num_bits <= 8:  # above, powers of two are below the smallest float32
        raise refuse(op, f"has {op.num_bits} bits; 2 to 8 are lifted")
    power = _signed_power(b, op, weight)
    iterations = op.inq_iterations
    if iterations and iterations[-1] == 0:
        return power
    mask = b.constant(_half_fixed(op, weight, fixed)) if 0 in iterations else as_mask(b, fixed)
    return b.nn.select(mask, power, weight)


def _half_fixed(op: Call, weight: Value, fixed: Value) -> Array:
    """The fixed elements, and half of the others: the largest ones."""
    numbers, before = constant_array(weight), constant_array(fixed)
    if op.selection_algorithm != "largest_abs" or numbers is None or before is None:
        raise refuse(op, "fixes random weights in the first run", "set inq_iterations to what training has left")
    mask = before.reshape(-1) == 1
    free = np.flatnonzero(before.reshape(-1) == 0)
    order = free[np.argsort(-np.abs(numbers.reshape(-1)[free]), kind="stable")]
    mask[order[: len(free) // 2]] = True
    return mask.reshape(before.shape)


def _signed_power(b: Lifter, op: Call, weight: Value) -> Value:
    """Signed powers of two, 2^n2 .. 2^n1 (arithmetic rounding: up from 1.5), and 0 for what is below half of 2^n2."""
    size = b.nn.abs(weight)
    largest = b.nn.reduce_max(size, axes=tuple(range(weight.tensor.rank)), keep_dims=True)
    largest = b.nn.select(b.nn.equal(largest, 0.0), b.constant(1.0), largest)
    n1 = _rounded_log2(b, largest)
    n2 = b.nn.sub(n1, float(2 ** (op.num_bits - 2) - 1))
    exponent = b.nn.minimum(b.nn.maximum(_rounded_log2(b, size), n2), n1)
    power = b.nn.mul(b.nn.pow(b.constant(2.0), exponent), b.nn.sign(weight))
    threshold = b.nn.pow(b.constant(2.0), b.nn.sub(n2, 1.0))
    return b.nn.select(b.nn.less(size, threshold), b.constant(0.0), power)


def _rounded_log2(b: Lifter, x: Value) -> Value:
    """The exponent of the power of two that is nearest in the arithmetic mean."""
    exponent = b.nn.mul(b.nn.log(x), 1 / math.log(2))
    return b.nn.floor(b.nn.add(exponent, 1 - math.log2(1.5)))
