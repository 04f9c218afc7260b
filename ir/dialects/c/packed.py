"""Convolutions and products with constant weights, which are packed in the order in which the kernel reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...opdef import INT, INTS, attribute, operand, result
from ...types import Array
from ..nn.convolution_kernels import convolve
from ..nn.window import Window
from .base import Clamped

BLOCK = 16
"""How many outputs are computed side by side: as many floats as two registers of AVX hold, and one of AVX-512."""


class _PackedConv(Clamped):
    strides = attribute(INTS, "the steps of the window")
    dilations = attribute(INTS, "the steps within the window")
    pads = attribute(INTS, "how far before x the first window begins, for each axis")
    output = result("(N, *L', O)")

    def convolved(self, x: Array, weight: Array, bias: Array | None, groups: int) -> Array:
        """The convolution with weights (O, *kernel, C / groups)."""
        kernel, counts = weight.shape[1:-1], self.output_type.static_shape[1:-1]
        rows = zip(x.shape[1:-1], counts, kernel, self.strides, self.dilations, self.pads, strict=True)
        ends = [max((m - 1) * s + d * (k - 1) + 1 - n - p, 0) for n, m, k, s, d, p in rows]
        if kernel:
            window = Window.of(kernel, self.strides, (*self.pads, *ends), self.dilations)
            y = convolve(x, np.moveaxis(weight, -1, 1), window, groups, True)
        else:
            y = x @ weight.T
        y = y[tuple(map(slice, self.output_type.static_shape))]
        return self.clamp(y if bias is None else y + bias)


class PackedConv(_PackedConv, name="c.packed_conv"):
    """``c.conv`` with weights in blocks of 16 outputs: (groups, blocks, *kernel, C / groups, 16); zeros fill up.

    Without spatial axes it is the product of (N, C) with a matrix.
    """

    x = operand("(N, *L, C)")
    weight = operand("(groups, blocks, *kernel, C / groups, 16)")
    bias = operand("(groups, blocks, 16)", optional=True)
    outputs = attribute(INT, "the outputs of a group")

    def evaluate(self, x: Array, weight: Array, bias: Array | None) -> Array:
        groups = weight.shape[0]
        unpacked = np.moveaxis(weight, -1, 2)
        unpacked = unpacked.reshape(groups, -1, *unpacked.shape[3:])[:, : self.outputs]
        flat = unpacked.reshape(-1, *unpacked.shape[2:])
        values = None if bias is None else bias.reshape(groups, -1)[:, : self.outputs].reshape(-1)
        return self.convolved(x, flat, values, groups)


class DepthwiseConv(_PackedConv, name="c.depthwise_conv"):
    """A convolution of each channel alone, with weights (*kernel, C)"""

    x = operand("(N, *L, C)")
    weight = operand("(*kernel, C)")
    bias = operand("(C,)", optional=True)

    def evaluate(self, x: Array, weight: Array, bias: Array | None) -> Array:
        return self.convolved(x, np.moveaxis(weight, -1, 0)[..., None], bias, weight.shape[-1])


def pack_outputs(weight: Array, groups: int) -> Array:
    """(O, *rest) → (groups, blocks, *rest, 16), with zeros behind the outputs of each group."""
    per_group = weight.shape[0] // groups
    rows = weight.reshape(groups, per_group, *weight.shape[1:])
    missing = -per_group % BLOCK
    rows = np.pad(rows, [(0, 0), (0, missing)] + [(0, 0)] * (rows.ndim - 2))
    blocks = rows.reshape(groups, -1, BLOCK, *weight.shape[1:])
    return np.moveaxis(blocks, 2, -1)


def packed_shape(shape: Sequence[int], groups: int) -> tuple[int, ...]:
    """The shape of :func:`pack_outputs` for weights of a shape."""
    return (groups, -(-(shape[0] // groups) // BLOCK), *shape[1:], BLOCK)
