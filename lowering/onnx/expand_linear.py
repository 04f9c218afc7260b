"""Convolutions, pools, matrix products, normalizations and resizing in the forms that ONNX has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.dialects.nn.window import Window
from ...ir.types import Array, Dim
from .. import decompositions
from ..einsum import einsum
from ..expansion import reshaped, swapped
from .expansion import expands
from .rules_linear import is_layer_normalization

expands("einsum", below=12)(einsum)


@expands("max_pool")
def wide_maximum(b: Builder, op: nn.MaxPool) -> Value | None:
    """Runtimes want pads that are shorter than the window."""
    window = op.window
    ends = _ends(window)
    if not _is_wide(window, ends):
        return None
    element = op.x.tensor.expressed
    lowest = -math.inf if element.is_float else float(element.limits[0])
    x = b.nn.pad(op.x, pads=(0, 0, *window.pads_begin, 0, 0, *ends), value=lowest)
    return b.nn.max_pool(x, kernel=op.kernel, strides=op.strides, dilations=op.dilations)


@expands("average_pool")
def wide_mean(b: Builder, op: nn.AveragePool) -> Value | None:
    """Pads that are as long as the window, or that count where the overhang does not: sums, as a convolution by ones.

    (A pad before the pool would not do: onnxruntime 1.31 merges the two, and then refuses what it made.)
    """
    window = op.window
    ends = _ends(window)
    some_count = op.count_include_pad and any(op.overhang) and any(op.pads)
    if not _is_wide(window, ends) and not some_count:
        return None
    channels, *lengths = op.x.tensor.with_shape(op.x.tensor.dims[1:]).static_shape
    dtype = op.x.tensor.expressed.dtype
    sums = b.nn.conv(
        op.x,
        np.ones((channels, 1, *op.kernel), dtype),
        strides=op.strides,
        pads=(*window.pads_begin, *ends),
        groups=channels,
    )
    factor = np.array(1, np.float64)
    for divisor in op.divisors(tuple(lengths)):
        factor = factor[..., None] / np.maximum(divisor, 1)
    return b.nn.mul(sums, factor[None, None].astype(dtype))


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


# Resizing


@expands("resize")
def resize(b: Builder, op: nn.Resize) -> Value | None:
    """What Resize has not (any more), and what onnxruntime 1.31 refuses."""
    unusual = op.coordinate == "tf_half_pixel_for_nn" or (op.mode == "cubic" and len(op.sizes) != 2)
    return _axis_by_axis(b, op) if unusual else None


@expands("resize", below=11)
def old_resize(b: Builder, op: nn.Resize) -> Value:
    return _axis_by_axis(b, op)


def _axis_by_axis(b: Builder, op: nn.Resize) -> Value:
    """Chosen elements (nearest), or products with constant matrices."""
    lengths = op.x.tensor.dims[2:]
    if not all(isinstance(n, int) for n in lengths):
        raise ValueError(f"the lengths of {op.x.type} are not known")
    y = op.x
    for axis, m in enumerate(op.maps(lengths), 2):  # type: ignore[arg-type]  # they are numbers
        if op.mode == "nearest":
            index = op.interpolation.nearest(m)
            y = y if np.array_equal(index, np.arange(m.old)) else b.nn.gather(y, index.astype(np.int64), axis=axis)
        else:
            y = _interpolated(b, y, axis, *op.interpolation.taps(m), m.old)
    return b.nn.identity(y) if y is op.x else y


def _interpolated(b: Builder, x: Value, axis: int, indices: Array, weights: Array, old: int) -> Value:
    """x with an axis multiplied by the matrix of weights (taps, new) of the elements at indices (taps, new)."""
    new = indices.shape[1]
    matrix = np.zeros((old, new), np.float64)
    np.add.at(matrix, (indices, np.arange(new)), weights)
    if old == new and np.array_equal(matrix, np.eye(old)):
        return x
    perm = swapped(x, axis)
    y = b.nn.matmul(b.nn.transpose(x, perm=perm), matrix.astype(x.tensor.expressed.dtype))
    return b.nn.transpose(y, perm=perm)
