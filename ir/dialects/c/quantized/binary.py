"""Functions of two integers; operands broadcast as in numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ....fixed_point import rescale
from ....memory import Share
from ....opdef import INT, Trait, attribute, one_of, operand, result
from ....types import Array
from .base import ScaledOp, widened

SUMS: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "squared_difference": lambda a, b: np.square(a - b),
}
"""What each function of aligned operands is, the result of which is scaled."""


class PairOp(ScaledOp, traits=(Trait.ELEMENTWISE,)):
    """Base of functions of two tensors of 8 bits, the result of which is scaled."""

    lhs = operand("8 bits")
    rhs = operand("8 bits")
    lhs_zero = attribute(INT, "the integer of lhs that stands for 0")
    rhs_zero = attribute(INT, "the integer of rhs that stands for 0")
    output = result()

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(0, 1)


class QuantizedSum(PairOp, name="c.quantized_sum"):
    """The sum of the operands, their difference, or its square, once they are brought to one scale

    That is (x - zero) * 2^bits times a factor for each.
    """

    function = attribute(one_of(*SUMS), "the function")
    bits = attribute(INT, "by how many bits operands are shifted left before they are scaled")
    lhs_factor = attribute(INT)
    lhs_shift = attribute(INT)
    rhs_factor = attribute(INT)
    rhs_shift = attribute(INT)

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        left = rescale(widened(lhs, self.lhs_zero) << self.bits, self.lhs_factor, self.lhs_shift)
        right = rescale(widened(rhs, self.rhs_zero) << self.bits, self.rhs_factor, self.rhs_shift)
        return self.scaled(SUMS[self.function](left, right))


class QuantizedMul(PairOp, name="c.quantized_mul"):
    """The product of the operands less their zero points, scaled"""

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        return self.scaled(widened(lhs, self.lhs_zero) * widened(rhs, self.rhs_zero))


class QuantizedPrelu(PairOp, name="c.quantized_prelu"):
    """lhs less its zero point, scaled; where that is negative its product with rhs less its own, scaled by the slope"""

    slope_factor = attribute(INT, "31 bits of what products are multiplied by")
    slope_shift = attribute(INT, "its power of two")

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        x = widened(lhs, self.lhs_zero)
        product = rescale(x * widened(rhs, self.rhs_zero), self.slope_factor, self.slope_shift)
        return self.stored(np.where(x >= 0, rescale(x, self.factor, self.shift), product))
