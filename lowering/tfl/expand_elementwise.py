"""Elementwise functions that TFLite has not, by those that it has.

Formulas are the short ones that keep float32's absolute accuracy wherever the result is finite. What `canonicalize`
makes of several operations (clip, reciprocal, square) stays: the lowering takes it apart again.
"""

from __future__ import annotations

import math

from ...ir import Builder, QuantizedType, TensorType, Value
from ...ir.dialects import nn
from ...ir.module import scalar_constant
from ...ir.types import I8, I16, I32, UI8
from .. import decompositions, trigonometry
from ..expansion import number
from .expansion import expands

expands("log1p")(decompositions.log1p)
expands("sinh", "cosh")(decompositions.sinh)
expands("asinh")(decompositions.asinh)
expands("acosh")(decompositions.acosh)
expands("atanh")(decompositions.atanh)
expands("erf")(decompositions.erf)
expands("round")(decompositions.round_half_away)


@expands("tan")
def tan(b: Builder, op: nn.Tan) -> Value:
    return b.nn.div(b.nn.sin(op.x), b.nn.cos(op.x))


expands("asin")(trigonometry.asin)
expands("acos")(trigonometry.acos)
expands("atan")(trigonometry.atan)


@expands("is_nan")
def is_nan(b: Builder, op: nn.IsNan) -> Value:
    return b.nn.not_equal(op.x, op.x)


@expands("is_inf")
def is_inf(b: Builder, op: nn.IsInf) -> Value:
    return b.nn.equal(b.nn.abs(op.x), number(b, math.inf, op.x))


@expands("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
def narrow_comparison(b: Builder, op: nn.Equal) -> Value | None:
    """Kernels take narrow integers for quantized ones, and end the process where these have no scale."""
    if op.lhs.tensor.expressed not in (I8, UI8, I16):
        return None
    lhs, rhs = (b.nn.cast(v, to=I32) for v in (op.lhs, op.rhs))
    made: Value = b.create(op.name, lhs, rhs).result
    return made


expands("softplus")(decompositions.softplus)
expands("softsign")(decompositions.softsign)
expands("swish")(decompositions.swish)
expands("hard_sigmoid")(decompositions.hard_sigmoid)
expands("elu")(decompositions.elu)
expands("mod")(decompositions.mod_of_dividend)
expands("logical_xor")(decompositions.logical_xor)


@expands("prelu")
def prelu(b: Builder, op: nn.Prelu) -> Value | None:
    slope = scalar_constant(op.slope)
    if slope is not None and op.slope.tensor.rank <= op.x.tensor.rank:
        return b.nn.leaky_relu(op.x, alpha=slope)
    if op.x.tensor.rank <= 4:
        return None
    below = b.nn.minimum(op.x, number(b, 0.0, op.x))
    return b.nn.add(b.nn.relu(op.x), b.nn.mul(below, op.slope))


@expands("fake_quantize")
def fake_quantize(b: Builder, op: nn.FakeQuantize) -> Value:
    grid = op.grid
    assert isinstance(grid, QuantizedType)
    to = TensorType(op.x.tensor.shape, grid)
    return b.nn.dequantize(b.nn.quantize(op.x, to=to, rounding=op.rounding))


@expands("bitwise_not")
def bitwise_not(b: Builder, op: nn.BitwiseNot) -> Value:
    low, high = op.x.tensor.expressed.limits
    return b.nn.bitwise_xor(op.x, number(b, -1 if low < 0 else high, op.x))


@expands("bit_shift")
def bit_shift(b: Builder, op: nn.BitShift) -> Value | None:
    places = scalar_constant(op.rhs)
    if op.direction == "right" or places is None:
        return None
    element = op.lhs.tensor.expressed
    factor = 1 << int(places) if 0 <= places < element.bits else 0
    _, high = element.limits
    return b.nn.mul(op.lhs, number(b, factor if factor <= high else factor - (1 << element.bits), op.lhs))


expands("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")(decompositions.comparison_of_booleans)
