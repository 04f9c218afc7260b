"""Elementwise operations, changes of type and quantization."""

from __future__ import annotations

import math

import attrs
import numpy as np

from ...ir import OpResult, QuantizedType, TensorType, Value
from ...ir.dialects import nn
from ...ir.types import F32
from .rules_linear import fused
from .target import Target, lowers

_SAME_NAME = [
    "abs",
    "ceil",
    "cos",
    "elu",
    "exp",
    "floor",
    "log",
    "logical_not",
    "rsqrt",
    "sign",
    "sin",
    "sqrt",
    "tanh",
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


@lowers("add", "sub", "div")
def arithmetic(target: Target, op: nn.Add) -> OpResult:
    name = op.name.partition(".")[2]
    largest = 0.0 if name == "div" else _reach(op.lhs) + _reach(op.rhs)
    # The int8 kernels narrow to 16 bits before they saturate.
    return _at_least(target, largest / _INT16, name, op.lhs, op.rhs, fused_activation_function=fused(op))


@lowers("mul")
def mul(target: Target, op: nn.Mul) -> OpResult:
    return _product(target, op.lhs, op.rhs, fused_activation_function=fused(op))


def _product(target: Target, lhs: Value, rhs: Value, **options: str) -> OpResult:
    # The int8 kernel narrows to 16 bits before it saturates.
    return _at_least(target, _reach(lhs) * _reach(rhs) / _INT16, "mul", lhs, rhs, **options)


@lowers("squared_difference")
def squared_difference(target: Target, op: nn.SquaredDifference) -> OpResult:
    steps = [k.scale for v in (op.lhs, op.rhs) if isinstance(k := v.tensor.element, QuantizedType)]
    # The int8 kernel works on differences in units of 1/128 of twice the larger scale, and only makes them smaller.
    least = _MARGIN * (2 * max(steps, default=0.0) / 128) ** 2
    return _at_least(target, least, "squared_difference", op.lhs, op.rhs)


@lowers("hard_swish")
def hard_swish(target: Target, op: nn.HardSwish) -> OpResult:
    kind = op.x.tensor.element
    # The int8 kernel works in units of 1/128 of the operand's scale, and only makes them smaller.
    least = _MARGIN * kind.scale / 128 if isinstance(kind, QuantizedType) else 0.0
    return _at_least(target, least, "hard_swish", op.x)


_INT16 = 2**15 - 1 - 129
"""The largest number of 16 bits that stays one when it was rounded up and a zero point is added."""
_MARGIN = 1.01


def _reach(value: Value) -> float:
    """The largest size of a number that a quantized value can hold; 0 for a value that is not quantized."""
    kind = value.tensor.element
    if not isinstance(kind, QuantizedType):
        return 0.0
    low, high = kind.range
    return kind.scale * max(high - kind.zero_point, kind.zero_point - low)


def _at_least(target: Target, scale: float, name: str, *operands: Value, **options: str) -> OpResult:
    """An operation whose int8 kernel cannot give a finer scale than this: where one is wanted, by a second step."""
    wanted = target.op.results[0].tensor
    kind = wanted.element
    if not isinstance(kind, QuantizedType) or kind.scale >= scale:
        return target.value(name, *operands, **options)
    coarse = wanted.with_element(attrs.evolve(kind, scales=(scale,)))
    return target.value("quantize", target.value(name, *operands, types=[coarse], **options))


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


@lowers("clip", "relu")
def clip(target: Target, op: nn.Clip | nn.Relu) -> Value:
    """One operation for the ranges that TFLite knows, else MAXIMUM and MINIMUM."""
    low, high = (op.min, op.max) if isinstance(op, nn.Clip) else (0.0, math.inf)
    element = op.x.tensor.expressed
    name = CLIPS.get((low, high))
    if name is not None and element.is_float:
        return target.value(name, op.x)
    if element.is_integer:
        lowest, highest = element.limits
        low = math.ceil(low) if low > lowest else -math.inf
        high = math.floor(high) if high < highest else math.inf
    y: Value = op.x
    # In 8 bits these kernels keep the scale of their operands, and only the result's type is sure to hold both limits.
    if op.x.type != op.output.type:
        y = target.value("quantize", y)
    if low > -math.inf and not _saturates_at(op.output, low, upwards=False):
        y = target.value("maximum", y, target.number(low, op.output))
    if high < math.inf and not _saturates_at(op.output, high, upwards=True):
        y = target.value("minimum", y, target.number(high, op.output))
    return y


def _saturates_at(value: Value, limit: float, upwards: bool) -> bool:
    """Whether a value is quantized so that it cannot be beyond the limit anyway."""
    kind = value.tensor.element
    if not isinstance(kind, QuantizedType):
        return False
    lowest, highest = kind.storage.limits
    return int(kind.quantize(np.array(limit, np.float32))) == (highest if upwards else lowest)


@lowers("square")
def square(target: Target, op: nn.Square) -> OpResult:
    # SQUARE has float kernels alone.
    plain = op.x.tensor.element == F32
    return target.value("square", op.x) if plain else _product(target, op.x, op.x)


@lowers("neg")
def neg(target: Target, op: nn.Neg) -> OpResult:
    kind = op.x.tensor.element
    if not isinstance(kind, QuantizedType):
        return target.value("neg", op.x)
    # The int8 kernel of NEG negates what is stored, whatever the zero point: a product with -1 instead.
    step = QuantizedType(kind.storage, kind.expressed, (1 / 127,), (0,))
    minus_one = target.constant(np.array(-127, kind.storage.dtype), "minus_one", TensorType((), step))
    return _product(target, op.x, minus_one)


@lowers("reciprocal")
def reciprocal(target: Target, op: nn.Reciprocal) -> OpResult:
    return target.value("div", target.number(1.0, op.x), op.x)


@lowers("atan2")
def atan2(target: Target, op: nn.Atan2) -> OpResult:
    """ATAN2 does not broadcast."""
    full = op.output.tensor
    shape = target.ints(full.static_shape, "shape")
    sides = [v if v.tensor.shape == full.shape else target.value("broadcast_to", v, shape) for v in (op.lhs, op.rhs)]
    return target.value("atan2", *sides)


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
