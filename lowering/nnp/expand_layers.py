"""Convolutions, pools, resizing and local normalization in the forms that NNabla has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.layout import to_first, to_last
from .. import decompositions, resizing
from ..convolutions import lengths_of
from ..einsum import einsum
from ..expansion import reshaped, with_axis, without_axis
from ..pools import by_slices, element_factors
from .expansion import expands
from .rules_movement import END
from .windows import interpolate_arguments, pool_arguments


@expands("conv", "conv_transpose", "deform_conv", "max_pool", "average_pool")
@expands("resize", "grid_sample", "depth_to_space", "space_to_depth")
def channels_first(b: Builder, op: Any) -> Value | None:
    """On a processor NNabla computes with channels first alone."""
    if not op.channel_last:
        return None
    rank = op.x.tensor.rank
    attributes = {k: v for k, v in op.attributes.items() if k not in ("channel_last", "activation")}
    x = b.nn.transpose(op.x, perm=to_first(rank))
    return b.nn.transpose(b.create(op.name, x, *op.operands[1:], **attributes).result, perm=to_last(rank))


def padded(b: Builder, x: Value, begin: Sequence[int], end: Sequence[int], value: float = 0.0) -> Value:
    """x with ``value`` around its spatial dimensions."""
    if not any((*begin, *end)):
        return x
    return b.nn.pad(x, pads=(0, 0, *begin, 0, 0, *end), value=value)


# Convolution


@expands("conv")
def conv_pads(b: Builder, op: nn.Conv) -> Value | None:
    """Pads that differ at both ends become an operation."""
    window = op.window
    if window.pads_begin == window.pads_end:
        return None
    return b.nn.conv(
        padded(b, op.x, window.pads_begin, window.pads_end),
        op.weight,
        op.bias,
        strides=op.strides,
        dilations=op.dilations,
        groups=op.groups,
    )


@expands("conv_transpose")
def transpose_pads(b: Builder, op: nn.ConvTranspose) -> Value | None:
    """Pads that differ at both ends, and outputs that end far behind: the whole is computed, and a part of it kept."""
    window = op.window
    too_long = any(p >= s for p, s in zip(op.output_padding, op.strides, strict=True))
    return part_of_longer(b, op) if window.pads_begin != window.pads_end or too_long else None


def part_of_longer(b: Builder, op: nn.ConvTranspose) -> Value:
    """A transposed convolution without pads and output_padding, and the part of it that these leave."""
    window, weight = op.window, op.weight
    if any(op.output_padding):  # zeros at the end of the kernel reach as far; with dilations in steps of these
        lacking = [math.ceil(p / d) for p, d in zip(op.output_padding, op.dilations, strict=True)]
        weight = b.nn.pad(weight, pads=(*(0,) * (2 + len(lacking)), 0, 0, *lacking))
    whole = b.nn.conv_transpose(op.x, weight, op.bias, strides=op.strides, dilations=op.dilations, groups=op.groups)
    stops = [begin + n for begin, n in zip(window.pads_begin, _numbers(op.output), strict=True)]
    starts = (0, 0, *window.pads_begin)
    made: Value = b.nn.slice(whole, starts=starts, stops=(END, END, *stops), steps=(1,) * len(starts))
    return made


def _numbers(value: Value) -> tuple[int, ...]:
    lengths = lengths_of(value, False)
    if lengths is None:
        raise ValueError(f"{value.type} has no static spatial dimensions")
    return lengths


# Pools


@expands("max_pool", "average_pool")
def pool_1d(b: Builder, op: nn.PoolOp) -> Value | None:
    """One spatial dimension becomes two, the first of length 1."""
    if op.spatial_rank != 1:
        return None
    options: dict[str, Any] = {
        "kernel": (1, *op.kernel),
        "strides": (1, *op.strides),
        "pads": (0, op.pads[0], 0, op.pads[1]),
        "overhang": (0, *op.overhang),
        "dilations": (1, *op.dilations),
    }
    if isinstance(op, nn.AveragePool):
        options["count_include_pad"] = op.count_include_pad
    return without_axis(b, b.create(op.name, with_axis(b, op.x, 2), **options).result, 2)


@expands("max_pool", "average_pool")
def pool_dilations(b: Builder, op: nn.PoolOp) -> Value | None:
    """The maximum or the sum of shifted slices: NNabla's pools have no dilations, and two or three axes."""
    window = op.window
    if op.spatial_rank in (2, 3) and all(d == 1 for d in window.dilations):
        return None
    value = _lowest(op.x) if isinstance(op, nn.MaxPool) else 0.0
    return by_slices(b, op, padded(b, op.x, window.pads_begin, _ends(op), value), _numbers(op.x))


def _ends(op: nn.PoolOp) -> list[int]:
    return [e + o for e, o in zip(op.window.pads_end, op.window.overhang, strict=True)]


def _lowest(x: Value) -> float:
    """What is never the greatest element."""
    element = x.tensor.expressed
    return -math.inf if element.is_float else float(element.limits[0])


@expands("max_pool")
def max_pool_pads(b: Builder, op: nn.MaxPool) -> Value | None:
    """Other pads and overhangs become an operation, with elements that are never the greatest."""
    if lengths_of(op.x, False) is None or pool_arguments(op) is not None:
        return None
    x = padded(b, op.x, op.window.pads_begin, _ends(op), _lowest(op.x))
    return b.nn.max_pool(x, kernel=op.kernel, strides=op.strides)


@expands("average_pool")
def average_pool_pads(b: Builder, op: nn.AveragePool) -> Value | None:
    """Other pads and overhangs become zeros around, and the counts are put right behind."""
    lengths = lengths_of(op.x, False)
    if lengths is None or pool_arguments(op) is not None or op.spatial_rank not in (2, 3):
        return None
    x = padded(b, op.x, op.window.pads_begin, _ends(op))
    y = b.nn.average_pool(x, kernel=op.kernel, strides=op.strides)
    factor = element_factors(op, lengths, math.prod(op.kernel))
    return y if np.all(factor == 1.0) else b.nn.mul(y, factor)


# Resizing


@expands("resize")
def resize(b: Builder, op: nn.Resize) -> Value | None:
    return None if interpolate_arguments(op) is not None else resizing.resize(b, op)


expands("dynamic_resize")(resizing.dynamic_resize)


# Normalization


@expands("lrn")
def lrn(b: Builder, op: nn.Lrn) -> Value:
    """The mean of squares of neighbours is one of windows over the channels; along other axes, a sum of slices."""
    rank = op.x.tensor.rank
    if op.axis % rank != 1 or rank < 3 or op.size > _at(op.x, 1):
        return decompositions.lrn(b, op)
    before = (op.size - 1) // 2
    squares = b.nn.reshape(b.nn.square(op.x), shape=(0, 1, _at(op.x, 1), -1))
    means = b.nn.average_pool(
        squares, kernel=(op.size, 1), pads=(before, 0, op.size - 1 - before, 0), count_include_pad=True
    )
    base = b.nn.add(b.nn.mul(reshaped(b, means, op.x.tensor.dims), op.alpha), op.bias)
    return b.nn.mul(op.x, b.nn.pow(base, -op.beta))


def _at(x: Value, axis: int) -> int:
    length = x.tensor.dims[axis]
    if not isinstance(length, int):
        raise ValueError(f"{x.type} has no number for axis {axis}")
    return length


@expands("einsum")
def einsum_of_numbers(b: Builder, op: nn.Einsum) -> Value | None:
    """NNabla's Einsum takes no operand without dimensions."""
    terms, _ = op.terms()
    return None if all(terms) else einsum(b, op)
