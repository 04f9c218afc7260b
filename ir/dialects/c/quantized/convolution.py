"""Convolutions of integers over any number of spatial axes, channel-last."""

from __future__ import annotations

import numpy as np

from ....fixed_point import rescale
from ....opdef import INT, INTS, attribute, operand, result
from ....types import Array
from ..convolution import convolve_transposed_windows, convolve_windows
from .base import BoundedOp

ROW_MULTIPLE = 16
"""Rows of weights are filled up with zeros to a multiple of this: so many products are summed at once."""


class ChannelsOp(BoundedOp):
    """Base of convolutions: each output has a multiplier of its own."""

    x = operand("(N, *L, C), i8")
    weight = operand("i8, in the order that the kernel reads")
    bias = operand("(O,), i32")
    factors = operand("(O,), i32: 31 bits of what each output is multiplied by")
    shifts = operand("(O,), i32: their powers of two")
    output = result("(N, *L', O), i8")

    def finished(self, sums: Array, bias: Array, factors: Array, shifts: Array) -> Array:
        """The result of sums."""
        return self.stored(rescale(sums + bias, factors.astype(np.int64), shifts.astype(np.int64)))


class QuantizedConvolution(ChannelsOp):
    """Base of convolutions that sum up stored integers: outside of x there is its zero point.

    What the zero point of x adds to the sums, its product with the weights of an output, is taken off the bias.
    """

    kernel = attribute(INTS, "the lengths of the window")
    strides = attribute(INTS, "the steps of the window")
    dilations = attribute(INTS, "the steps within the window")
    pads = attribute(INTS, "how far before x the first window begins, for each axis")
    outside = attribute(INT, "the zero point of x, which stands around it")

    def summed(self, x: Array, weight: Array, groups: int) -> Array:
        """The sums, with weights (O, *kernel, C / groups). f64 holds them exactly: they have 32 bits."""
        counts = self.output_type.static_shape[1:-1]
        centred = np.float64(x) - self.outside
        windows = (self.strides, self.dilations, self.pads, counts)
        sums = convolve_windows(centred, np.float64(weight), *windows, groups).astype(np.int64)
        added: Array = weight.reshape(len(weight), -1).sum(axis=1, dtype=np.int64) * self.outside
        return sums + added


class QuantizedConv(QuantizedConvolution, name="c.quantized_conv"):
    """Convolution: (N, *L, C), weights (O, K) → (N, *L', O)

    A row of weights is (*kernel, C / groups) behind each other, then zeros up to a multiple of 16.
    """

    groups = attribute(INT, "how many parts the channels have that do not mix", default=1)

    def evaluate(self, x: Array, weight: Array, bias: Array, factors: Array, shifts: Array) -> Array:
        channels = x.shape[-1] // self.groups
        rows = weight[:, : int(np.prod(self.kernel, dtype=int)) * channels]
        sums = self.summed(x, rows.reshape(len(rows), *self.kernel, channels), self.groups)
        return self.finished(sums, bias, factors, shifts)

    def scratch_bytes(self) -> int:
        outputs, width = self.weight.tensor.static_shape
        return tile_bytes(self.output_type.size // outputs, width, outputs // self.groups)


TILE = 2
"""How many rows of a product are computed at once."""


def tile_bytes(rows: int, width: int, outputs: int) -> int:
    """The scratch memory of a product: as many rows as are computed at once, of 16 bits, and their sums."""
    return min(TILE, rows) * (2 * width + 4 * outputs)


class QuantizedDepthwiseConv(QuantizedConvolution, name="c.quantized_depthwise_conv"):
    """A convolution of each channel alone, with weights (*kernel, C)"""

    def evaluate(self, x: Array, weight: Array, bias: Array, factors: Array, shifts: Array) -> Array:
        sums = self.summed(x, np.moveaxis(weight, -1, 0)[..., None], weight.shape[-1])
        return self.finished(sums, bias, factors, shifts)


class QuantizedConvTranspose(ChannelsOp, name="c.quantized_conv_transpose"):
    """Transposed convolution of x less its zero point: (N, *L, C), weights (O, *kernel, C) → (N, *L', O)

    Each place i of x adds to the places i * stride - pad + k of the result; what is outside of it is lost.
    """

    x_zero = attribute(INT, "the integer of x that stands for 0")
    strides = attribute(INTS, "how far the places of x lie apart in the result")
    pads = attribute(INTS, "how far before the result the first window begins, for each axis")

    def evaluate(self, x: Array, weight: Array, bias: Array, factors: Array, shifts: Array) -> Array:
        counts = self.output_type.static_shape[1:-1]
        real = np.float64(x) - self.x_zero
        sums = convolve_transposed_windows(real, np.float64(weight), self.strides, self.pads, counts)
        return self.finished(sums.astype(np.int64), bias, factors, shifts)

    def scratch_bytes(self) -> int:
        return 4 * self.output_type.size // self.output_type.static_shape[0]
