"""Observers: each sees all arrays of one value, block by block, and in the end names its range."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ...ir.types import Array
from .estimators import Range, entropy_range, mse_range, percentile_range
from .histogram import Histogram


class RangeObserver:
    """Sees finite numbers, block by block."""

    def add(self, numbers: Array) -> None:
        """Take note of the numbers of one batch (any shape, not empty, all finite)."""
        raise NotImplementedError

    def range(self) -> Range:
        """The range, with 0 in it. Called when at least one block was seen."""
        raise NotImplementedError


@attrs.define
class MinMax(RangeObserver):
    """The smallest and the largest number."""

    low: float = 0.0
    high: float = 0.0

    def add(self, numbers: Array) -> None:
        self.low, self.high = min(self.low, float(numbers.min())), max(self.high, float(numbers.max()))

    def range(self) -> Range:
        return self.low, self.high


@attrs.define
class MovingAverage(RangeObserver):
    """Exponentially weighted means of the extremes of the batches: low := momentum * low + (1 - momentum) * min."""

    momentum: float
    low: float | None = None
    high: float | None = None

    def add(self, numbers: Array) -> None:
        low, high = float(numbers.min()), float(numbers.max())
        m = self.momentum
        self.low = low if self.low is None else m * self.low + (1 - m) * low
        self.high = high if self.high is None else m * self.high + (1 - m) * high

    def range(self) -> Range:
        return min(self.low or 0.0, 0.0), max(self.high or 0.0, 0.0)


@attrs.define
class HistogramRange(RangeObserver):
    """A range that an estimator chooses from the histogram of all numbers."""

    estimate: Callable[[Histogram], Range]
    histogram: Histogram = attrs.Factory(Histogram)

    def add(self, numbers: Array) -> None:
        self.histogram.add(numbers)

    def range(self) -> Range:
        return self.estimate(self.histogram)


METHODS = ("minmax", "moving_average", "percentile", "entropy", "mse")


def make_observer(method: str, percentile: float, momentum: float) -> RangeObserver:
    """The observer of a method, one of :data:`METHODS`."""
    if method == "minmax":
        return MinMax()
    if method == "moving_average":
        return MovingAverage(momentum)
    if method == "percentile":
        return HistogramRange(lambda histogram: percentile_range(histogram, percentile))
    return HistogramRange({"entropy": entropy_range, "mse": mse_range}[method])
