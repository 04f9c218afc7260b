"""Elementwise functions of one tensor."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ...opdef import FLOAT, Trait, attribute, one_of, operand, result
from ...types import I1, Array, TensorType
from .base import BOOL_ELEMENT, FLOAT_ELEMENT, INTEGER_ELEMENT, NUMBER_ELEMENT, NNOp


class UnaryOp(NNOp, traits=(Trait.ELEMENTWISE,)):
    """Base of the functions of one tensor: y[i] = f(x[i]), with the shape and the element type of x.

    ``ufunc`` is f; classes whose f has parameters override ``evaluate``.
    """

    x = operand()
    output = result("the shape of x")
    accepts: ClassVar[str] = FLOAT_ELEMENT
    ufunc: ClassVar[Callable[..., Any]]

    def infer(self) -> TensorType:
        return TensorType(self.x.tensor.shape, self.expect_element("x", self.x, self.accepts))

    def evaluate(self, x: Array) -> Array:
        y: Array = type(self).ufunc(x)
        return y


class PredicateOp(UnaryOp):
    """Base of the functions that say true or false (i1) of each element."""

    def infer(self) -> TensorType:
        return super().infer().with_element(I1)


# Arithmetic


class Neg(UnaryOp, name="nn.neg"):
    """-x"""

    accepts = NUMBER_ELEMENT
    ufunc = np.negative


class Abs(UnaryOp, name="nn.abs"):
    """|x|"""

    accepts = NUMBER_ELEMENT
    ufunc = np.absolute


class Sign(UnaryOp, name="nn.sign"):
    """-1, 0 or 1 as x is negative, zero or positive; NaN for NaN"""

    accepts = NUMBER_ELEMENT
    ufunc = np.sign


class Square(UnaryOp, name="nn.square"):
    """x * x"""

    accepts = NUMBER_ELEMENT
    ufunc = np.square


class Reciprocal(UnaryOp, name="nn.reciprocal"):
    """1 / x"""

    ufunc = np.reciprocal


class Sqrt(UnaryOp, name="nn.sqrt"):
    """The square root; NaN for negative x"""

    ufunc = np.sqrt


class Rsqrt(UnaryOp, name="nn.rsqrt"):
    """1 / sqrt(x)"""

    def evaluate(self, x: Array) -> Array:
        y: Array = 1 / np.sqrt(x)
        return y


class Floor(UnaryOp, name="nn.floor"):
    """The greatest whole number that is not above x"""

    ufunc = np.floor


class Ceil(UnaryOp, name="nn.ceil"):
    """The smallest whole number that is not below x"""

    ufunc = np.ceil


class Round(UnaryOp, name="nn.round"):
    """The nearest whole number; ``mode`` says where halves go: to the even one (ONNX), or away from zero (C)."""

    mode = attribute(one_of("half_even", "half_away"), "what becomes of 0.5", default="half_even")

    def evaluate(self, x: Array) -> Array:
        if self.mode == "half_even":
            return np.rint(x)
        whole = np.trunc(x)
        away: Array = whole + np.copysign((np.abs(x - whole) >= 0.5).astype(x.dtype), x)
        return away


class Clip(UnaryOp, name="nn.clip"):
    """min(max(x, ``min``), ``max``); NaN stays NaN"""

    min = attribute(FLOAT, "the lower bound", default=-math.inf)
    max = attribute(FLOAT, "the upper bound", default=math.inf)
    accepts = NUMBER_ELEMENT

    def verify_op(self) -> None:
        if not self.min <= self.max:
            raise self.error(f"expected 'min' not to be above 'max', got {self.min} and {self.max}")

    def evaluate(self, x: Array) -> Array:
        low: Any = self.min
        high: Any = self.max
        if x.dtype.kind in "iu":
            limits = np.iinfo(x.dtype)
            low = limits.min if low <= limits.min else min(math.ceil(low), limits.max)
            high = limits.max if high >= limits.max else max(math.floor(high), limits.min)
        y: Array = np.minimum(np.maximum(x, x.dtype.type(low)), x.dtype.type(high))
        return y


# Exponentials, logarithms, trigonometry


class Exp(UnaryOp, name="nn.exp"):
    """e to the power of x"""

    ufunc = np.exp


class Log(UnaryOp, name="nn.log"):
    """The natural logarithm; -inf for 0, NaN below"""

    ufunc = np.log


class Log1p(UnaryOp, name="nn.log1p"):
    """log(1 + x), exact for small x"""

    ufunc = np.log1p


class Sin(UnaryOp, name="nn.sin"):
    """The sine of x in radians"""

    ufunc = np.sin


class Cos(UnaryOp, name="nn.cos"):
    """The cosine of x in radians"""

    ufunc = np.cos


class Tan(UnaryOp, name="nn.tan"):
    """The tangent of x in radians"""

    ufunc = np.tan


class Asin(UnaryOp, name="nn.asin"):
    """The angle in -pi/2 .. pi/2 whose sine is x; NaN outside of -1 .. 1"""

    ufunc = np.arcsin


class Acos(UnaryOp, name="nn.acos"):
    """The angle in 0 .. pi whose cosine is x; NaN outside of -1 .. 1"""

    ufunc = np.arccos


class Atan(UnaryOp, name="nn.atan"):
    """The angle in -pi/2 .. pi/2 whose tangent is x"""

    ufunc = np.arctan


class Sinh(UnaryOp, name="nn.sinh"):
    """The hyperbolic sine, (e^x - e^-x) / 2"""

    ufunc = np.sinh


class Cosh(UnaryOp, name="nn.cosh"):
    """The hyperbolic cosine, (e^x + e^-x) / 2"""

    ufunc = np.cosh


class Tanh(UnaryOp, name="nn.tanh"):
    """The hyperbolic tangent, sinh(x) / cosh(x)"""

    ufunc = np.tanh


class Asinh(UnaryOp, name="nn.asinh"):
    """The inverse of sinh, log(x + sqrt(x^2 + 1))"""

    ufunc = np.arcsinh


class Acosh(UnaryOp, name="nn.acosh"):
    """The inverse of cosh, log(x + sqrt(x^2 - 1)); NaN below 1"""

    ufunc = np.arccosh


class Atanh(UnaryOp, name="nn.atanh"):
    """The inverse of tanh, log((1 + x) / (1 - x)) / 2; NaN outside of -1 .. 1"""

    ufunc = np.arctanh


class Erf(UnaryOp, name="nn.erf"):
    """The error function, 2 / sqrt(pi) times the integral of e^(-t^2) for t from 0 to x"""

    def evaluate(self, x: Array) -> Array:
        return erf(x)


@functools.cache
def _erf_series(limit: float, degree: int) -> Array:
    """Chebyshev coefficients of erf(sqrt(t)) / sqrt(t) for t in 0 .. limit^2, mapped to -1 .. 1.

    By the cosine transform, added up exactly: what numpy's chebinterpolate gives is less exact in some versions.
    """
    angles = [math.pi * (j + 0.5) / (degree + 1) for j in range(degree + 1)]
    roots = [limit * math.cos(angle / 2) for angle in angles]  # the roots of (cos(angle) + 1) / 2 * limit^2
    quotients = [math.erf(r) / r for r in roots]
    series = np.array(
        [
            math.fsum(q * math.cos(k * angle) for q, angle in zip(quotients, angles, strict=True)) * 2 / (degree + 1)
            for k in range(degree + 1)
        ]
    )
    series[0] /= 2
    return series


_ERF_BLOCK = 1 << 14  # elements whose intermediate results stay in the cache


def erf(x: Array) -> Array:
    """The error function, which numpy lacks: to 1e-13 (relative) for doubles, to the last digit for narrower types."""
    # beyond the limit erf is 1 to the last digit; up to it, a polynomial of the degree is as exact as that
    limit, degree = (6.0, 48) if x.dtype.itemsize > 4 else (4.0, 20)
    series = _erf_series(limit, degree)
    flat: Array = x.reshape(-1)
    y: Array = np.empty(x.size, x.dtype)
    for start in range(0, x.size, _ERF_BLOCK):
        here = slice(start, start + _ERF_BLOCK)
        block = np.clip(flat[here].astype(np.float64), -limit, limit)
        y[here] = block * np.polynomial.chebyshev.chebval(block * block * (2 / limit**2) - 1.0, series)
    shaped: Array = y.reshape(x.shape)
    return shaped


# Logic, bits, predicates


class LogicalNot(UnaryOp, name="nn.logical_not"):
    """not x, of booleans"""

    accepts = BOOL_ELEMENT
    ufunc = np.logical_not


class BitwiseNot(UnaryOp, name="nn.bitwise_not"):
    """Every bit of the integer x inverted"""

    accepts = INTEGER_ELEMENT
    ufunc = np.invert


class IsNan(PredicateOp, name="nn.is_nan"):
    """Whether x is not a number"""

    ufunc = np.isnan


class IsInf(PredicateOp, name="nn.is_inf"):
    """Whether x is an infinity, of either sign"""

    ufunc = np.isinf


class Identity(NNOp, name="nn.identity", traits=(Trait.ELEMENTWISE,)):
    """x itself: keeps a name, or an output that is an input too"""

    x = operand()
    output = result("the type of x")

    def infer(self) -> TensorType:
        return self.x.tensor.with_element(self.x.tensor.expressed)

    def evaluate(self, x: Array) -> Array:
        return x
