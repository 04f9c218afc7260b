"""Elementwise functions that TFLite has not, by those that it has.

Formulas are the short ones that keep float32's absolute accuracy wherever the result is finite. What `canonicalize`
makes of several operations (clip, reciprocal, square) stays: the lowering takes it apart again.
"""

from __future__ import annotations

import math

from ...ir import Builder, QuantizedType, TensorType, Value
from ...ir.dialects import nn
from ...ir.module import scalar_constant
from ...ir.types import I1, I8, I16, I32, UI8
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


@expands("swish")
def swish(b: Builder, op: nn.Swish) -> Value:
    return b.nn.mul(op.x, b.nn.sigmoid(op.x))


@expands("hard_sigmoid")
def hard_sigmoid(b: Builder, op: nn.HardSigmoid) -> Value:
    """As relu6(6 alpha x + 6 beta) / 6 where that costs no more.

    RELU6 can be fused into what is before it, and the factors fold into weights before and behind.
    """
    factor = 6 * op.alpha
    source = op.x.defining_op
    folds = isinstance(source, nn.ConvolutionOp | nn.Affine) and op.x.has_one_use
    if not folds and not math.isclose(factor, 1.0, rel_tol=1e-6):
        return b.nn.clip(b.nn.add(b.nn.mul(op.x, op.alpha), op.beta), min=0.0, max=1.0)
    scaled = op.x if math.isclose(factor, 1.0, rel_tol=1e-6) else b.nn.mul(op.x, factor)
    return b.nn.mul(b.nn.clip(b.nn.add(scaled, 6 * op.beta), min=0.0, max=6.0), 1 / 6)


@expands("elu")
def elu(b: Builder, op: nn.Elu) -> Value | None:
    if op.alpha == 1.0:
        return None
    below = b.nn.elu(b.nn.minimum(op.x, number(b, 0.0, op.x)))
    return b.nn.add(b.nn.relu(op.x), b.nn.mul(below, op.alpha))


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


@expands("mod")
def mod(b: Builder, op: nn.Mod) -> Value | None:
    if op.sign == "divisor":
        return None
    if op.lhs.tensor.expressed.is_float:
        rest = b.nn.mod(b.nn.abs(op.lhs), b.nn.abs(op.rhs))
        return b.nn.mul(b.nn.sign(op.lhs), rest)
    quotient = b.nn.div(op.lhs, op.rhs)
    return b.nn.sub(op.lhs, b.nn.mul(quotient, op.rhs))


@expands("logical_xor")
def logical_xor(b: Builder, op: nn.LogicalXor) -> Value:
    return b.nn.not_equal(op.lhs, op.rhs)


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


@expands("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
def comparison(b: Builder, op: nn.Equal) -> Value | None:
    if op.lhs.tensor.expressed is not I1 or op.name in ("nn.equal", "nn.not_equal"):
        return None
    lhs, rhs = (b.nn.cast(v, to=I32) for v in (op.lhs, op.rhs))
    return b.create(op.name, lhs, rhs).result
