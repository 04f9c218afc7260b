"""Convolutions and products with constant weights, which are packed in the order in which the kernel reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...opdef import INT, attribute, operand
from ...types import Array
from .convolution import Convolution

SPEEDS: dict[int, dict[int, float]] = {
    32: {8: 1.0, 7: 0.98, 6: 0.96, 5: 0.91, 4: 0.87, 3: 0.75, 2: 0.63, 1: 0.35},
    16: {8: 0.84, 7: 0.83, 6: 0.81, 5: 0.77, 4: 0.71, 3: 0.5},
    8: {8: 0.6, 7: 0.57, 6: 0.52, 5: 0.45},
}
"""How fast tiles of so many outputs by so many places are, beside the largest (gcc 12, mean of AVX2 and AVX-512)."""


class PackedConv(Convolution, name="c.packed_conv"):
    """``c.conv`` with weights in blocks of some outputs: (groups, blocks, *kernel, C / groups, width); zeros fill up.

    Without spatial axes it is the product of (N, C) with a matrix.
    """

    x = operand("(N, *L, C)")
    weight = operand("(groups, blocks, *kernel, C / groups, width)")
    bias = operand("(groups, blocks, width)", optional=True)
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


def tile_height(width: int, places: int) -> int:
    """How many places are computed side by side, in blocks of ``width`` outputs: few tiles, where larger are faster."""
    return min(SPEEDS[width], key=lambda height: _cost(width, height, places))


def block_width(outputs: int, places: int) -> int:
    """How many outputs a block best has, for so many outputs of a group and places."""

    def cost(width: int) -> float:
        return -(-outputs // width) * width * _cost(width, tile_height(width, places), places)

    return min(SPEEDS, key=cost)


def _cost(width: int, height: int, places: int) -> float:
    """The time for one output at all places, where the fastest tile takes 1 for a place."""
    return -(-places // height) * height / SPEEDS[width][height]


def pack_outputs(weight: Array, groups: int, width: int) -> Array:
    """(O, *rest) → (groups, blocks, *rest, width), with zeros behind the outputs of each group."""
    per_group = weight.shape[0] // groups
    rows = weight.reshape(groups, per_group, *weight.shape[1:])
    rows = np.pad(rows, [(0, 0), (0, -per_group % width)] + [(0, 0)] * (rows.ndim - 2))
    blocks = rows.reshape(groups, -1, width, *weight.shape[1:])
    return np.moveaxis(blocks, 2, -1)


def packed_shape(shape: Sequence[int], groups: int, width: int) -> tuple[int, ...]:
    """The shape of :func:`pack_outputs` for weights of a shape."""
    return (groups, -(-(shape[0] // groups) // width), *shape[1:], width)
