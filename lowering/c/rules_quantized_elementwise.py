"""Rules for elementwise functions of 8-bit integers: those of one operand are tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ir import QuantizedType, Type, Value
from ...ir.fixed_point import Multiplier
from ...ir.types import I32, Array
from .quantized import bounds_in, double, kind_of, scale_of, scaling, stored_bounds
from .rules_elementwise import BOUNDS
from .tables import FIXED, REAL, fixed_table, leaky_relu_table, real_table
from .target import Target, lowers_quantized

_NAMES = [n for n in (*REAL, *FIXED) if n not in ("gelu_tanh", "quantize")]


def lookup(t: Target, x: Value, table: Array, type: Type | None = None) -> Value:
    """What a table gives for each element."""
    return t.value("lookup", x, t.constant(table, "table"), type=type)


@lowers_quantized(*(n for n in _NAMES if n not in ("gelu", "relu")))
def function(t: Target, op: Any) -> Value:
    return _function(t, op, op.name.partition(".")[2])


@lowers_quantized("gelu")
def gelu(t: Target, op: Any) -> Value:
    return _function(t, op, "gelu_tanh" if op.approximate else "gelu")


def _function(t: Target, op: Any, name: str) -> Value:
    x, y = kind_of(t, op.input), kind_of(t, op.results[0])
    try:
        table = real_table(name, x, y) if name in REAL else fixed_table(name, x, y)
    except ValueError as error:
        raise t.error(f"cannot be computed: {error}", "leave it in float") from None
    return lookup(t, op.input, table)


@lowers_quantized(*BOUNDS)
def relu(t: Target, op: Any) -> Value:
    x, y = kind_of(t, op.input), kind_of(t, op.results[0])
    bounds = bounds_in(y, *BOUNDS[op.name.partition(".")[2]])
    return lookup(t, op.input, fixed_table("relu", x, y).clip(bounds["lower"], bounds["upper"]))


@lowers_quantized("leaky_relu")
def leaky_relu(t: Target, op: Any) -> Value:
    return lookup(t, op.input, leaky_relu_table(op.alpha, kind_of(t, op.input), kind_of(t, op.results[0])))


@lowers_quantized("quantize")
def quantize(t: Target, op: Any) -> Value:
    y = kind_of(t, op.results[0])
    if isinstance(op.input.tensor.element, QuantizedType):
        x = kind_of(t, op.input)
        return t.value("view", op.input) if x == y else lookup(t, op.input, fixed_table("quantize", x, y))
    return t.value("quantize", op.input, scale=double(scale_of(y)), zero_point=y.zero_point)


@lowers_quantized("dequantize")
def dequantize(t: Target, op: Any) -> Value:
    x = kind_of(t, op.input)
    return t.value("dequantize", op.input, scale=double(scale_of(x)), zero_point=x.zero_point)


@lowers_quantized("add", "sub", "squared_difference")
def sums(t: Target, op: Any) -> Value:
    """Both operands are brought to twice the larger scale, with 20 more bits (7 where they are squared)."""
    name = op.name.partition(".")[2]
    a, b, y = (double(scale_of(kind_of(t, v))) for v in (op.lhs, op.rhs, op.results[0]))
    twice, bits = 2 * max(a, b), 7 if name == "squared_difference" else 20
    result = twice * twice / (2 ** (2 * bits) * y) if name == "squared_difference" else twice / (2**bits * y)
    attributes = {**scaling(a / twice, "lhs_"), **scaling(b / twice, "rhs_"), **scaling(result)}
    zeros = _zeros(t, op.lhs, op.rhs)
    return t.value(
        "quantized_sum", op.lhs, op.rhs, function=name, bits=bits, **attributes, **zeros, **stored_bounds(t, op)
    )


def _zeros(t: Target, lhs: Value, rhs: Value) -> dict[str, Any]:
    return {"lhs_zero": kind_of(t, lhs).zero_point, "rhs_zero": kind_of(t, rhs).zero_point}


@lowers_quantized("mul")
def mul(t: Target, op: Any) -> Value:
    a, b, y = (scale_of(kind_of(t, v)) for v in (op.lhs, op.rhs, op.results[0]))
    bounds = stored_bounds(t, op)
    return t.value("quantized_mul", op.lhs, op.rhs, **scaling(a * b / y), **_zeros(t, op.lhs, op.rhs), **bounds)


@lowers_quantized("prelu")
def prelu(t: Target, op: Any) -> Value:
    a, b, y = (scale_of(kind_of(t, v)) for v in (op.input, op.alpha, op.results[0]))
    scales = {**scaling(a / y), **scaling(a * b / y, "slope_")}
    zeros = _zeros(t, op.input, op.alpha)
    return t.value("quantized_prelu", op.input, op.alpha, **scales, **zeros, **stored_bounds(t, op))


@lowers_quantized("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
def compare(t: Target, op: Any) -> Value:
    """The real numbers are compared, in 1/256; integers of one type as they are where that tells all of them apart."""
    sides, tables = [op.lhs, op.rhs], [_in_256ths(kind_of(t, v)) for v in (op.lhs, op.rhs)]
    if kind_of(t, op.lhs) != kind_of(t, op.rhs) or not np.diff(tables[0]).all():
        pairs = zip(sides, tables, strict=True)
        sides = [lookup(t, v, table, v.tensor.with_element(I32)) for v, table in pairs]
    return t.value("binary", *sides, function=op.name.partition(".")[2])


def _in_256ths(kind: QuantizedType) -> Array:
    """The real numbers that all integers stand for, in 1/256."""
    centred = np.arange(-128, 128, dtype=np.int64) - kind.zero_point
    return Multiplier.of(double(scale_of(kind))).times(centred << 8).astype(np.int32)
