"""Interpolation of integers."""

from __future__ import annotations

import numpy as np

from ....opdef import INTS, attribute, operand, result
from ....types import Array
from .base import StoredOp

PARTS = 1 << 10
"""Parts of the distance between two elements are counted in this."""


class QuantizedResize(StoredOp, name="c.quantized_resize"):
    """Linear interpolation of (N, H, W, C) over both axes at once, in 1024ths, halves away from zero

    y[n, i, j] mixes the rows top[i] and bottom[i], and of each the columns left[j] and right[j]; ``down`` and
    ``across`` are the parts of bottom and right.
    """

    x = operand("(N, H, W, C), i8")
    top = attribute(INTS, "rows of x")
    bottom = attribute(INTS, "the rows below them")
    down = attribute(INTS, "the parts of these, in 1024ths")
    left = attribute(INTS, "columns of x")
    right = attribute(INTS, "the columns beside them")
    across = attribute(INTS, "the parts of these, in 1024ths")
    output = result("(N, H', W', C), i8")

    def evaluate(self, x: Array) -> Array:
        wide = x.astype(np.int64)
        down, across = np.reshape(self.down, (-1, 1, 1)), np.reshape(self.across, (-1, 1))
        rows = wide[:, list(self.top)] * (PARTS - down) + wide[:, list(self.bottom)] * down
        sums = rows[:, :, list(self.left)] * (PARTS - across) + rows[:, :, list(self.right)] * across
        half = PARTS * PARTS // 2
        rounded: Array = np.where(sums > 0, (sums + half) >> 20, -((half - sums) >> 20))
        return rounded.astype(x.dtype)
