"""Activation functions, and those that other operations apply to their own result."""

from __future__ import annotations

import math

import numpy as np

from ...opdef import BOOL, FLOAT, AttributeField, Trait, attribute, one_of, operand, result
from ...types import Array, TensorType
from .base import FLOAT_ELEMENT, NUMBER_ELEMENT, NNOp
from .unary import UnaryOp, erf

ACTIVATIONS: dict[str, tuple[float, float]] = {
    "none": (-math.inf, math.inf),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "relu_n1_to_1": (-1.0, 1.0),
}
"""The activations that an operation can have built in, as the ranges that they clip its result to."""


def activation_field() -> AttributeField[str]:
    """The field ``activation`` of an operation that can have one built in."""
    return attribute(one_of(*ACTIVATIONS), "applied to the result", default="none")


def apply_activation(y: Array, activation: str) -> Array:
    """The result of an operation with its built-in activation applied; y itself where that is "none"."""
    low, high = ACTIVATIONS[activation]
    if y.dtype.kind == "u":
        low = max(low, 0.0)
    if low > -math.inf:
        y = np.maximum(y, y.dtype.type(low))
    if high < math.inf:
        y = np.minimum(y, y.dtype.type(high))
    return y


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), without a warning where e^-x overflows (the result is 0 there, as it should be)."""
    with np.errstate(over="ignore"):
        y: Array = 1 / (1 + np.exp(-x))
    return y


class Relu(UnaryOp, name="nn.relu"):
    """max(x, 0)"""

    accepts = NUMBER_ELEMENT

    def evaluate(self, x: Array) -> Array:
        y: Array = np.maximum(x, x.dtype.type(0))
        return y


class Sigmoid(UnaryOp, name="nn.sigmoid"):
    """1 / (1 + e^-x), the logistic function"""

    def evaluate(self, x: Array) -> Array:
        return sigmoid(x)


class Softplus(UnaryOp, name="nn.softplus"):
    """log(1 + e^x)"""

    def evaluate(self, x: Array) -> Array:
        y: Array = np.logaddexp(x, x.dtype.type(0))
        return y


class Softsign(UnaryOp, name="nn.softsign"):
    """x / (1 + |x|)"""

    def evaluate(self, x: Array) -> Array:
        y: Array = x / (1 + np.abs(x))
        return y


class Gelu(UnaryOp, name="nn.gelu"):
    """x times the normal distribution function of x: x * (1 + erf(x / sqrt(2))) / 2.

    With ``approximate``: x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2, up to 5e-4 away (Hendrycks and Gimpel,
    "Gaussian error linear units").
    """

    approximate = attribute(BOOL, "the form with tanh", default=False)

    def evaluate(self, x: Array) -> Array:
        if self.approximate:
            inner = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x)))
        else:
            inner = erf(x * math.sqrt(0.5))
        y: Array = 0.5 * x * (1 + inner)
        return y


class HardSigmoid(UnaryOp, name="nn.hard_sigmoid"):
    """clip(``alpha`` * x + ``beta``, 0, 1); the defaults are those of ONNX"""

    alpha = attribute(FLOAT, "the slope", default=0.2)
    beta = attribute(FLOAT, "the value at 0", default=0.5)

    def evaluate(self, x: Array) -> Array:
        return np.clip(self.alpha * x + self.beta, 0, 1)


class HardSwish(UnaryOp, name="nn.hard_swish"):
    """x * clip(x + 3, 0, 6) / 6 (Howard et al., "Searching for MobileNetV3")"""

    def evaluate(self, x: Array) -> Array:
        y: Array = x * np.clip(x + 3, 0, 6) / 6
        return y


class Swish(UnaryOp, name="nn.swish"):
    """x * sigmoid(x), also named SiLU"""

    def evaluate(self, x: Array) -> Array:
        y: Array = x * sigmoid(x)
        return y


class Elu(UnaryOp, name="nn.elu"):
    """x where it is positive, ``alpha`` * (e^x - 1) elsewhere"""

    alpha = attribute(FLOAT, "minus the limit for large negative x", default=1.0)

    def evaluate(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, x.dtype.type(0))))


class LeakyRelu(UnaryOp, name="nn.leaky_relu"):
    """x where it is not negative, ``alpha`` * x elsewhere"""

    alpha = attribute(FLOAT, "the slope for negative x", default=0.01)

    def evaluate(self, x: Array) -> Array:
        return np.where(x >= 0, x, self.alpha * x)


class Prelu(NNOp, name="nn.prelu", traits=(Trait.ELEMENTWISE,)):
    """x where it is not negative, slope * x elsewhere; the slope is broadcast to the shape of x as in numpy"""

    x = operand()
    slope = operand("broadcasts to x, e.g. (C, 1, 1)")
    output = result("the shape of x")

    def infer(self) -> TensorType:
        self.expect_element("x", self.x, FLOAT_ELEMENT)
        element = self.expect_same_element([self.x, self.slope])
        self.expect_broadcast_to("slope", self.slope, self.x.tensor)
        return TensorType(self.x.tensor.shape, element)

    def evaluate(self, x: Array, slope: Array) -> Array:
        return np.where(x >= 0, x, slope * x)
