"""Angles as polynomials, for targets without trigonometric functions.

Angles are brought to [-pi/2, pi/2] by taking away multiples of pi, which stand as the sum of two numbers so that little
is lost (Cody and Waite, "Software Manual for the Elementary Functions", chapter 8). The polynomials are the series of
sine and cosine, and the minimax polynomial 4.4.49 of Abramowitz and Stegun for the arc tangent, whose error is 2e-8.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..ir import Builder, Value
from ..ir.dialects import nn
from .expansion import number

_PI_PARTS = (3.140625, 9.6765358979e-4)
"""Their sum is pi; the first has so few digits that small multiples of it are exact in float32."""
_SINE = tuple((-1) ** i / math.factorial(2 * i + 1) for i in range(7))
_COSINE = tuple((-1) ** i / math.factorial(2 * i) for i in range(8))
_ARC_TANGENT = (
    1.0,
    -0.3333314528,
    0.1999355085,
    -0.1420889944,
    0.1065626393,
    -0.0752896400,
    0.0429096138,
    -0.0161657367,
    0.0028662257,
)


def sin(b: Builder, op: nn.Sin) -> Value:
    rest, sign = _reduced(b, op.x)
    return b.nn.mul(_odd(b, rest, _SINE), sign)


def cos(b: Builder, op: nn.Cos) -> Value:
    rest, sign = _reduced(b, op.x)
    return b.nn.mul(_polynomial(b, b.nn.mul(rest, rest), _COSINE), sign)


def tan(b: Builder, op: nn.Tan) -> Value:
    """Of the sine and the cosine, which change their signs together."""
    rest, _ = _reduced(b, op.x)
    return b.nn.div(_odd(b, rest, _SINE), _polynomial(b, b.nn.mul(rest, rest), _COSINE))


def _reduced(b: Builder, x: Value) -> tuple[Value, Value]:
    """x less the nearest multiple of pi, and what that does to sine and cosine: 1 or -1."""
    turns = b.nn.round(b.nn.mul(x, 1 / math.pi), mode="half_away")
    rest = x
    for part in _PI_PARTS:
        rest = b.nn.sub(rest, b.nn.mul(turns, part))
    # an odd number is one away from the double of its rounded half
    even = b.nn.mul(b.nn.round(b.nn.mul(turns, 0.5), mode="half_away"), 2.0)
    is_odd = b.nn.abs(b.nn.sub(turns, even))
    return rest, b.nn.add(b.nn.mul(is_odd, -2.0), 1.0)


def _odd(b: Builder, x: Value, factors: Sequence[float]) -> Value:
    """x times a polynomial in its square."""
    return b.nn.mul(_polynomial(b, b.nn.mul(x, x), factors), x)


def _polynomial(b: Builder, x: Value, factors: Sequence[float]) -> Value:
    total = b.nn.add(b.nn.mul(x, factors[-1]), factors[-2])
    for factor in factors[-3::-1]:
        total = b.nn.add(b.nn.mul(total, x), factor)
    return total


def atan2(b: Builder, op: nn.Atan2) -> Value:
    """The angle of the smaller side over the larger one, and from there to the octant that the signs tell.

    Maxima may drop NaN; what is added, 0 times a number that is never infinite, brings it back.
    """
    y, x = op.lhs, op.rhs
    high, wide = b.nn.abs(y), b.nn.abs(x)
    larger = b.nn.maximum(high, wide)
    divisor = b.nn.add(larger, _truth(b, b.nn.less_equal(larger, number(b, 0.0, larger)), larger))
    angle = _odd(b, b.nn.div(b.nn.minimum(high, wide), divisor), _ARC_TANGENT)
    for is_beyond, whole in (
        (b.nn.greater(high, wide), math.pi / 2),
        (b.nn.less(x, number(b, 0.0, x)), math.pi),
    ):
        mirrored = b.nn.add(b.nn.mul(angle, -2.0), whole)  # what takes the angle to whole - angle
        angle = b.nn.add(angle, b.nn.mul(_truth(b, is_beyond, angle), mirrored))
    below = _truth(b, b.nn.less(y, number(b, 0.0, y)), angle)
    nothing = b.nn.mul(b.nn.reciprocal(b.nn.add(b.nn.add(high, wide), 1.0)), 0.0)
    return b.nn.mul(b.nn.add(angle, nothing), b.nn.add(b.nn.mul(below, -2.0), 1.0))


def _truth(b: Builder, condition: Value, like: Value) -> Value:
    """0 or 1, of the element type of another value."""
    return b.nn.cast(condition, to=like.tensor.expressed)


def atan(b: Builder, op: nn.Atan) -> Value:
    return b.nn.atan2(op.x, number(b, 1.0, op.x))


def asin(b: Builder, op: nn.Asin) -> Value:
    return b.nn.atan2(op.x, _leg(b, op.x))


def acos(b: Builder, op: nn.Acos) -> Value:
    return b.nn.atan2(_leg(b, op.x), op.x)


def _leg(b: Builder, x: Value) -> Value:
    """√(1 - x²), as √((1 - x) (1 + x)): near 1 the square would lose digits."""
    return b.nn.sqrt(b.nn.mul(b.nn.sub(number(b, 1.0, x), x), b.nn.add(x, 1.0)))
