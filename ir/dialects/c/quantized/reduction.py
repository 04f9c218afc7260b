"""Sums of integers over axes and windows."""

from __future__ import annotations

import numpy as np

from ....fixed_point import rescale, rounded_half_away
from ....opdef import FLOAT, INT, INTS, attribute, one_of, operand, result
from ....types import Array
from ..pool import reduced
from .base import BoundedOp, StoredOp


class SumOp(BoundedOp):
    """Base of sums over the middle of (outer, middle, inner), which is how x is seen."""

    x = operand("i8")
    outer = attribute(INT)
    middle = attribute(INT)
    inner = attribute(INT)
    output = result("outer * inner elements, i8")

    def summed(self, x: Array) -> Array:
        """The sums of the stored integers, in the shape of the result."""
        sums: Array = x.reshape(self.outer, self.middle, self.inner).sum(axis=1, dtype=np.int64)
        return sums.reshape(self.output_type.static_shape)

    def scratch_bytes(self) -> int:
        return 4 * self.inner if self.inner > 1 else 0


class QuantizedMean(SumOp, name="c.quantized_mean"):
    """The sums less the zero points of x, multiplied; the number of elements is in the multiplier"""

    x_zero = attribute(INT, "the integer of x that stands for 0")
    factor = attribute(INT, "31 bits of what sums are multiplied by")
    shift = attribute(INT, "its power of two")

    def evaluate(self, x: Array) -> Array:
        return self.stored(rescale(self.summed(x) - self.middle * self.x_zero, self.factor, self.shift))


class QuantizedTotal(SumOp, name="c.quantized_total"):
    """The sums times ``scale``, plus ``bias``, in f32; halves away from zero: so does LiteRT's builtin kernel

    Its reference kernel takes signed integers for unsigned ones.
    """

    scale = attribute(FLOAT)
    bias = attribute(FLOAT, "minus the zero points of x, scaled")

    def evaluate(self, x: Array) -> Array:
        scaled = self.summed(x).astype(np.float32) * np.float32(self.scale) + np.float32(self.bias)
        return self.stored(rounded_half_away(scaled).astype(np.int64))


class QuantizedPool(StoredOp, name="c.quantized_pool"):
    """The largest integer in each window, or the mean of the integers, halves away from zero; bounded

    Windows begin ``pads`` before x; what is outside of x does not count.
    """

    x = operand("(N, H, W, C), i8")
    kind = attribute(one_of("max", "average"), "what becomes of a window")
    kernel = attribute(INTS, "the lengths of the window")
    strides = attribute(INTS, "the steps of the window")
    pads = attribute(INTS, "how far before x the first window begins, for each axis")
    lower = attribute(INT, "results below this become it", default=-128)
    upper = attribute(INT, "results above this become it", default=127)
    output = result("(N, H', W', C), i8")

    def evaluate(self, x: Array) -> Array:
        wide = x.astype(np.int64)
        if self.kind == "max":
            y = self._reduced(wide, np.maximum, -128)
        else:
            counts = self._reduced(np.ones_like(wide[:1, ..., :1]), np.add, 0)
            sums = self._reduced(wide, np.add, 0)
            y = np.where(sums > 0, (sums + counts // 2) // counts, -((counts // 2 - sums) // counts))
        return y.clip(self.lower, self.upper).astype(x.dtype)

    def _reduced(self, x: Array, ufunc: np.ufunc, padding: int) -> Array:
        return reduced(x, (self.kernel, self.strides, self.pads), self.output_type.static_shape, ufunc, padding)

    def scratch_bytes(self) -> int:
        return 4 * self.output_type.static_shape[-1] if self.kind == "average" else 0
