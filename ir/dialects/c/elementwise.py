"""Functions of the elements of one, two or three tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...memory import Share
from ...opdef import FLOAT, Trait, attribute, one_of, operand, registered_ops, result
from ...types import Array
from ..nn.unary import erf
from ..tfl import elementwise as tfl_elementwise
from .base import Clamped, KernelOp


def _functions_of(base: Any) -> dict[str, Callable[..., Array]]:
    """The functions of TensorFlow Lite's elementwise operations, by the names that they have there."""
    found: list[Any] = [d for d in registered_ops("tfl") if issubclass(d, base)]
    return {d.name.partition(".")[2]: d.function for d in found}


UNARY: dict[str, Callable[[Array], Array]] = {
    **{name: f for name, f in _functions_of(tfl_elementwise.Unary).items() if not name.startswith("relu")},  # bounds do
    "identity": lambda x: x,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "gelu": lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
}
"""What each function of one element is."""

BINARY: dict[str, Callable[[Array, Array], Array]] = {
    **_functions_of(tfl_elementwise.Binary),
    **_functions_of(tfl_elementwise.Arithmetic),
    "prelu": lambda x, slope: np.where(x > 0, x, x * slope),
}
"""What each function of two elements is."""


class Unary(Clamped, name="c.unary", traits=(Trait.ELEMENTWISE,)):
    """A function of each element"""

    x = operand()
    function = attribute(one_of(*UNARY), "the function")
    output = result()

    def evaluate(self, x: Array) -> Array:
        return self.clamp(np.asarray(UNARY[self.function](x), self.output_type.expressed.dtype))

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(0)


class LeakyRelu(KernelOp, name="c.leaky_relu", traits=(Trait.ELEMENTWISE,)):
    """x where it is positive, else alpha * x"""

    x = operand()
    alpha = attribute(FLOAT, "the slope below zero")
    output = result()

    def evaluate(self, x: Array) -> Array:
        return np.where(x > 0, x, x * np.asarray(self.alpha, x.dtype))

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(0)


class Binary(Clamped, name="c.binary", traits=(Trait.ELEMENTWISE,)):
    """A function of each pair of elements; operands broadcast as in numpy"""

    lhs = operand()
    rhs = operand()
    function = attribute(one_of(*BINARY), "the function")
    output = result()

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        return self.clamp(np.asarray(BINARY[self.function](lhs, rhs), self.output_type.expressed.dtype))

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(0, 1)


class Select(KernelOp, name="c.select", traits=(Trait.ELEMENTWISE,)):
    """on_true where the condition holds, else on_false; operands broadcast as in numpy"""

    condition = operand("booleans")
    on_true = operand()
    on_false = operand()
    output = result()

    def evaluate(self, condition: Array, on_true: Array, on_false: Array) -> Array:
        return np.where(condition, on_true, on_false)

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(1, 2)


class Convert(KernelOp, name="c.convert", traits=(Trait.ELEMENTWISE,)):
    """The elements in another type: as C converts them, or to and from the integers that stand for real numbers"""

    x = operand()
    output = result()

    def evaluate(self, x: Array) -> Array:
        return x.astype(self.output_type.expressed.dtype)

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(0)
