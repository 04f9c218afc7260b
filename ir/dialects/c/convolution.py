"""Convolutions over any number of spatial axes, channel-last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...opdef import INT, INTS, attribute, operand, result
from ...types import Array
from ..nn.convolution_kernels import convolve, convolve_transposed
from ..nn.window import Window
from .base import Clamped


class Convolution(Clamped):
    """Base of the convolutions. Windows begin ``pads`` before x and take zeros outside of it."""

    strides = attribute(INTS, "the steps of the window")
    dilations = attribute(INTS, "the steps within the window")
    pads = attribute(INTS, "how far before x the first window begins, for each axis")
    output = result("(N, *L', O)")

    def convolved(self, x: Array, weight: Array, bias: Array | None, groups: int) -> Array:
        """The convolution with weights (O, *kernel, C / groups); without spatial axes a product of matrices."""
        counts = self.output_type.static_shape[1:-1]
        y = convolve_windows(x, weight, self.strides, self.dilations, self.pads, counts, groups)
        return self.clamp(y if bias is None else y + bias)


def convolve_windows(
    x: Array,
    weight: Array,
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Sequence[int],
    counts: Sequence[int],
    groups: int,
) -> Array:
    """The sums of (N, *L, C) with weights (O, *kernel, C / groups): ``counts`` windows along each axis."""
    kernel = weight.shape[1:-1]
    if not kernel:
        y: Array = x @ weight.T
        return y
    rows = zip(x.shape[1:-1], counts, kernel, strides, dilations, pads, strict=True)
    ends = [max((m - 1) * s + d * (k - 1) + 1 - n - p, 0) for n, m, k, s, d, p in rows]
    y = convolve(x, np.moveaxis(weight, -1, 1), Window.of(kernel, strides, (*pads, *ends), dilations), groups, True)
    inside = (slice(None), *map(slice, counts))
    return y[inside]


def convolve_transposed_windows(
    x: Array, weight: Array, strides: Sequence[int], pads: Sequence[int], counts: Sequence[int]
) -> Array:
    """What (N, *L, C) adds to ``counts`` places along each axis, with weights (O, *kernel, C)."""
    kernel = weight.shape[1:-1]
    rows = zip(x.shape[1:-1], counts, kernel, strides, pads, strict=True)
    ends = [(n - 1) * s + k - p - m for n, m, k, s, p in rows]
    window = Window.of(kernel, strides, (*pads, *ends))
    return convolve_transposed(x, np.moveaxis(weight, -1, 0), window, 1, (0,) * len(kernel), True)


class Conv(Convolution, name="c.conv"):
    """Convolution: (N, *L, C), weights (O, *kernel, C / groups), bias (O,) → (N, *L', O), bounded."""

    x = operand("(N, *L, C)")
    weight = operand("(O, *kernel, C / groups)")
    bias = operand("(O,)", optional=True)
    groups = attribute(INT, "how many parts the channels have that do not mix", default=1)

    def evaluate(self, x: Array, weight: Array, bias: Array | None) -> Array:
        return self.convolved(x, weight, bias, self.groups)


class ConvTranspose(Clamped, name="c.conv_transpose"):
    """Transposed convolution: (N, *L, C), weights (O, *kernel, C), bias (O,) → (N, *L', O), bounded.

    Each place i of x adds to the places i * stride - pad + k of the result; what is outside of it is lost.
    """

    x = operand("(N, *L, C)")
    weight = operand("(O, *kernel, C)")
    bias = operand("(O,)", optional=True)
    strides = attribute(INTS, "how far the places of x lie apart in the result")
    pads = attribute(INTS, "how far before the result the first window begins, for each axis")
    output = result("(N, *L', O)")

    def evaluate(self, x: Array, weight: Array, bias: Array | None) -> Array:
        counts = self.output_type.static_shape[1:-1]
        y = convolve_transposed_windows(x, weight, self.strides, self.pads, counts)
        return self.clamp(y if bias is None else y + bias)
