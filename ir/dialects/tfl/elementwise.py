"""Elementwise operations: arithmetic, functions, comparisons, logic, activations."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ...opdef import BOOL, FLOAT, Trait, attribute, operand, result
from ...types import Array
from ..nn import binary as nn_binary
from ..nn.activation import sigmoid
from ..nn.unary import erf
from .base import ACTIVATION, TFLOp, activate, broadcasts_beyond, operand_types

# Functions of one operand


class Unary(TFLOp, traits=(Trait.ELEMENTWISE,)):
    """Base of functions of one operand that have no options."""

    function: ClassVar[Any]
    input = operand()
    output = result()

    def evaluate(self, input: Array) -> Any:
        return type(self).function(input)


_INT8 = {"i8": 2, "i16": 3}
_LOOKUP = {"i8": 2, "i16": 2}


def _unary(name: str, builtin: str, doc: str, function: Callable[[Array], Array], versions: dict[str, int]) -> None:
    """Define one more function of one operand."""
    # Only these have an options table in the schema; it is empty.
    options = {"ABS": "Abs", "COS": "Cos", "EXP": "Exp", "NEG": "Neg", "SQUARE": "Square", "SIGN": "Sign"}
    options |= {"LOGICAL_NOT": "LogicalNot", "HARD_SWISH": "HardSwish"}
    body = {"__doc__": doc, "__module__": __name__, "function": staticmethod(function)}
    keywords: dict[str, Any] = {
        "versions": versions,
        "name": f"tfl.{name}",
        "builtin": builtin,
        "options": options.get(builtin, ""),
    }
    types.new_class(name.title().replace("_", ""), (Unary,), keywords, lambda namespace: namespace.update(body))


_UNARY: tuple[tuple[str, str, str, Callable[[Array], Array], dict[str, int]], ...] = (
    ("abs", "ABS", "|x|", np.abs, {"i8": 2, "i16": 3, "i32": 5}),
    ("ceil", "CEIL", "x rounded up", np.ceil, {}),
    ("cos", "COS", "cos x", np.cos, {}),
    ("exp", "EXP", "e^x", np.exp, _LOOKUP),
    ("floor", "FLOOR", "x rounded down", np.floor, {}),
    ("hard_swish", "HARD_SWISH", "x * clip(x + 3, 0, 6) / 6", lambda x: x * np.clip(x + 3, 0, 6) / 6, {}),
    ("log", "LOG", "ln x", np.log, _LOOKUP),
    ("logistic", "LOGISTIC", "1 / (1 + e^-x)", sigmoid, _INT8),
    ("logical_not", "LOGICAL_NOT", "not x", np.logical_not, {}),
    ("neg", "NEG", "-x", np.negative, {}),
    ("relu", "RELU", "max(x, 0)", lambda x: np.maximum(x, 0), _INT8),
    ("relu6", "RELU6", "min(max(x, 0), 6)", lambda x: np.clip(x, 0, 6), _INT8),
    ("relu_0_to_1", "RELU_0_TO_1", "min(max(x, 0), 1)", lambda x: np.clip(x, 0, 1), {}),
    ("relu_n1_to_1", "RELU_N1_TO_1", "min(max(x, -1), 1)", lambda x: np.clip(x, -1, 1), {}),
    ("round", "ROUND", "x rounded, halves to even", np.rint, {}),
    ("rsqrt", "RSQRT", "1 / √x", lambda x: 1 / np.sqrt(x), _INT8),
    ("sign", "SIGN", "-1, 0 or 1", np.sign, {"i32": 2}),
    ("sin", "SIN", "sin x", np.sin, {}),
    ("sqrt", "SQRT", "√x", np.sqrt, _LOOKUP),
    ("square", "SQUARE", "x²", np.square, {}),
    ("tanh", "TANH", "tanh x", np.tanh, _INT8),
)
for _definition in _UNARY:
    _unary(*_definition)


class Elu(TFLOp, name="tfl.elu", builtin="ELU", traits=(Trait.ELEMENTWISE,)):
    """x where it is positive, else e^x - 1."""

    input = operand()
    output = result()

    def evaluate(self, input: Array) -> Array:
        return np.where(input > 0, input, np.expm1(np.minimum(input, 0)))


class Gelu(
    TFLOp, name="tfl.gelu", builtin="GELU", options="Gelu", traits=(Trait.ELEMENTWISE,), versions={"i8": 2, "ui8": 2}
):
    """x Φ(x) with the normal distribution Φ, exactly or by its tanh form."""

    input = operand()
    approximate = attribute(BOOL, default=False)
    output = result()

    def evaluate(self, input: Array) -> Array:
        if self.approximate:
            inner = math.sqrt(2 / math.pi) * (input + 0.044715 * input**3)
            return np.asarray(0.5 * input * (1 + np.tanh(inner)), input.dtype)
        return np.asarray(0.5 * input * (1 + erf(input / math.sqrt(2))), input.dtype)


class LeakyRelu(
    TFLOp,
    name="tfl.leaky_relu",
    builtin="LEAKY_RELU",
    options="LeakyRelu",
    traits=(Trait.ELEMENTWISE,),
    versions={"i16": 2},
):
    """x where it is positive, else alpha * x."""

    input = operand()
    alpha = attribute(FLOAT, default=0.0)
    output = result()

    def evaluate(self, input: Array) -> Array:
        return np.where(input > 0, input, input * np.asarray(self.alpha, input.dtype))


class Prelu(TFLOp, name="tfl.prelu", builtin="PRELU", traits=(Trait.ELEMENTWISE,)):
    """x where it is positive, else alpha * x with an alpha that broadcasts."""

    input = operand()
    alpha = operand()
    output = result()

    def evaluate(self, input: Array, alpha: Array) -> Array:
        return np.where(input > 0, input, input * alpha)


# Functions of two operands


class Binary(TFLOp, traits=(Trait.ELEMENTWISE,)):
    """Base of functions of two operands that broadcast, without options."""

    function: ClassVar[Any]
    lhs = operand()
    rhs = operand()
    output = result()

    def evaluate(self, lhs: Array, rhs: Array) -> Any:
        return type(self).function(lhs, rhs)


class Arithmetic(TFLOp, traits=(Trait.ELEMENTWISE,)):
    """Base of functions of two operands that broadcast, with an activation function built in."""

    function: ClassVar[Any]
    lhs = operand()
    rhs = operand()
    fused_activation_function = attribute(ACTIVATION, default="NONE")
    output = result()

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        return activate(type(self).function(lhs, rhs), self.fused_activation_function)


class Add(
    Arithmetic,
    name="tfl.add",
    builtin="ADD",
    options="Add",
    traits=(Trait.COMMUTATIVE,),
    versions={"i8": 2, "i64": 4, "i16": 5},
):
    """lhs + rhs, then the activation function."""

    function = np.add


class Sub(Arithmetic, name="tfl.sub", builtin="SUB", options="Sub", versions={"i8": 2, "i64": 4, "i16": 5}):
    """lhs - rhs, then the activation function."""

    function = np.subtract

    def version(self) -> int:
        return max(super().version(), 3 if broadcasts_beyond(self, 4) else 1)


class Mul(
    Arithmetic,
    name="tfl.mul",
    builtin="MUL",
    options="Mul",
    traits=(Trait.COMMUTATIVE,),
    versions={"i8": 2, "i64": 5, "i16": 4},
):
    """lhs * rhs, then the activation function."""

    function = np.multiply

    def version(self) -> int:
        kinds = [t.element for t in (*operand_types(self), self.output_type)]
        scales = [k.scale for k in kinds if not hasattr(k, "name")]
        grows = len(scales) == 3 and scales[0] * scales[1] >= scales[2]
        return max(super().version(), 3 if grows else 1)


class Div(Arithmetic, name="tfl.div", builtin="DIV", options="Div"):
    """lhs / rhs (integers: towards zero), then the activation function."""

    function = nn_binary.Div.ufunc

    def version(self) -> int:
        return 2 if broadcasts_beyond(self, 4) else 1


class _Extremum(Binary, options="MaximumMinimum", traits=(Trait.COMMUTATIVE,), versions={"i8": 2, "i16": 4}):
    def version(self) -> int:
        return max(super().version(), 3 if broadcasts_beyond(self, 4) else 1)


class Maximum(_Extremum, name="tfl.maximum", builtin="MAXIMUM"):
    """The larger one."""

    function = np.maximum


class Minimum(_Extremum, name="tfl.minimum", builtin="MINIMUM"):
    """The smaller one."""

    function = np.minimum


def _squared_difference(lhs: Array, rhs: Array) -> Array:
    difference: Array = lhs - rhs
    return difference * difference


def _binary(
    name: str, builtin: str, options: str, doc: str, function: Callable[[Array, Array], Array], versions: dict[str, int]
) -> None:
    """Define one more function of two operands."""
    body = {"__doc__": doc, "__module__": __name__, "function": staticmethod(function)}
    keywords: dict[str, Any] = {"versions": versions, "name": f"tfl.{name}", "builtin": builtin, "options": options}
    types.new_class(name.title().replace("_", ""), (Binary,), keywords, lambda namespace: namespace.update(body))


_BINARY: tuple[tuple[str, str, str, str, Callable[[Array, Array], Array], dict[str, int]], ...] = (
    ("atan2", "ATAN2", "ATan2", "the angle of the point (rhs, lhs)", np.arctan2, {}),
    ("bitwise_xor", "BITWISE_XOR", "BitwiseXor", "lhs xor rhs, bit by bit", np.bitwise_xor, {}),
    ("equal", "EQUAL", "Equal", "lhs == rhs", np.equal, {"i8": 2, "i16": 5}),
    ("floor_div", "FLOOR_DIV", "FloorDiv", "lhs / rhs rounded down", np.floor_divide, {"f32": 2, "i8": 3, "i16": 3}),
    ("floor_mod", "FLOOR_MOD", "FloorMod", "the rest of it, with rhs's sign", np.mod, {"i8": 2, "i16": 2}),
    ("greater", "GREATER", "Greater", "lhs > rhs", np.greater, {"i8": 2}),
    ("greater_equal", "GREATER_EQUAL", "GreaterEqual", "lhs >= rhs", np.greater_equal, _INT8),
    ("less", "LESS", "Less", "lhs < rhs", np.less, _INT8),
    ("less_equal", "LESS_EQUAL", "LessEqual", "lhs <= rhs", np.less_equal, {"i8": 2}),
    ("logical_and", "LOGICAL_AND", "LogicalAnd", "both", np.logical_and, {}),
    ("logical_or", "LOGICAL_OR", "LogicalOr", "either", np.logical_or, {}),
    ("not_equal", "NOT_EQUAL", "NotEqual", "lhs != rhs", np.not_equal, {"i8": 2, "i16": 4}),
    ("pow", "POW", "Pow", "lhs ^ rhs", nn_binary.Pow.ufunc, {}),
    ("right_shift", "RIGHT_SHIFT", "RightShift", "lhs shifted by rhs bits, keeping the sign", np.right_shift, {}),
    ("squared_difference", "SQUARED_DIFFERENCE", "SquaredDifference", "(lhs - rhs)²", _squared_difference, {"i8": 2}),
)
for _pair in _BINARY:
    _binary(*_pair)


class SelectV2(TFLOp, name="tfl.select_v2", builtin="SELECT_V2", options="SelectV2", traits=(Trait.ELEMENTWISE,)):
    """x where the condition holds, else y; all three broadcast."""

    condition = operand("i1")
    x = operand()
    y = operand()
    output = result()

    def evaluate(self, condition: Array, x: Array, y: Array) -> Array:
        return np.where(condition, x, y)


class Select(TFLOp, name="tfl.select", builtin="SELECT", options="Select"):
    """x where the condition holds, else y, of one shape; a condition of one dimension chooses rows."""

    typed_by = 1
    condition = operand("i1, the shape of x or (rows of x,)")
    x = operand()
    y = operand()
    output = result()

    def version(self) -> int:
        return 3 if any(t.rank == 5 for t in operand_types(self)) else 1

    def evaluate(self, condition: Array, x: Array, y: Array) -> Array:
        rows = condition.reshape(-1, *[1] * (x.ndim - 1)) if condition.ndim == 1 else condition
        return np.where(rows, x, y)
