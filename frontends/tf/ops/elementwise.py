"""Elementwise arithmetic, comparisons, logic, bits and choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import F32, I32, ElementType
from ...nodes import expect_rank, refuse
from ...sizes import cast, reshape, sizes_of
from .registry import Lifter, LiftFunction, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp

UNARY = {
    "Abs": "abs",
    "Acos": "acos",
    "Acosh": "acosh",
    "Asin": "asin",
    "Asinh": "asinh",
    "Atan": "atan",
    "Atanh": "atanh",
    "Ceil": "ceil",
    "Cos": "cos",
    "Cosh": "cosh",
    "Erf": "erf",
    "Exp": "exp",
    "Floor": "floor",
    "Inv": "reciprocal",
    "Invert": "bitwise_not",
    "IsInf": "is_inf",
    "IsNan": "is_nan",
    "Log": "log",
    "Log1p": "log1p",
    "LogicalNot": "logical_not",
    "Neg": "neg",
    "Reciprocal": "reciprocal",
    "Relu": "relu",
    "Rint": "round",
    "Round": "round",
    "Rsqrt": "rsqrt",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "Sin": "sin",
    "Sinh": "sinh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sqrt": "sqrt",
    "Square": "square",
    "Tan": "tan",
    "Tanh": "tanh",
}
BINARY = {
    "Add": "add",
    "AddV2": "add",
    "Atan2": "atan2",
    "BitwiseAnd": "bitwise_and",
    "BitwiseOr": "bitwise_or",
    "BitwiseXor": "bitwise_xor",
    "Equal": "equal",
    "FloorDiv": "floor_div",
    "FloorMod": "mod",
    "Greater": "greater",
    "GreaterEqual": "greater_equal",
    "Less": "less",
    "LessEqual": "less_equal",
    "LogicalAnd": "logical_and",
    "LogicalOr": "logical_or",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "Mul": "mul",
    "NotEqual": "not_equal",
    "Pow": "pow",
    "RealDiv": "div",
    "SquaredDifference": "squared_difference",
    "Sub": "sub",
    "TruncateDiv": "div",
}


def _unary(name: str) -> LiftFunction:
    return lambda b, op, x: getattr(b.nn, name)(x)


def _binary(name: str) -> LiftFunction:
    return lambda b, op, x, y: getattr(b.nn, name)(x, y)


for _name, _nn in UNARY.items():
    lift(_name)(_unary(_nn))
for _name, _nn in BINARY.items():
    lift(_name)(_binary(_nn))


@lift("Div")
def div(b: Lifter, op: TfOp, x: Value, y: Value) -> Value:
    """Of integers it is cut towards zero, as in C."""
    return b.nn.div(x, y)


@lift("Mod", "TruncateMod")
def truncate_mod(b: Lifter, op: TfOp, x: Value, y: Value) -> Value:
    return b.nn.mod(x, y, sign="dividend")


@lift("Expm1")
def expm1(b: Lifter, op: TfOp, x: Value) -> Value:
    """e^x - 1 = 2 sinh(x / 2) e^(x / 2), which is exact for small x, too"""
    half = b.nn.mul(x, 0.5)
    return b.nn.mul(b.nn.mul(b.nn.sinh(half), b.nn.exp(half)), 2.0)


@lift("Erfc")
def erfc(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.nn.sub(b.constant(1, x.tensor.storage), b.nn.erf(x))


@lift("IsFinite")
def is_finite(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.nn.logical_not(b.nn.logical_or(b.nn.is_inf(x), b.nn.is_nan(x)))


@lift("AddN")
def add_n(b: Lifter, op: TfOp, first: Value, *others: Value) -> Value:
    for other in others:
        first = b.nn.add(first, other)
    return first


@lift("DivNoNan", "MulNoNan", "Xdivy", "Xlogy", "Xlog1py")
def zero_where(b: Lifter, op: TfOp, x: Value, y: Value) -> Value:
    """0 where the decisive operand is: the divisor of DivNoNan, the second factor of MulNoNan, else x."""
    one, zero = b.constant(1, x.tensor.storage), b.constant(0, x.tensor.storage)
    if op.op_type == "MulNoNan":
        return b.nn.select(b.nn.equal(y, zero), zero, b.nn.mul(x, y))
    if op.op_type == "DivNoNan":
        none = b.nn.equal(y, zero)
        return b.nn.select(none, zero, b.nn.div(x, b.nn.select(none, one, y)))
    none = b.nn.equal(x, zero)
    divisor = b.nn.select(none, one, y)
    if op.op_type == "Xdivy":
        return b.nn.select(none, zero, b.nn.div(x, divisor))
    logarithm = b.nn.log(divisor) if op.op_type == "Xlogy" else b.nn.log1p(divisor)
    return b.nn.select(none, zero, b.nn.mul(x, logarithm))


@lift("ClipByValue")
def clip(b: Lifter, op: TfOp, x: Value, low: Value, high: Value) -> Value:
    bounds = [b.array(low), b.array(high)]
    if x.tensor.storage.is_float and all(a is not None and a.size == 1 for a in bounds):
        least, most = (float(a.reshape(())) for a in bounds if a is not None)
        return b.nn.clip(x, min=least, max=most)
    return b.nn.maximum(b.nn.minimum(x, high), low)


@lift("LeftShift", "RightShift")
def shift(b: Lifter, op: TfOp, x: Value, bits: Value) -> Value:
    return b.nn.bit_shift(x, bits, direction="left" if op.op_type == "LeftShift" else "right")


@lift("ApproximateEqual")
def approximate_equal(b: Lifter, op: TfOp, x: Value, y: Value) -> Value:
    return b.nn.less(b.nn.abs(b.nn.sub(x, y)), float(op.get("tolerance")))


@lift("Select")
def select(b: Lifter, op: TfOp, condition: Value, x: Value, y: Value) -> Value:
    """A condition that is a vector chooses among the slices along the first axis."""
    rank = expect_rank(op, x, 0)
    if expect_rank(op, condition, 0) == 1 and rank > 1:
        condition = reshape(b, condition, [*sizes_of(condition), *[1] * (rank - 1)])
    return b.nn.select(condition, x, y)


@lift("SelectV2")
def select_v2(b: Lifter, op: TfOp, condition: Value, x: Value, y: Value) -> Value:
    return b.nn.select(condition, x, y)


@lift("Cast")
def cast_operator(b: Lifter, op: TfOp, x: Value) -> Value:
    to = op.get("DstT")
    if not isinstance(to, ElementType):
        raise refuse(op, f"gives elements of type {to}")
    return cast(b, x, to)


@lift("Bitcast")
def bitcast(b: Lifter, op: TfOp, x: Value) -> Value:
    to = op.get("type")
    if not isinstance(to, ElementType) or to.dtype.itemsize != x.tensor.storage.dtype.itemsize:
        raise refuse(op, f"makes {to} of {x.tensor.storage}", "cast to a type of the same size")
    return b.nn.bitcast(x, to=to)


@lift("Identity", "StopGradient", "PreventGradient", "Snapshot", "CheckNumerics")
@lift("PlaceholderWithDefault", "EnsureShape", "Print")
def identity(b: Lifter, op: TfOp, x: object, *others: object) -> object:
    """What gives its first operand, whatever else it does."""
    return x


@lift("IdentityN")
def identity_n(b: Lifter, op: TfOp, *values: object) -> tuple[object, ...]:
    return values


@lift("Bucketize")
def bucketize(b: Lifter, op: TfOp, x: Value) -> Value:
    """How many of the boundaries, which are in order, are not above each element"""
    rank = expect_rank(op, x, 0)
    bounds = b.constant(np.array(op.get("boundaries"), np.float32))
    reached = b.nn.greater_equal(reshape(b, cast(b, x, F32), [*sizes_of(x), 1]), bounds)
    return b.nn.reduce_sum(b.nn.cast(reached, to=I32), axes=(rank,), keep_dims=False)
