"""Exponentials of integers over their sum along the last axis, in fixed point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....fixed_point import logarithm, multiply_high, reciprocal, rescale, rounding_shift
from ....memory import Share
from ....opdef import INT, attribute, operand, result
from ....types import Array
from .base import StoredOp

SUM_BITS = 12
"""The integer bits of the sum of exponentials: no more than 4,096 are as large as 1."""
LOGARITHM_BITS = 5
"""The integer bits of logarithms, and of the differences that exponentials are taken of."""


class QuantizedSoftmax(StoredOp, name="c.quantized_softmax"):
    """e^d over the sum of e^d along the last axis, d being how far an element is below the largest one

    The result has the scale 1/256 and the zero point -128.
    """

    x = operand("i8")
    exponentials = operand("(256,), i32: e^d without integer bits, for the distances from 0 to 255; 0 where it is none")
    output = result()

    def evaluate(self, x: Array, exponentials: Array) -> Array:
        powers = exponentials.astype(np.int64)[_distances(x)]
        sums = rounding_shift(powers, SUM_BITS).sum(axis=-1, keepdims=True)
        inverse, bits = reciprocal(sums, SUM_BITS)
        y = rounding_shift(multiply_high(inverse, powers), bits + 31 - 8) - 128
        stored: Array = np.where(powers == 0, -128, y).clip(-128, 127).astype(x.dtype)
        return stored

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(0)


class QuantizedLogSoftmax(StoredOp, name="c.quantized_log_softmax"):
    """x less the logarithm of the sum of e^x along the last axis

    The result has the scale 1/16 and the zero point 127.
    """

    x = operand("i8")
    exponentials = operand("(256,), i32: as for c.quantized_softmax")
    differences = operand("(256,), i32: minus the distances from 0 to 255, with 5 integer bits")
    least = attribute(INT, "differences of integers below this are as good as minus infinity")
    factor = attribute(INT, "31 bits of how many integers a difference of 1 is")
    shift = attribute(INT, "its power of two")
    output = result()

    def evaluate(self, x: Array, exponentials: Array, differences: Array) -> Array:
        away = _distances(x)
        sums = rounding_shift(exponentials.astype(np.int64)[away], SUM_BITS).sum(axis=-1, keepdims=True)
        shift = logarithm(sums)
        limit = np.maximum(self.least - 1, rescale(shift - 2**31, self.factor, self.shift))
        y = rounding_shift(differences.astype(np.int64)[away] - shift, 31 - LOGARITHM_BITS - 4) + 127
        stored: Array = np.where(-away > limit, y.clip(-128, 127), -128).astype(x.dtype)
        return stored

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(0)


def _distances(x: Array) -> Array:
    """How far each element is below the largest one of its row."""
    wide = x.astype(np.int64)
    distances: Array = wide.max(axis=-1, keepdims=True) - wide
    return distances
