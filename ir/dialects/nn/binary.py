"""Elementwise functions of two tensors, and the choice between two by a third."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ...opdef import Trait, attribute, one_of, operand, result
from ...types import I1, Array, ElementType, TensorType
from .activation import activation_field, apply_activation
from .base import BOOL_ELEMENT, FLOAT_ELEMENT, INTEGER_ELEMENT, NUMBER_ELEMENT, NNOp, infer_broadcast


class BinaryOp(NNOp, traits=(Trait.ELEMENTWISE,)):
    """Base of the functions of two tensors of one element type, broadcast against each other as in numpy.

    ``ufunc`` is the function; classes whose function has parameters override ``evaluate``.
    """

    lhs = operand()
    rhs = operand()
    output = result("the shape that lhs and rhs broadcast to")
    accepts: ClassVar[str] = NUMBER_ELEMENT
    ufunc: ClassVar[Callable[..., Any]]

    def infer(self) -> TensorType:
        self.expect_element("lhs", self.lhs, self.accepts)
        element = self.expect_same_element([self.lhs, self.rhs])
        return TensorType(infer_broadcast(self, [self.lhs.tensor, self.rhs.tensor]), self.result_element(element))

    def result_element(self, element: ElementType) -> ElementType:
        """The element type of the result for that of the operands."""
        return element

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        y: Array = type(self).ufunc(lhs, rhs)
        return y


class ArithmeticOp(BinaryOp):
    """Base of the four operations that can have an activation built in."""

    activation = activation_field()

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        return apply_activation(super().evaluate(lhs, rhs), self.activation)


class ComparisonOp(BinaryOp):
    """Base of the comparisons: the result is boolean (i1)."""

    def result_element(self, element: ElementType) -> ElementType:
        return I1


# Arithmetic


class Add(ArithmeticOp, name="nn.add", traits=(Trait.COMMUTATIVE,)):
    """lhs + rhs"""

    ufunc = np.add


class Sub(ArithmeticOp, name="nn.sub"):
    """lhs - rhs"""

    ufunc = np.subtract


class Mul(ArithmeticOp, name="nn.mul", traits=(Trait.COMMUTATIVE,)):
    """lhs * rhs"""

    ufunc = np.multiply


class Div(ArithmeticOp, name="nn.div"):
    """lhs / rhs; the quotient of integers is cut towards zero, as in C"""

    @staticmethod
    def ufunc(lhs: Array, rhs: Array) -> Array:
        if lhs.dtype.kind not in "iu":
            return np.divide(lhs, rhs)
        quotient, rest = np.floor_divide(lhs, rhs), np.mod(lhs, rhs)
        cut: Array = quotient + ((rest != 0) & ((lhs < 0) != (rhs < 0))).astype(quotient.dtype)
        return cut


class FloorDiv(BinaryOp, name="nn.floor_div"):
    """floor(lhs / rhs)"""

    ufunc = np.floor_divide


class Mod(BinaryOp, name="nn.mod"):
    """The rest of lhs / rhs, with the ``sign`` of the divisor (Python, numpy.mod) or of the dividend (C, fmod)"""

    sign = attribute(one_of("divisor", "dividend"), "which operand gives the sign", default="divisor")

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        return np.mod(lhs, rhs) if self.sign == "divisor" else np.fmod(lhs, rhs)


class Pow(BinaryOp, name="nn.pow"):
    """lhs to the power of rhs; NaN for a broken power of a negative number. Integer results are cut towards zero."""

    @staticmethod
    def ufunc(lhs: Array, rhs: Array) -> Array:
        if lhs.dtype.kind == "i" and np.any(rhs < 0):  # numpy refuses these
            return np.trunc(np.power(lhs.astype(np.float64), rhs)).astype(lhs.dtype)
        return np.power(lhs, rhs)


class Maximum(BinaryOp, name="nn.maximum", traits=(Trait.COMMUTATIVE,)):
    """The greater of lhs and rhs; NaN if either is"""

    ufunc = np.maximum


class Minimum(BinaryOp, name="nn.minimum", traits=(Trait.COMMUTATIVE,)):
    """The smaller of lhs and rhs; NaN if either is"""

    ufunc = np.minimum


class Atan2(BinaryOp, name="nn.atan2"):
    """The angle in -pi .. pi of the point with y = lhs and x = rhs"""

    accepts = FLOAT_ELEMENT
    ufunc = np.arctan2


class SquaredDifference(BinaryOp, name="nn.squared_difference", traits=(Trait.COMMUTATIVE,)):
    """(lhs - rhs)^2"""

    @staticmethod
    def ufunc(lhs: Array, rhs: Array) -> Array:
        squares: Array = np.square(lhs - rhs)
        return squares


# Comparisons


class Equal(ComparisonOp, name="nn.equal", traits=(Trait.COMMUTATIVE,)):
    """lhs == rhs, of numbers or booleans"""

    ufunc = np.equal

    def infer(self) -> TensorType:
        return infer_equality(self)


class NotEqual(ComparisonOp, name="nn.not_equal", traits=(Trait.COMMUTATIVE,)):
    """lhs != rhs, of numbers or booleans"""

    ufunc = np.not_equal

    def infer(self) -> TensorType:
        return infer_equality(self)


def infer_equality(op: ComparisonOp) -> TensorType:
    """The result type of a comparison that any element type allows."""
    op.expect_same_element([op.lhs, op.rhs])
    return TensorType(infer_broadcast(op, [op.lhs.tensor, op.rhs.tensor]), I1)


class Less(ComparisonOp, name="nn.less"):
    """lhs < rhs"""

    ufunc = np.less


class LessEqual(ComparisonOp, name="nn.less_equal"):
    """lhs <= rhs"""

    ufunc = np.less_equal


class Greater(ComparisonOp, name="nn.greater"):
    """lhs > rhs"""

    ufunc = np.greater


class GreaterEqual(ComparisonOp, name="nn.greater_equal"):
    """lhs >= rhs"""

    ufunc = np.greater_equal


# Logic and bits


class LogicalAnd(BinaryOp, name="nn.logical_and", traits=(Trait.COMMUTATIVE,)):
    """lhs and rhs, of booleans"""

    accepts = BOOL_ELEMENT
    ufunc = np.logical_and


class LogicalOr(BinaryOp, name="nn.logical_or", traits=(Trait.COMMUTATIVE,)):
    """lhs or rhs, of booleans"""

    accepts = BOOL_ELEMENT
    ufunc = np.logical_or


class LogicalXor(BinaryOp, name="nn.logical_xor", traits=(Trait.COMMUTATIVE,)):
    """Exactly one of lhs and rhs, of booleans"""

    accepts = BOOL_ELEMENT
    ufunc = np.logical_xor


class BitwiseAnd(BinaryOp, name="nn.bitwise_and", traits=(Trait.COMMUTATIVE,)):
    """The bits that are set in both integers"""

    accepts = INTEGER_ELEMENT
    ufunc = np.bitwise_and


class BitwiseOr(BinaryOp, name="nn.bitwise_or", traits=(Trait.COMMUTATIVE,)):
    """The bits that are set in either integer"""

    accepts = INTEGER_ELEMENT
    ufunc = np.bitwise_or


class BitwiseXor(BinaryOp, name="nn.bitwise_xor", traits=(Trait.COMMUTATIVE,)):
    """The bits that are set in exactly one of the integers"""

    accepts = INTEGER_ELEMENT
    ufunc = np.bitwise_xor


class BitShift(BinaryOp, name="nn.bit_shift"):
    """The integer lhs, shifted by rhs bits to the left (zeros move in) or right (the sign moves in)"""

    direction = attribute(one_of("left", "right"), "the direction")
    accepts = INTEGER_ELEMENT

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        return np.left_shift(lhs, rhs) if self.direction == "left" else np.right_shift(lhs, rhs)


# Choice


class Select(NNOp, name="nn.select", traits=(Trait.ELEMENTWISE,)):
    """on_true where the condition holds, on_false elsewhere; all three broadcast against each other as in numpy"""

    condition = operand("i1")
    on_true = operand()
    on_false = operand()
    output = result("the shape that all three broadcast to")

    def infer(self) -> TensorType:
        self.expect_element("condition", self.condition, BOOL_ELEMENT)
        element = self.expect_same_element([self.on_true, self.on_false])
        types = [self.condition.tensor, self.on_true.tensor, self.on_false.tensor]
        return TensorType(infer_broadcast(self, types), element)

    def evaluate(self, condition: Array, on_true: Array, on_false: Array) -> Array:
        return np.where(condition, on_true, on_false)
