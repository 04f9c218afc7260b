"""Convolutions, pools, matrix products, normalizations and resizing in the forms that ONNX has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.dialects.nn.window import Window
from ...ir.types import Dim
from .. import decompositions, pools
from ..einsum import einsum
from ..expansion import reshaped
from .expansion import expands
from .rules_linear import is_layer_normalization

expands("einsum", below=12)(einsum)
expands("conv", "conv_transpose", below=7)(decompositions.conv_1d)  # SNPE has images alone


@expands("max_pool", below=10)
@expands("average_pool", below=19)
def dilations(b: Builder, op: nn.PoolOp) -> Value | None:
    """Shifted slices, axis by axis, before pools had dilations."""
    if all(d == 1 for d in op.dilations):
        return None
    lengths = op.x.tensor.with_shape(op.x.tensor.dims[2:]).static_shape
    return pools.by_slices(b, op, _padded(b, op, _neutral(op)), lengths)


@expands("max_pool")
def wide_maximum(b: Builder, op: nn.MaxPool) -> Value | None:
    """Runtimes want pads that are shorter than the window."""
    if not _is_wide(op.window, _ends(op.window)):
        return None
    x = _padded(b, op, _neutral(op))
    return b.nn.max_pool(x, kernel=op.kernel, strides=op.strides, dilations=op.dilations)


def _neutral(op: nn.PoolOp) -> float:
    """What changes neither the maximum nor the sum of a window."""
    element = op.x.tensor.expressed
    if isinstance(op, nn.AveragePool):
        return 0.0
    return -math.inf if element.is_float else float(element.limits[0])


def _padded(b: Builder, op: nn.PoolOp, value: float) -> Value:
    pads = (0, 0, *op.window.pads_begin, 0, 0, *_ends(op.window))
    return b.nn.pad(op.x, pads=pads, value=value) if any(pads) else op.x


@expands("average_pool")
def wide_mean(b: Builder, op: nn.AveragePool) -> Value | None:
    """Pads that are as long as the window, or that count where the overhang does not: sums, as a convolution by ones.

    (A pad before the pool would not do: onnxruntime 1.31 merges the two, and then refuses what it made.)
    """
    some_count = op.count_include_pad and any(op.overhang) and any(op.pads)
    return _sums(b, op) if some_count or _is_wide(op.window, _ends(op.window)) else None


@expands("average_pool", below=7)
def mean_with_pads(b: Builder, op: nn.AveragePool) -> Value | None:
    """The first AveragePool counts no pads."""
    return _sums(b, op) if op.count_include_pad and any(op.pads) else None


def _sums(b: Builder, op: nn.AveragePool) -> Value:
    """The sums of the windows, divided by the numbers of their elements."""
    window = op.window
    channels, *lengths = op.x.tensor.with_shape(op.x.tensor.dims[1:]).static_shape
    sums = b.nn.conv(
        op.x,
        np.ones((channels, 1, *op.kernel), op.x.tensor.expressed.dtype),
        strides=op.strides,
        pads=(*window.pads_begin, *_ends(window)),
        dilations=op.dilations,
        groups=channels,
    )
    return b.nn.mul(sums, pools.element_factors(op, lengths, 1.0))


def _ends(window: Window) -> list[int]:
    """Pads and overhang at the ends, which hold nothing both."""
    return [p + o for p, o in zip(window.pads_end, window.overhang, strict=True)]


def _is_wide(window: Window, ends: Sequence[int]) -> bool:
    pads = (*window.pads_begin, *ends)
    return any(p >= k for p, k in zip(pads, window.kernel * 2, strict=True))


@expands("batch_norm")
def batch_norm(b: Builder, op: nn.BatchNorm) -> Value | None:
    rank = op.x.tensor.rank
    return None if rank >= 2 and op.axis % rank == 1 else decompositions.batch_norm(b, op)


@expands("layer_norm", below=17)
def old_layer_norm(b: Builder, op: nn.LayerNorm) -> Value:
    return decompositions.layer_norm(b, op)


@expands("layer_norm")
def layer_norm(b: Builder, op: nn.LayerNorm) -> Value | None:
    return None if is_layer_normalization(op) else decompositions.layer_norm(b, op)


@expands("lrn")
def lrn(b: Builder, op: nn.Lrn) -> Value | None:
    """The channels go to axis 1 of an image; onnxruntime takes nothing else."""
    rank, dims = op.x.tensor.rank, op.x.tensor.dims
    axis = op.axis % rank
    if op.size % 2 == 0:
        return decompositions.lrn(b, op)
    if axis == 1 and rank == 4:
        return None
    settings: dict[str, Any] = {"size": op.size, "alpha": op.alpha, "beta": op.beta, "bias": op.bias, "axis": 1}
    if rank == 4:
        perm = swapped_with(1, axis, rank)
        return b.nn.transpose(b.nn.lrn(b.nn.transpose(op.x, perm=perm), **settings), perm=perm)
    before, channels, behind = dims[:axis], dims[axis], dims[axis + 1 :]
    image = (_product(before), channels, _product(behind), 1)
    return reshaped(b, b.nn.lrn(reshaped(b, op.x, image), **settings), dims)


def swapped_with(i: int, j: int, rank: int) -> list[int]:
    """The permutation that swaps two axes."""
    perm = list(range(rank))
    perm[i], perm[j] = j, i
    return perm


def _product(dims: Sequence[Dim]) -> Dim:
    """The number of elements of these dimensions; None where it is not known."""
    numbers = [d for d in dims if isinstance(d, int)]
    if len(numbers) == len(dims):
        return math.prod(numbers)
    return dims[0] if len(dims) == 1 else None
