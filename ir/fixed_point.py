"""Arithmetic on real numbers that integers stand for, exactly as TensorFlow Lite's reference kernels do it.

A real factor is a 31-bit integer with a power of two: factor * 2^(shift - 31). A product is rounded twice, as in
gemmlowp: first to the 31 bits of :func:`multiply_high`, then by :func:`rounding_shift`. LiteRT is built so; it could
also be built to round once. All functions take numpy arrays or ints and compute in i64; what they give fits into i32.

The functions of numbers between 0 and 1 are those of gemmlowp's fixedpoint.h: a number with n integer bits is an i32
over 2^(31 - n). The constants are the rounded values of what is written beside them.
"""

from __future__ import annotations

import math

import attrs
import numpy as np

from .types import Array

_ONE = 2**31 - 1
"""1 without integer bits, as near as an i32 comes to it."""


@attrs.frozen
class Multiplier:
    """The real number factor * 2^(shift - 31), where factor has 31 bits or is 0."""

    factor: int
    shift: int

    @classmethod
    def of(cls, real: float) -> Multiplier:
        """The nearest one to a real number that is not negative; below 2^-32 it is 0."""
        fraction, shift = math.frexp(real)
        factor = math.floor(fraction * 2**31 + 0.5)
        if factor == 2**31:
            factor, shift = 2**30, shift + 1
        return cls(factor, shift) if factor and shift >= -31 else cls(0, 0)

    def times(self, x: Array) -> Array:
        """x times this number, rounded."""
        return rescale(x, self.factor, self.shift)


def rescale(x: Array, factor: Array | int, shift: Array | int) -> Array:
    """x times factor * 2^(shift - 31), for one factor or for one along the last axis; rounded twice."""
    moved = _wrapped(np.asarray(x, np.int64) << np.maximum(shift, 0))
    return rounding_shift(multiply_high(moved, factor), np.maximum(-np.asarray(shift), 0))


def multiply_high(a: Array | int, b: Array | int) -> Array:
    """a * b / 2^31, halves rounded up: the product of two numbers without integer bits."""
    product: Array = (np.asarray(a, np.int64) * b + 2**30) >> 31
    return product


def rounding_shift(x: Array | np.int64, bits: Array | int) -> Array:
    """x / 2^bits, halves rounded away from zero."""
    mask = (np.int64(1) << bits) - 1
    rounded: Array = (x >> bits) + ((x & mask) > (mask >> 1) + (x < 0))
    return rounded


def saturating_shift(x: Array, bits: int) -> Array:
    """x * 2^bits within the range of i32."""
    shifted: Array = np.clip(x << bits, -(2**31), 2**31 - 1)
    return shifted


def _wrapped(x: Array) -> Array:
    """What is left of a number in 32 bits."""
    return x.astype(np.int32).astype(np.int64)


def rounded_half_away(x: Array) -> Array:
    """Real numbers to integers, halves away from zero, as C's round does; of the type of x."""
    below_half = np.nextafter(np.asarray(0.5, x.dtype), np.asarray(0, x.dtype))
    rounded: Array = np.trunc(x + np.copysign(below_half, x))
    return rounded


def exponential(a: Array) -> Array:
    """e^a without integer bits, of numbers a <= 0 with 5 of them.

    A Taylor series around -1/8 for what is left of a modulo 1/4, times e^-(2^k) for each bit k of the rest.
    """
    quarter = 1 << 24
    left = (a & (quarter - 1)) - quarter
    x = (left << 5) + (1 << 28)
    x2 = multiply_high(x, x)
    x3, x4 = multiply_high(x2, x), multiply_high(x2, x2)
    third = multiply_high(rounding_shift(x4, 2) + x3, 715827883)  # 1/3
    series = x + rounding_shift(third + x2, 1)
    result = 1895147668 + multiply_high(1895147668, series)  # e^(-1/8)
    rest = left - a
    for bit, factor in zip(range(24, 31), _EXPONENTIALS, strict=True):
        result = np.where(rest & (1 << bit), multiply_high(result, factor), result)
    return np.where(a == 0, _ONE, result)


_EXPONENTIALS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""e^-(2^k) for k from -2 to 4."""


def reciprocal_of_one_plus(a: Array) -> Array:
    """1 / (1 + a) for 0 <= a <= 1, without integer bits: three steps of Newton's method."""
    half = (np.asarray(a, np.int64) + _ONE + 1) >> 1
    x = 1515870810 + multiply_high(half, -1010580540)  # 48/17 and -32/17, with 2 integer bits
    for _ in range(3):
        x = x + saturating_shift(multiply_high(x, (1 << 29) - multiply_high(half, x)), 2)
    return saturating_shift(x, 1)


def reciprocal(x: Array, integer_bits: int) -> tuple[Array, Array]:
    """1 / x for numbers x with these integer bits: (a number without, by how many bits it is to be shifted right)."""
    headroom = leading_zeros(x)
    return reciprocal_of_one_plus((x << headroom) - 2**31), integer_bits - headroom


def leading_zeros(x: Array) -> Array:
    """The zeros before the first bit of positive integers of 32 bits."""
    zeros: Array = 32 - np.frexp(np.asarray(x, np.float64))[1].astype(np.int64)
    return zeros


def logarithm(x: Array) -> Array:
    """ln x with 5 integer bits, for numbers x >= 1 with 12.

    x is seen as r * 2^n and as r' * 2^(n' + 1/2); the form whose r is nearer to 2^(-1/4) is taken, and the logarithm of
    that r is a quotient of polynomials.
    """
    x = np.asarray(x, np.int64)
    headroom = leading_zeros(x)
    r_a = saturating_shift(multiply_high(x << (headroom - 1), _SQRT_HALF), 1)
    exponent_a = ((12 - headroom) << 25) + (1 << 23)
    halved = multiply_high(x, _SQRT_HALF)
    headroom = leading_zeros(halved) - 1
    r_b = np.clip(x << headroom, -(2**31), 2**31 - 1)
    exponent_b = ((12 - headroom) << 25) - (1 << 23)
    r, exponent = np.minimum(r_a, r_b), np.maximum(exponent_a, exponent_b)

    p, q = (r + _SQRT_SQRT_HALF + 1) >> 1, 2 * (r - _SQRT_SQRT_HALF)
    square = multiply_high(q, q)
    numerator = multiply_high(q, r) + multiply_high(multiply_high(q, square), 117049297)  # 11/240 * 2^(1/4)
    inner = 1057819769 + q + multiply_high(127690142, square)  # 2 / 2^(1/4) - 2^(1/4), 1/20 * 2^(1/4)
    inverse = reciprocal_of_one_plus(multiply_high(p, inner) + multiply_high(638450708, q))  # 1/4 * 2^(1/4)
    whole = multiply_high(exponent, 1488522236)  # ln 2
    return saturating_shift(whole + multiply_high(rounding_shift(numerator, 6), inverse), 1)


def inverse_square_root(number: int) -> Multiplier:
    """1 / √number for an integer between 1 and 2^29: five steps of Newton's method, with 3 integer bits."""
    if number == 1:
        return Multiplier(_ONE, 0)
    pairs = (31 - number.bit_length()) // 2 - 1
    half = rounding_shift(np.int64((number << 2 * pairs) >> 1), 1)
    x = np.int64(1 << 28)
    for _ in range(5):
        cube = saturating_shift(multiply_high(multiply_high(x, x), x), 6)
        x = saturating_shift(multiply_high((1 << 28) + (1 << 27), x) - multiply_high(half, cube), 3)
    factor, shift = int(multiply_high(x, _SQRT_HALF)), 11 - pairs
    return Multiplier(factor << max(-shift, 0), min(-shift, 0))


_SQRT_HALF = 1518500250
_SQRT_SQRT_HALF = 1805811301
