"""Convolutions and products with constant weights, which are packed in the order in which the kernel reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...opdef import INT, attribute, operand
from ...types import Array
from .convolution import Convolution

BLOCK = 16
"""How many outputs are computed side by side: as many floats as two registers of AVX hold, and one of AVX-512."""


class PackedConv(Convolution, name="c.packed_conv"):
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


class DepthwiseConv(Convolution, name="c.depthwise_conv"):
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
