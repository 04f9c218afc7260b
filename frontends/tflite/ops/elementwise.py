"""What works on each element alone: functions, arithmetic, comparisons, logic, activations, types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from ....ir import DenseResource, QuantizedType, Value
from ....ir.module import constant_attribute
from ....ir.types import ELEMENT_TYPES, F32, Array
from ...nodes import expect_rank
from ...sizes import cast, reshape, sizes_of
from .lifter import activated
from .registry import Lifter, lift, refuse

UNARY = {
    "ABS": "abs",
    "CEIL": "ceil",
    "COS": "cos",
    "EXP": "exp",
    "FLOOR": "floor",
    "HARD_SWISH": "hard_swish",
    "LOG": "log",
    "LOGISTIC": "sigmoid",
    "LOGICAL_NOT": "logical_not",
    "NEG": "neg",
    "RELU": "relu",
    "ROUND": "round",
    "RSQRT": "rsqrt",
    "SIGN": "sign",
    "SIN": "sin",
    "SQRT": "sqrt",
    "SQUARE": "square",
    "TANH": "tanh",
    "ELU": "elu",
}
"""Operators of one operand that are one operation of nn."""
BINARY = {
    "ATAN2": "atan2",
    "EQUAL": "equal",
    "FLOOR_DIV": "floor_div",
    "FLOOR_MOD": "mod",
    "GREATER": "greater",
    "GREATER_EQUAL": "greater_equal",
    "LESS": "less",
    "LESS_EQUAL": "less_equal",
    "LOGICAL_AND": "logical_and",
    "LOGICAL_OR": "logical_or",
    "MAXIMUM": "maximum",
    "MINIMUM": "minimum",
    "NOT_EQUAL": "not_equal",
    "POW": "pow",
    "SQUARED_DIFFERENCE": "squared_difference",
    "STABLEHLO_ADD": "add",
    "STABLEHLO_MAXIMUM": "maximum",
    "STABLEHLO_MINIMUM": "minimum",
    "STABLEHLO_MULTIPLY": "mul",
}
"""Operators of two operands that are one operation of nn."""
ARITHMETIC = {"ADD": "add", "SUB": "sub", "MUL": "mul", "DIV": "div"}
"""Operators of two operands with an activation function built in."""
LIMITS = {"RELU6": (0.0, 6.0), "RELU_0_TO_1": (0.0, 1.0), "RELU_N1_TO_1": (-1.0, 1.0)}


def _define(table: dict[str, str], make: Callable[[str], Callable[..., Value]]) -> None:
    for builtin, name in table.items():
        lift(builtin)(make(name))


def _unary(name: str) -> Callable[..., Value]:
    return lambda b, op, x: getattr(b.nn, name)(x)


def _binary(name: str) -> Callable[..., Value]:
    return lambda b, op, x, y: getattr(b.nn, name)(x, y)


def _arithmetic(name: str) -> Callable[..., Value]:
    return lambda b, op, x, y: activated(b, op, getattr(b.nn, name)(x, y))


_define(UNARY, _unary)
_define(BINARY, _binary)
_define(ARITHMETIC, _arithmetic)


@lift(*LIMITS)
def clipped(b: Lifter, op: Any, x: Value) -> Value:
    low, high = LIMITS[op.builtin]
    made: Value = b.nn.clip(x, min=low, max=high)
    return made


@lift("GELU")
def gelu(b: Lifter, op: Any, x: Value) -> Value:
    made: Value = b.nn.gelu(x, approximate=op.approximate)
    return made


@lift("LEAKY_RELU")
def leaky_relu(b: Lifter, op: Any, x: Value) -> Value:
    made: Value = b.nn.leaky_relu(x, alpha=op.alpha)
    return made


@lift("PRELU")
def prelu(b: Lifter, op: Any, x: Value, alpha: Value) -> Value:
    made: Value = b.nn.prelu(x, alpha)
    return made


@lift("ADD_N")
def add_n(b: Lifter, op: Any, *inputs: Value) -> Value:
    total = inputs[0]
    for each in inputs[1:]:
        total = b.nn.add(total, each)
    return total


@lift("BITWISE_XOR")
def bitwise_xor(b: Lifter, op: Any, x: Value, y: Value) -> Value:
    made: Value = b.nn.logical_xor(x, y) if x.tensor.storage.is_bool else b.nn.bitwise_xor(x, y)
    return made


@lift("RIGHT_SHIFT")
def right_shift(b: Lifter, op: Any, x: Value, y: Value) -> Value:
    made: Value = b.nn.bit_shift(x, y, direction="right")
    return made


@lift("SELECT_V2")
def select_v2(b: Lifter, op: Any, condition: Value, x: Value, y: Value) -> Value:
    made: Value = b.nn.select(condition, x, y)
    return made


@lift("SELECT")
def select(b: Lifter, op: Any, condition: Value, x: Value, y: Value) -> Value:
    """A condition of one dimension chooses rows."""
    rank = expect_rank(op, x, 0)
    if condition.tensor.rank == 1 and rank > 1:
        condition = reshape(b, condition, [*sizes_of(condition), *[1] * (rank - 1)])
    return select_v2(b, op, condition, x, y)


@lift("CAST")
def cast_(b: Lifter, op: Any, x: Value) -> Value:
    return cast(b, x, op.output_type.storage)


@lift("QUANTIZE", "DEQUANTIZE")
def quantize(b: Lifter, op: Any, x: Value) -> Value:
    """Real numbers to a lift, before and behind it; floats of 16 bits become those of 32, weights at once."""
    element, dense = op.results[0].tensor.expressed, constant_attribute(x)
    if isinstance(dense, DenseResource) and dense.type.element != element:
        weights = dense.resource.name

        def load() -> Array:
            return dense.read().astype(element.dtype)

        made: Value = b.nn.constant(value=b.module.add_resource(weights, load, dense.type.with_element(element)))
        return made
    return cast(b, x, element)


@lift("FAKE_QUANT")
def fake_quant(b: Lifter, op: Any, x: Value) -> Value:
    """Rounded to the numbers that 2^bits integers stand for, between min and max moved so that 0 is one of them."""
    bits = op.attributes.get("num_bits", 0)
    if bits != 8:
        raise refuse(op, f"rounds to {bits} bits, and nncc knows 8", "train it for 8 bits")
    low = 1 if op.attributes.get("narrow_range", False) else 0
    minimum, maximum = float(op.attributes.get("min", 0.0)), float(op.attributes.get("max", 0.0))
    if not minimum < maximum:
        raise refuse(op, f"has the range {minimum} to {maximum}")
    scale = float(np.float32((maximum - minimum) / (255 - low)))
    zero_point = int(np.clip(np.floor(low - minimum / scale + 0.5), low, 255))
    kind = QuantizedType(ELEMENT_TYPES["ui8"], F32, (scale,), (zero_point,))
    made: Value = b.nn.fake_quantize(x, grid=kind if not low else attrs.evolve(kind, limits=(low, 255)))
    return made


@lift("BUCKETIZE")
def bucketize(b: Lifter, op: Any, x: Value) -> Value:
    """How many boundaries are not above each element."""
    boundaries = np.asarray(op.attributes.get("boundaries", ()), np.float32)
    rows = reshape(b, cast(b, x, F32), [*sizes_of(x), 1])
    reached = b.nn.cast(b.nn.greater_equal(rows, b.constant(boundaries)), to=ELEMENT_TYPES["i32"])
    made: Value = b.nn.reduce_sum(reached, axes=(x.tensor.rank,), keep_dims=False)
    return made
