"""Elementwise functions that ONNX has not, or has from some opset on."""

from __future__ import annotations

import math

import numpy as np

from ...ir import Builder, QuantizedType, Value
from ...ir.dialects import nn
from ...ir.module import scalar_constant
from ...ir.types import ELEMENT_TYPES
from .. import decompositions
from ..expansion import number
from .expansion import expands

expands("log1p")(decompositions.log1p)
expands("sinh", "cosh", below=9)(decompositions.sinh)
expands("asinh", below=9)(decompositions.asinh)
expands("acosh", below=9)(decompositions.acosh)
expands("atanh", below=9)(decompositions.atanh)
expands("erf", below=9)(decompositions.erf)
expands("round")(decompositions.round_half_away)


@expands("rsqrt")
def rsqrt(b: Builder, op: nn.Rsqrt) -> Value:
    return b.nn.reciprocal(b.nn.sqrt(op.x))


@expands("square")
def square(b: Builder, op: nn.Square) -> Value:
    return b.nn.mul(op.x, op.x)


@expands("squared_difference")
def squared_difference(b: Builder, op: nn.SquaredDifference) -> Value:
    difference = b.nn.sub(op.lhs, op.rhs)
    return b.nn.mul(difference, difference)


@expands("swish")
def swish(b: Builder, op: nn.Swish) -> Value:
    return b.nn.mul(op.x, b.nn.sigmoid(op.x))


@expands("hard_swish", below=14)
def hard_swish(b: Builder, op: nn.HardSwish) -> Value:
    return b.nn.mul(op.x, b.nn.hard_sigmoid(op.x, alpha=1 / 6, beta=0.5))


expands("gelu", below=20)(decompositions.gelu)


@expands("atan2")
def atan2(b: Builder, op: nn.Atan2) -> Value:
    """The angle of the quotient, turned by half a circle on the left; the quotient of zeros is taken as zero.

    A zero below the line is made positive: its sign would turn the angle.
    """
    zero = number(b, 0.0, op.lhs)
    is_zero = b.nn.cast(b.nn.equal(op.lhs, zero), to=op.lhs.tensor.expressed)
    below = b.nn.select(b.nn.equal(op.rhs, zero), is_zero, op.rhs)
    angle = b.nn.atan(b.nn.div(op.lhs, below))
    half = b.nn.select(b.nn.less(op.lhs, zero), number(b, -math.pi, zero), number(b, math.pi, zero))
    return b.nn.add(angle, b.nn.select(b.nn.less(op.rhs, zero), half, zero))


@expands("sign", below=9)
def sign(b: Builder, op: nn.Sign) -> Value:
    """A number cut to -1 .. 1, over its size; the divisor is kept off zero. NaN stays NaN."""
    cut = b.nn.clip(op.x, min=-1.0, max=1.0)
    if op.x.tensor.expressed.is_integer:
        return cut
    least = float(np.finfo(op.x.tensor.expressed.dtype).tiny)
    return b.nn.div(cut, b.nn.maximum(b.nn.abs(cut), least))


@expands("round", below=11)
def round_half_even(b: Builder, op: nn.Round) -> Value | None:
    """Up where the rest is above a half, or is a half and the whole number odd."""
    if op.mode != "half_even":
        return None
    whole = b.nn.floor(op.x)
    rest = b.nn.sub(op.x, whole)
    half = b.nn.mul(whole, 0.5)
    odd = b.nn.mul(b.nn.sub(half, b.nn.floor(half)), 2.0)
    tie = b.nn.mul(b.nn.cast(b.nn.logical_not(b.nn.less(rest, number(b, 0.5, rest))), to=op.x.tensor.expressed), odd)
    above = b.nn.cast(b.nn.greater(rest, number(b, 0.5, rest)), to=op.x.tensor.expressed)
    return b.nn.add(whole, b.nn.maximum(tie, above))


@expands("fake_quantize")
def fake_quantize(b: Builder, op: nn.FakeQuantize) -> Value:
    """There and back; in floats where halves go away from zero, as QuantizeLinear rounds them to even."""
    grid = op.grid
    assert isinstance(grid, QuantizedType)
    x = op.x.tensor
    if op.rounding == "half_even":
        return b.nn.dequantize(b.nn.quantize(op.x, to=x.with_element(grid), rounding="half_even"))
    shape = () if grid.axis is None else tuple(-1 if i == grid.axis % x.rank else 1 for i in range(x.rank))
    scale, zero = (np.array(n, x.expressed.dtype).reshape(shape) for n in (grid.scales, grid.zero_points))
    low, high = grid.range
    steps = b.nn.round(b.nn.div(op.x, scale), mode="half_away")
    if len(set(grid.zero_points)) == 1:
        kept = b.nn.clip(steps, min=float(low - grid.zero_points[0]), max=float(high - grid.zero_points[0]))
    else:
        kept = b.nn.minimum(b.nn.maximum(steps, low - zero), high - zero)
    return b.nn.mul(kept, scale)


# Division


@expands("mod", below=10)
def mod_of_quotient(b: Builder, op: nn.Mod) -> Value:
    """What the cut quotient leaves; where the sign is to be the divisor's, once more with the divisor added."""
    rest = b.nn.sub(op.lhs, b.nn.mul(_cut_quotient(b, op.lhs, op.rhs), op.rhs))
    if op.sign == "dividend":
        return rest
    above = b.nn.add(rest, op.rhs)
    return b.nn.sub(above, b.nn.mul(_cut_quotient(b, above, op.rhs), op.rhs))


def _cut_quotient(b: Builder, lhs: Value, rhs: Value) -> Value:
    quotient = b.nn.div(lhs, rhs)
    if lhs.tensor.expressed.is_integer:
        return quotient
    return b.nn.mul(b.nn.sign(quotient), b.nn.floor(b.nn.abs(quotient)))


@expands("mod")
def mod_of_floats(b: Builder, op: nn.Mod) -> Value | None:
    """The rest with the dividend's sign, and the divisor added where that is not its own."""
    if op.sign == "dividend" or not op.lhs.tensor.expressed.is_float:
        return None
    rest = b.nn.mod(op.lhs, op.rhs, sign="dividend")
    zero = number(b, 0.0, rest)
    differs = b.nn.less(b.nn.mul(b.nn.sign(rest), b.nn.sign(op.rhs)), zero)
    return b.nn.select(differs, b.nn.add(rest, op.rhs), rest)


@expands("floor_div")
def floor_div(b: Builder, op: nn.FloorDiv) -> Value:
    """The quotient of integers is cut towards zero: one less where a rest is left and the signs differ."""
    quotient = b.nn.div(op.lhs, op.rhs)
    element = op.lhs.tensor.expressed
    if element.is_float:
        return b.nn.floor(quotient)
    if element.name.startswith("u"):
        return quotient
    rest = b.nn.sub(op.lhs, b.nn.mul(quotient, op.rhs))
    differs = b.nn.logical_xor(b.nn.less(rest, number(b, 0, rest)), b.nn.less(op.rhs, number(b, 0, rest)))
    odd = b.nn.logical_and(b.nn.logical_not(b.nn.equal(rest, number(b, 0, rest))), differs)
    return b.nn.sub(quotient, b.nn.cast(odd, to=element))


# Bits


@expands("bitwise_not", below=18)
def bitwise_not(b: Builder, op: nn.BitwiseNot) -> Value:
    """-1 - x, which is ~x in two's complement; the largest number less x of unsigned ones."""
    element = op.x.tensor.expressed
    most = element.limits[1] if element.name.startswith("u") else -1
    return b.nn.sub(b.constant(most, element), op.x)


@expands("bit_shift")
def bit_shift(b: Builder, op: nn.BitShift) -> Value | None:
    """BitShift takes unsigned integers. The bits of negative numbers are turned around to shift them to the right."""
    element = op.lhs.tensor.expressed
    if element.name.startswith("u"):
        return None
    unsigned = ELEMENT_TYPES[f"u{element.name}"]

    def shifted(x: Value) -> Value:
        places = b.nn.cast(op.rhs, to=unsigned)
        return b.nn.cast(b.nn.bit_shift(b.nn.cast(x, to=unsigned), places, direction=op.direction), to=element)

    if op.direction == "left":
        return shifted(op.lhs)
    negative = b.nn.less(op.lhs, number(b, 0, op.lhs))
    y = shifted(b.nn.select(negative, _turned(b, op.lhs), op.lhs))
    return b.nn.select(negative, _turned(b, y), y)


def _turned(b: Builder, x: Value) -> Value:
    """-1 - x, which has all bits of x turned around."""
    return b.nn.sub(number(b, -1, x), x)


@expands("prelu")
def prelu(b: Builder, op: nn.Prelu) -> Value | None:
    slope = scalar_constant(op.slope)
    return None if slope is None else b.nn.leaky_relu(op.x, alpha=slope)
