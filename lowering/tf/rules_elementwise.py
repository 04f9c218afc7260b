"""Elementwise operations and changes of type."""

from __future__ import annotations

import math

from ...ir import Value
from ...ir.dialects import nn
from ...ir.types import I1, ElementType
from .target import EXPAND, Target, lowers

_NAMES = {
    "abs": "Abs",
    "acos": "Acos",
    "acosh": "Acosh",
    "add": "AddV2",
    "asin": "Asin",
    "asinh": "Asinh",
    "atan": "Atan",
    "atan2": "Atan2",
    "atanh": "Atanh",
    "bitwise_and": "BitwiseAnd",
    "bitwise_not": "Invert",
    "bitwise_or": "BitwiseOr",
    "bitwise_xor": "BitwiseXor",
    "ceil": "Ceil",
    "cos": "Cos",
    "cosh": "Cosh",
    "equal": "Equal",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "floor_div": "FloorDiv",
    "greater": "Greater",
    "greater_equal": "GreaterEqual",
    "is_inf": "IsInf",
    "is_nan": "IsNan",
    "less": "Less",
    "less_equal": "LessEqual",
    "log": "Log",
    "log1p": "Log1p",
    "logical_and": "LogicalAnd",
    "logical_not": "LogicalNot",
    "logical_or": "LogicalOr",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "mul": "Mul",
    "neg": "Neg",
    "not_equal": "NotEqual",
    "pow": "Pow",
    "relu": "Relu",
    "rsqrt": "Rsqrt",
    "select": "SelectV2",
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "sqrt": "Sqrt",
    "square": "Square",
    "squared_difference": "SquaredDifference",
    "sub": "Sub",
    "tan": "Tan",
    "tanh": "Tanh",
}
"""Operations that are those of TensorFlow by other names."""


@lowers(*_NAMES)
def by_name(t: Target, op: nn.NNOp) -> Value:
    operands = [v for v in op.operands if v is not None]
    return t.value(_NAMES[op.name.partition(".")[2]], *operands)


@lowers("constant")
def constant(t: Target, op: nn.Constant) -> Value:
    return t.dense(op.value, op.output.name)


@lowers("identity")
def identity(t: Target, op: nn.Identity) -> Value:
    return op.x


@lowers("cast")
def cast(t: Target, op: nn.Cast) -> Value:
    assert isinstance(op.to, ElementType)
    return op.x if op.x.tensor.element == op.to else t.value("Cast", op.x, DstT=op.to)


@lowers("bitcast")
def bitcast(t: Target, op: nn.Bitcast) -> Value:
    assert isinstance(op.to, ElementType)
    if I1 in (op.to, op.x.tensor.expressed):
        raise t.error("reads booleans as other elements, which Bitcast does not", "compare with 0, or cast")
    return t.value("Bitcast", op.x, type=op.to)


@lowers("div")
def div(t: Target, op: nn.Div) -> Value:
    """Of integers, Div cuts the quotient as C does."""
    return t.value("RealDiv" if op.lhs.tensor.expressed.is_float else "Div", op.lhs, op.rhs)


@lowers("reciprocal")
def reciprocal(t: Target, op: nn.Reciprocal) -> Value:
    return t.value("Reciprocal", op.x)


@lowers("round")
def round_(t: Target, op: nn.Round) -> Value:
    if op.mode != "half_even":
        raise t.error("rounds halves away from zero, TensorFlow's Round to even", EXPAND)
    return t.value("Round", op.x)


@lowers("mod")
def mod(t: Target, op: nn.Mod) -> Value:
    if op.sign != "divisor":
        raise t.error("has the dividend's sign, and FloorMod the divisor's", EXPAND)
    return t.value("FloorMod", op.lhs, op.rhs)


@lowers("bit_shift")
def bit_shift(t: Target, op: nn.BitShift) -> Value:
    return t.value("LeftShift" if op.direction == "left" else "RightShift", op.lhs, op.rhs)


@lowers("elu", "leaky_relu")
def with_slope(t: Target, op: nn.Elu | nn.LeakyRelu) -> Value:
    if isinstance(op, nn.LeakyRelu):
        return t.value("LeakyRelu", op.x, alpha=op.alpha)
    if op.alpha != 1.0:
        raise t.error(f"has the factor {op.alpha}, and TensorFlow's Elu has none", EXPAND)
    return t.value("Elu", op.x)


@lowers("clip")
def clip(t: Target, op: nn.Clip) -> Value:
    return clipped(t, op.x, op.min, op.max)


def clipped(t: Target, x: Value, low: float, high: float) -> Value:
    """x within limits; an infinite one is left out."""
    element = x.tensor.expressed
    if element.is_integer:
        least, most = element.limits
        low = -math.inf if low <= least else min(math.ceil(low), most)
        high = math.inf if high >= most else max(math.floor(high), least)
    if low == 0.0 and high in (6.0, math.inf):
        return t.value("Relu" if high == math.inf else "Relu6", x, types=[x.type])
    if low > -math.inf:
        x = t.value("Maximum", x, t.number(low, x), types=[x.type])
    return t.value("Minimum", x, t.number(high, x), types=[x.type]) if high < math.inf else x
