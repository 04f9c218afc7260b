"""A histogram of numbers that arrive in any order, in constant memory.

Bins have a width of a power of two and lie around 0. Where a number falls outside, the width doubles and neighbours
merge, which is exact: floor(floor(x / w) / 2) = floor(x / 2w). So the result does not depend on the order or on
how the numbers came in blocks.
"""

from __future__ import annotations

import math

import attrs
import numpy as np

from ...ir.types import Array

HALF = 2048
"""Bins on each side of 0."""
LEAST_WIDTH = 2.0**-1000
"""So that no width is 0, whatever the numbers."""


@attrs.define
class Histogram:
    """``counts[i]`` numbers x, none of them 0, have floor(x / width) = i - HALF; ``zeros`` are exactly 0."""

    width: float = 0.0
    counts: Array = attrs.field(factory=lambda: np.zeros(2 * HALF, np.int64))
    zeros: int = 0
    low: float = math.inf
    high: float = -math.inf

    def add(self, numbers: Array) -> None:
        """Count finite numbers of any shape."""
        flat = numbers.reshape(-1).astype(np.float64)  # in f32, tiny quotients would be flushed to 0
        if not flat.size:
            return
        self.low, self.high = min(self.low, float(flat.min())), max(self.high, float(flat.max()))
        largest = max(-self.low, self.high)
        if largest > 0:
            self._widen(largest)
            index = np.floor(flat / self.width).astype(np.int64) + HALF
            self.counts += np.bincount(index, minlength=2 * HALF)
        zeros = flat.size - int(np.count_nonzero(flat))
        self.zeros += zeros
        if largest > 0:
            self.counts[HALF] -= zeros

    def _widen(self, largest: float) -> None:
        needed = _width_for(largest)
        if not self.width:
            self.width = needed
        while self.width < needed:
            pairs = self.counts.reshape(-1, 2).sum(axis=1)
            self.counts = np.zeros_like(self.counts)
            self.counts[HALF // 2 : HALF // 2 + HALF] = pairs
            self.width *= 2

    @property
    def total(self) -> int:
        return int(self.counts.sum()) + self.zeros

    @property
    def edges(self) -> Array:
        """The lower edges of the bins, and the upper edge of the last."""
        return np.arange(-HALF, HALF + 1) * self.width

    @property
    def centres(self) -> Array:
        return (np.arange(-HALF, HALF) + 0.5) * self.width


def _width_for(largest: float) -> float:
    """The smallest power of two such that floor(x / width) fits for |x| <= largest."""
    width = max(2.0 ** (math.frexp(largest)[1] - (HALF.bit_length() - 1)), LEAST_WIDTH)
    return width if largest < width * HALF else 2 * width
