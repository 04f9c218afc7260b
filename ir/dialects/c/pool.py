"""Pools: the maximum or the mean of each window, channel-last."""

from __future__ import annotations

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
        lengths, counts = x.shape[1:-1], self.output_type.static_shape[1:-1]
        rows = zip(lengths, counts, self.kernel, self.strides, self.pads, strict=True)
        ends = [max((m - 1) * s + k - n - p, 0) for n, m, k, s, p in rows]
        window = Window.of(self.kernel, self.strides, (*self.pads, *ends))
        axes = range(1, x.ndim - 1)
        return reduce_windows(window.padded(x, axes, padding), window, counts, axes, ufunc)
