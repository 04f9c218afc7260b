"""Pools: the maximum or the mean of each window, channel-last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...opdef import INTS, attribute, one_of, operand, result
from ...types import Array
from ..nn.pool import reduce_windows
from ..nn.window import Window
from .base import Clamped


class Pool(Clamped, name="c.pool"):
    """The maximum, the mean, or the root of the mean square of the elements of x in each window, bounded.

    Windows begin ``pads`` before x; what is outside of x does not count.
    """

    x = operand("(N, *L, C)")
    kind = attribute(one_of("max", "average", "l2"), "what becomes of a window")
    kernel = attribute(INTS, "the lengths of the window")
    strides = attribute(INTS, "the steps of the window")
    pads = attribute(INTS, "how far before x the first window begins, for each axis")
    output = result("(N, *L', C)")

    def evaluate(self, x: Array) -> Array:
        if self.kind == "max":
            return self.clamp(self._reduced(x, np.maximum, -np.inf))
        counts = self._reduced(np.ones_like(x[:1, ..., :1]), np.add, 0.0)
        mean = self._reduced(x if self.kind == "average" else x * x, np.add, 0.0) / counts
        return self.clamp(mean if self.kind == "average" else np.sqrt(mean))

    def _reduced(self, x: Array, ufunc: np.ufunc, padding: float) -> Array:
        return reduced(x, (self.kernel, self.strides, self.pads), self.output_type.static_shape, ufunc, padding)


def reduced(
    x: Array, window: tuple[Sequence[int], ...], shape: Sequence[int], ufunc: np.ufunc, padding: float
) -> Array:
    """``ufunc`` over the elements of each window of (N, *L, C), a window being (kernel, strides, pads).

    There are as many as ``shape``, which is (N, *L', C), says; ``padding`` stands around x.
    """
    kernel, strides, pads = window
    counts, axes = tuple(shape[1:-1]), range(1, x.ndim - 1)
    rows = zip(x.shape[1:-1], counts, kernel, strides, pads, strict=True)
    ends = [max((m - 1) * s + k - n - p, 0) for n, m, k, s, p in rows]
    whole = Window.of(kernel, strides, (*pads, *ends))
    return reduce_windows(whole.padded(x, axes, padding), whole, counts, axes, ufunc)
