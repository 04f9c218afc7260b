"""Functions of single elements, on floats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....types import Array
from .registry import FLOATS, Call

_ONE: dict[str, Callable[[Array], Array]] = {
    "Abs": np.abs,
    "Exp": np.exp,
    "Log": np.log,
    "Identity": np.copy,
    "Tanh": np.tanh,
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Swish": lambda x: x / (1 + np.exp(-x)),
    "ReLU": lambda x: np.where(x > 0, x, np.float32(0)),
    "Round": lambda x: np.trunc(x) + np.copysign((np.abs(x - np.trunc(x)) >= 0.5).astype(x.dtype), x),
    "BinarySigmoid": lambda x: (x >= 0).astype(x.dtype),
    "BinaryTanh": lambda x: np.where(x >= 0, 1, -1).astype(x.dtype),
}
_TWO: dict[str, Callable[[Array, Array], Array]] = {
    "Add2": np.add,
    "Sub2": np.subtract,
    "Mul2": np.multiply,
    "Div2": np.divide,
    "Pow2": np.power,
    # of NaN and a number, the runtime takes the second one
    "Maximum2": lambda a, b: np.where(a > b, a, b),
    "Minimum2": lambda a, b: np.where(a < b, a, b),
}
_SCALAR: dict[str, Callable[[Array, np.float32], Array]] = {
    "AddScalar": np.add,
    "MulScalar": np.multiply,
    "PowScalar": np.power,
    "RSubScalar": lambda x, n: n - x,
    "RDivScalar": lambda x, n: n / x,
    "RPowScalar": lambda x, n: np.power(n, x),
    "MaximumScalar": lambda x, n: np.where(x > n, x, n),
    "MinimumScalar": lambda x, n: np.where(x < n, x, n),
}


def _one(function: Callable[[Array], Array]) -> Callable[[Call, Array], Array]:
    return lambda call, x: function(x)


def _two(function: Callable[[Array, Array], Array]) -> Callable[[Call, Array, Array], Array]:
    return lambda call, a, b: function(a, b)


def _scalar(function: Callable[[Array, np.float32], Array]) -> Callable[[Call, Array], Array]:
    return lambda call, x: function(x, call.number("val"))


for _name, _function in _ONE.items():
    FLOATS.computes(_name)(_one(_function))
for _name, _pair in _TWO.items():
    FLOATS.computes(_name)(_two(_pair))
for _name, _numbered in _SCALAR.items():
    FLOATS.computes(_name)(_scalar(_numbered))


@FLOATS.computes("Sign")
def sign(call: Call, x: Array) -> Array:
    return np.where(x > 0, 1.0, np.where(x < 0, -1.0, call.number("alpha")))


@FLOATS.computes("LeakyReLU")
def leaky_relu(call: Call, x: Array) -> Array:
    return np.where(x > 0, x, x * call.number("alpha"))


@FLOATS.computes("PReLU")
def prelu(call: Call, x: Array, slope: Array) -> Array:
    shape = [1] * x.ndim
    if slope.size > 1:
        shape[call.integer("base_axis")] = -1
    return np.where(x >= 0, x, x * slope.reshape(shape))


@FLOATS.computes("ELU")
def elu(call: Call, x: Array) -> Array:
    return np.where(x > 0, x, call.number("alpha") * np.expm1(x))


@FLOATS.computes("SELU")
def selu(call: Call, x: Array) -> Array:
    result: Array = np.where(x > 0, call.number("scale") * x, call.number("scale") * call.number("alpha") * np.expm1(x))
    return result


@FLOATS.computes("CReLU")
def crelu(call: Call, x: Array) -> Array:
    return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], call.integer("axis"))


@FLOATS.computes("CELU")
def celu(call: Call, x: Array) -> Array:
    alpha = call.number("alpha")
    halves = [np.where(side > 0, side, alpha * np.expm1(side)) for side in (x, -x)]
    return np.concatenate(halves, call.integer("axis"))


@FLOATS.computes("Dropout")
def dropout(call: Call, x: Array) -> Array:
    result: Array = x * np.float32(1 - call.number("p"))
    return result
