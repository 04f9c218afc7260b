"""Sums of integers over axes and windows."""

from __future__ import annotations

import numpy as np

from ....opdef import INT, INTS, attribute, one_of, operand, result
from ....types import Array
from ..pool import reduced
from .base import ScaledOp, StoredOp


class QuantizedReduce(ScaledOp, name="c.quantized_reduce"):
    """The sum over the middle of (outer, middle, inner), which is how x is seen, less its zero points; scaled

    A mean is a sum with the number of elements in its scale.
    """

    x = operand("i8")
    x_zero = attribute(INT, "the integer of x that stands for 0")
    outer = attribute(INT)
    middle = attribute(INT)
    inner = attribute(INT)
    output = result("outer * inner elements, i8")

    def evaluate(self, x: Array) -> Array:
        sums = x.reshape(self.outer, self.middle, self.inner).sum(axis=1, dtype=np.int64)
        return self.scaled(sums - self.middle * self.x_zero).reshape(self.output_type.static_shape)

    def scratch_bytes(self) -> int:
        return 4 * self.inner if self.inner > 1 else 0


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
