"""Elementwise arithmetic, comparisons, logic and bits, with the broadcasting that the opset has."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import BF16, F32, ElementType, element
from ...nodes import axis_of, expect_rank, refuse
from ...sizes import EXACT_FLOAT, cast, unsqueeze
from .registry import Lifter, LiftFunction, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_FIRST_NUMPY_BROADCAST = 7
"""Below this version, operators of two tensors broadcast the second one by attributes."""

UNARY = {
    "Abs": "abs",
    "Acos": "acos",
    "Acosh": "acosh",
    "Asin": "asin",
    "Asinh": "asinh",
    "Atan": "atan",
    "Atanh": "atanh",
    "BitwiseNot": "bitwise_not",
    "Ceil": "ceil",
    "Cos": "cos",
    "Cosh": "cosh",
    "Erf": "erf",
    "Exp": "exp",
    "Floor": "floor",
    "HardSwish": "hard_swish",
    "IsNaN": "is_nan",
    "Log": "log",
    "Neg": "neg",
    "Not": "logical_not",
    "Reciprocal": "reciprocal",
    "Relu": "relu",
    "Round": "round",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "Sin": "sin",
    "Sinh": "sinh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sqrt": "sqrt",
    "Tan": "tan",
    "Tanh": "tanh",
}
BINARY = {
    "Add": "add",
    "And": "logical_and",
    "BitwiseAnd": "bitwise_and",
    "BitwiseOr": "bitwise_or",
    "BitwiseXor": "bitwise_xor",
    "Div": "div",
    "Equal": "equal",
    "Greater": "greater",
    "GreaterOrEqual": "greater_equal",
    "Less": "less",
    "LessOrEqual": "less_equal",
    "Mul": "mul",
    "Or": "logical_or",
    "Sub": "sub",
    "Xor": "logical_xor",
}
VARIADIC = {"Max": "maximum", "Min": "minimum", "Sum": "add"}


def _unary(name: str) -> LiftFunction:
    return lambda b, op, x: getattr(b.nn, name)(x)


def _binary(name: str) -> LiftFunction:
    return lambda b, op, lhs, rhs: getattr(b.nn, name)(lhs, aligned(b, op, lhs, rhs))


def _variadic(name: str) -> LiftFunction:
    return lambda b, op, *xs: functools.reduce(getattr(b.nn, name), xs)


for _names, _make in ((UNARY, _unary), (BINARY, _binary), (VARIADIC, _variadic)):
    for _operator, _name in _names.items():
        lift(_operator)(_make(_name))


def aligned(b: Lifter, op: OnnxOp, lhs: Value, rhs: Value) -> Value:
    """The second operand; old opsets align its first dimension to ``axis`` of the first, so it gets axes behind it."""
    axis = op.get("axis") if op.version < _FIRST_NUMPY_BROADCAST and op.get("broadcast") else None
    if axis is None:
        return rhs
    rank, own = expect_rank(op, lhs, 1), expect_rank(op, rhs, 0)
    first = axis_of(op, axis, rank)
    if first + own > rank:
        raise refuse(op, f"aligns {rhs.type} to axis {axis} of {lhs.type}")
    return unsqueeze(b, rhs, range(own, rank - first))


@lift("Mean")
def mean(b: Lifter, op: OnnxOp, *xs: Value) -> Value:
    total = functools.reduce(b.nn.add, xs)
    return total if len(xs) == 1 else b.nn.div(total, float(len(xs)))


@lift("Mod")
def mod(b: Lifter, op: OnnxOp, dividend: Value, divisor: Value) -> Value:
    return b.nn.mod(dividend, divisor, sign="dividend" if op.get("fmod") else "divisor")


@lift("Pow")
def power(b: Lifter, op: OnnxOp, base: Value, exponent: Value) -> Value:
    """From version 12 on the types of base and exponent may differ; the result has that of the base."""
    exponent = aligned(b, op, base, exponent)
    wide = _element_to_compute_in(base.tensor.expressed, exponent.tensor.expressed)
    return cast(b, b.nn.pow(cast(b, base, wide), cast(b, exponent, wide)), base.tensor.expressed)


def _element_to_compute_in(base: ElementType, exponent: ElementType) -> ElementType:
    if base == exponent or (base.is_float and exponent.is_integer):
        return base
    if BF16 in (base, exponent):  # numpy knows no type that holds bfloat16 and another
        return _element_to_compute_in(*(F32 if e == BF16 else e for e in (base, exponent)))
    common = element(np.result_type(base.dtype, exponent.dtype))
    return base if common.is_float and base.is_integer and exponent.is_integer else common


@lift("Clip")
def clip(b: Lifter, op: OnnxOp, x: Value, low: Value | None = None, high: Value | None = None) -> Value:
    """The bounds are attributes below version 11. If the lower one is above the upper, all becomes the upper."""
    least, most = _bound(b, op, "min", low), _bound(b, op, "max", high)
    if least is not None and most is not None and least <= most:
        return b.nn.clip(x, min=least, max=most)
    x = x if low is None else b.nn.maximum(x, low)
    return x if high is None else b.nn.minimum(x, high)


def _bound(b: Lifter, op: OnnxOp, name: str, operand: Value | None) -> float | None:
    """A bound as a number; None where it is computed, or where a float would not hold it exactly."""
    if operand is None:
        given = op.get(name)
        return float(given) if given is not None else -math.inf if name == "min" else math.inf
    array = b.array(operand)
    if array is None or array.size != 1:
        return None
    number = array.reshape(()).item()
    return float(number) if not isinstance(number, int) or abs(number) <= EXACT_FLOAT else None


@lift("BitShift")
def bit_shift(b: Lifter, op: OnnxOp, x: Value, amount: Value) -> Value:
    return b.nn.bit_shift(x, amount, direction=op.get("direction").lower())


@lift("IsInf")
def is_inf(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Either sign may be left out."""
    found = b.nn.is_inf(x)
    if op.get("detect_negative") and op.get("detect_positive"):
        return found
    if not op.get("detect_negative") and not op.get("detect_positive"):
        return b.nn.logical_and(found, b.constant(np.bool_(False)))
    sign = b.nn.less(x, 0.0) if op.get("detect_negative") else b.nn.greater(x, 0.0)
    return b.nn.logical_and(found, sign)


@lift("Where")
def where(b: Lifter, op: OnnxOp, condition: Value, on_true: Value, on_false: Value) -> Value:
    return b.nn.select(condition, on_true, on_false)
