"""Elementwise operations, changes of type and quantization."""

from __future__ import annotations

import math

from ...ir import OpResult, Value
from ...ir.dialects import nn
from .rules_linear import fused
from .target import Target, lowers

_SAME_NAME = [
    "abs",
    "ceil",
    "cos",
    "elu",
    "exp",
    "floor",
    "hard_swish",
    "log",
    "logical_not",
    "neg",
    "relu",
    "rsqrt",
    "sign",
    "sin",
    "sqrt",
    "square",
    "tanh",
    "atan2",
    "bitwise_xor",
    "equal",
    "floor_div",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_or",
    "maximum",
    "minimum",
    "not_equal",
    "pow",
    "prelu",
    "squared_difference",
    "quantize",
    "dequantize",
    "cast",
]
_OTHER_NAME = {"sigmoid": "logistic", "select": "select_v2"}

CLIPS = {
    (0.0, math.inf): "relu",
    (0.0, 6.0): "relu6",
    (-1.0, 1.0): "relu_n1_to_1",
    (0.0, 1.0): "relu_0_to_1",
}
"""The ranges that TFLite has an operation for."""


@lowers(*_SAME_NAME, *_OTHER_NAME)
def by_name(target: Target, op: nn.NNOp) -> OpResult:
    name = op.name.partition(".")[2]
    return target.value(_OTHER_NAME.get(name, name), *op.operands)


@lowers("constant")
def constant(target: Target, op: nn.Constant) -> Value:
    return target.dense(op.value, op.output.name)


@lowers("identity")
def identity(target: Target, op: nn.Identity) -> Value:
    return op.x


@lowers("add", "sub", "mul", "div")
def arithmetic(target: Target, op: nn.Add) -> OpResult:
    name = op.name.partition(".")[2]
    return target.value(name, op.lhs, op.rhs, fused_activation_function=fused(op))


@lowers("mod")
def mod(target: Target, op: nn.Mod) -> OpResult:
    if op.sign != "divisor":
        raise target.error("has the dividend's sign, and TFLite's FLOOR_MOD the divisor's", "run expand-for-tfl before")
    return target.value("floor_mod", op.lhs, op.rhs)


@lowers("round")
def round_(target: Target, op: nn.Round) -> OpResult:
    if op.mode != "half_even":
        raise target.error("rounds halves away from zero, TFLite's ROUND to even", "run expand-for-tfl before")
    return target.value("round", op.x)


@lowers("clip")
def clip(target: Target, op: nn.Clip) -> OpResult:
    name = CLIPS.get((op.min, op.max))
    if name is None:
        raise target.error(
            f"clips to {op.min} .. {op.max}, which is none of {list(CLIPS)}", "run expand-for-tfl before"
        )
    return target.value(name, op.x)


@lowers("leaky_relu")
def leaky_relu(target: Target, op: nn.LeakyRelu) -> OpResult:
    return target.value("leaky_relu", op.x, alpha=op.alpha)


@lowers("gelu")
def gelu(target: Target, op: nn.Gelu) -> OpResult:
    return target.value("gelu", op.x, approximate=op.approximate)


@lowers("bit_shift")
def bit_shift(target: Target, op: nn.BitShift) -> OpResult:
    if op.direction != "right":
        raise target.error("shifts to the left, and TFLite only to the right", "run expand-for-tfl before")
    return target.value("right_shift", op.lhs, op.rhs)
