"""Interpolation, mirroring and normalization over neighbours."""

from __future__ import annotations

import numpy as np

from ...opdef import FLOAT, FLOATS, INT, INTS, attribute, operand, result
from ...types import Array
from .base import Clamped, KernelOp


class Take(KernelOp, name="c.take"):
    """Elements at places that are known when the program is compiled: y[o, i, n] = x[o, places[i], n]"""

    x = operand()
    places = attribute(INTS, "the places in the middle of (outer, middle, inner)")
    outer = attribute(INT)
    middle = attribute(INT)
    inner = attribute(INT)
    output = result()

    def evaluate(self, x: Array) -> Array:
        rows = x.reshape(self.outer, self.middle, self.inner)
        return rows[:, list(self.places)].reshape(self.output_type.static_shape)


class Mix(KernelOp, name="c.mix"):
    """Two elements each, mixed: y[o, i, n] = x[o, low[i], n] * (1 - part[i]) + x[o, high[i], n] * part[i]"""

    x = operand()
    low = attribute(INTS, "places in the middle of (outer, middle, inner)")
    high = attribute(INTS, "the same of the other elements")
    part = attribute(FLOATS, "the weights of the other elements")
    outer = attribute(INT)
    middle = attribute(INT)
    inner = attribute(INT)
    output = result()

    def evaluate(self, x: Array) -> Array:
        rows = x.reshape(self.outer, self.middle, self.inner)
        part = np.asarray(self.part, x.dtype).reshape(1, -1, 1)
        y: Array = rows[:, list(self.low)] * (1 - part) + rows[:, list(self.high)] * part
        return y.reshape(self.output_type.static_shape)


class L2Normalization(Clamped, name="c.l2_normalization"):
    """x / √(Σ x²) along the last axis, the sum not below 1e-12"""

    x = operand()
    output = result()

    def evaluate(self, x: Array) -> Array:
        return self.clamp(x / np.sqrt(np.maximum(np.square(x).sum(-1, keepdims=True), 1e-12)))


class LocalResponseNormalization(KernelOp, name="c.local_response_normalization"):
    """x / (bias + alpha Σ x²)^beta, the sum over the ``radius`` neighbours on both sides along the last axis"""

    x = operand()
    radius = attribute(INT)
    bias = attribute(FLOAT)
    alpha = attribute(FLOAT)
    beta = attribute(FLOAT)
    output = result()

    def evaluate(self, x: Array) -> Array:
        padded = np.pad(np.square(x), [(0, 0)] * (x.ndim - 1) + [(self.radius, self.radius)])
        sums = np.lib.stride_tricks.sliding_window_view(padded, 2 * self.radius + 1, axis=-1).sum(-1)
        return np.asarray(x / (self.bias + self.alpha * sums) ** self.beta, x.dtype)
