"""Elementwise operations and changes of type."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.dialects.onnx import data_type
from ...ir.types import ElementType
from .broadcasting import FIRST_OF_NUMPY
from .target import Target, lowers

_NAMES = {
    "abs": "Abs",
    "acos": "Acos",
    "acosh": "Acosh",
    "add": "Add",
    "asin": "Asin",
    "asinh": "Asinh",
    "atan": "Atan",
    "atanh": "Atanh",
    "bitwise_and": "BitwiseAnd",
    "bitwise_not": "BitwiseNot",
    "bitwise_or": "BitwiseOr",
    "bitwise_xor": "BitwiseXor",
    "ceil": "Ceil",
    "cos": "Cos",
    "cosh": "Cosh",
    "div": "Div",
    "equal": "Equal",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "hard_swish": "HardSwish",
    "is_inf": "IsInf",
    "is_nan": "IsNaN",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "log": "Log",
    "logical_and": "And",
    "logical_not": "Not",
    "logical_or": "Or",
    "logical_xor": "Xor",
    "maximum": "Max",
    "minimum": "Min",
    "mul": "Mul",
    "neg": "Neg",
    "pow": "Pow",
    "reciprocal": "Reciprocal",
    "select": "Where",
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "sqrt": "Sqrt",
    "sub": "Sub",
    "tan": "Tan",
    "tanh": "Tanh",
}
"""Operations that are those of ONNX by other names."""


@lowers("relu")
def relu(t: Target, op: nn.Relu) -> Value:
    return clipped(t, op.x, 0.0, math.inf, op.output.tensor)


@lowers(*_NAMES)
def by_name(t: Target, op: nn.NNOp) -> Value:
    return t.value(_NAMES[op.name.partition(".")[2]], *op.operands)


@lowers("prelu")
def prelu(t: Target, op: nn.Prelu) -> Value:
    slope: Value = op.slope
    if t.opset < FIRST_OF_NUMPY:
        missing = op.x.tensor.rank - slope.tensor.rank
        dims = (*[1] * missing, *slope.tensor.dims)  # as it broadcasts
        own = [d for d in dims if d != 1]
        if len(own) != 1 or len(dims) < 2 or dims[1] != own[0]:
            raise t.error("has slopes that are not one a channel", "choose a higher opset with -d opset_N")
        slope = t.reshaped(slope, (-1,), TensorType((own[0],), slope.tensor.element))
    return t.value("PRelu", op.x, slope)


@lowers("constant")
def constant(t: Target, op: nn.Constant) -> Value:
    return t.dense(op.value, op.output.name)


@lowers("identity")
def identity(t: Target, op: nn.Identity) -> Value:
    return op.x


@lowers("cast")
def cast(t: Target, op: nn.Cast) -> Value:
    assert isinstance(op.to, ElementType)
    options: dict[str, Any] = {} if op.saturate else {"saturate": 0}
    if op.power != "up":
        options["round_mode"] = op.power
    return op.x if op.x.tensor.element == op.to else t.value("Cast", op.x, to=data_type(op.to), **options)


@lowers("bitcast")
def bitcast(t: Target, op: nn.Bitcast) -> Value:
    assert isinstance(op.to, ElementType)
    return t.value("BitCast", op.x, to=data_type(op.to))


@lowers("elu", "leaky_relu")
def with_alpha(t: Target, op: nn.Elu | nn.LeakyRelu) -> Value:
    return t.value("Elu" if isinstance(op, nn.Elu) else "LeakyRelu", op.x, alpha=op.alpha)


@lowers("hard_sigmoid")
def hard_sigmoid(t: Target, op: nn.HardSigmoid) -> Value:
    return t.value("HardSigmoid", op.x, alpha=op.alpha, beta=op.beta)


@lowers("gelu")
def gelu(t: Target, op: nn.Gelu) -> Value:
    return t.value("Gelu", op.x, approximate="tanh") if op.approximate else t.value("Gelu", op.x)


@lowers("round")
def round_(t: Target, op: nn.Round) -> Value:
    if op.mode != "half_even":
        raise t.error("rounds halves away from zero, Round of ONNX to even", "run expand-for-onnx before")
    return t.value("Round", op.x)


@lowers("mod")
def mod(t: Target, op: nn.Mod) -> Value:
    """Mod takes the divisor's sign for integers, with fmod the dividend's for all."""
    if op.sign == "dividend":
        return t.value("Mod", op.lhs, op.rhs, fmod=1)
    if op.lhs.tensor.expressed.is_float:
        raise t.error("has the divisor's sign, and Mod of floats the dividend's", "run expand-for-onnx before")
    return t.value("Mod", op.lhs, op.rhs)


@lowers("bit_shift")
def bit_shift(t: Target, op: nn.BitShift) -> Value:
    if not op.lhs.tensor.expressed.name.startswith("u"):
        raise t.error("shifts signed integers, and BitShift unsigned ones", "run expand-for-onnx before")
    return t.value("BitShift", op.lhs, op.rhs, direction=op.direction.upper())


@lowers("clip")
def clip(t: Target, op: nn.Clip) -> Value:
    return clipped(t, op.x, op.min, op.max, op.output.tensor)


def clipped(t: Target, x: Value, low: float, high: float, type: TensorType) -> Value:
    """x within limits; an infinite one is left out."""
    element = x.tensor.expressed
    if element.is_integer:
        least, most = element.limits
        low = -math.inf if low <= least else min(math.ceil(low), most)
        high = math.inf if high >= most else max(math.floor(high), least)
    if (low, high) == (0.0, math.inf) and element.is_float:
        return t.value("Relu", x, types=[type])
    bounds = {"min": low, "max": high}
    if t.since("Clip") < 11:
        given = {name: float(bound) for name, bound in bounds.items() if math.isfinite(bound)}
        return t.value("Clip", x, types=[type], **given)
    operands = [t.constant(np.array(n, element.dtype), k) if math.isfinite(n) else None for k, n in bounds.items()]
    return t.value("Clip", x, *operands, types=[type])


def activated(t: Target, x: Value, activation: str) -> Value:
    """An activation that an operation had built in, as an operation of its own."""
    low, high = nn.ACTIVATIONS[activation]
    return clipped(t, x, low, high, x.tensor)
