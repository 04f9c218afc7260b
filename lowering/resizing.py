"""Interpolation in steps that any target has: elements are chosen, or mixed by a product with a constant matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.dialects.nn.interpolation import AxisMap, Interpolation, mixture
from ..ir.dialects.nn.window import spatial_axes
from ..ir.types import F32, I32, Array
from .expansion import number, with_axis, without_axis

_EXACT_BITS = 16
"""Integers of more bits lose digits in float32."""


def resize(b: Builder, op: nn.Resize) -> Value | None:
    """Axis by axis; None where a spatial length is not known."""
    rank = op.x.tensor.rank
    axes = spatial_axes(rank, op.channel_last)
    lengths = [d for a in axes if isinstance(d := op.x.tensor.dims[a], int)]
    if len(lengths) != len(axes):
        return None
    return _resized(b, op.x, axes, op.maps(lengths), op.interpolation)


def dynamic_resize(b: Builder, op: nn.DynamicResize) -> Value | None:
    """Axis by axis, where lengths, scales and regions are known; None where they are not."""
    maps = op.known_maps()
    if maps is None:
        return None
    axes = op.places(op.x.tensor.rank)
    y = _resized(b, op.x, axes, maps, op.interpolation)
    if y is None:
        return None
    for axis, m in zip(axes, maps, strict=True):
        outside = op.interpolation.outside(m)
        if outside is not None and outside.any():
            condition = outside.reshape([-1 if a == axis else 1 for a in range(op.x.tensor.rank)])
            y = b.nn.select(b.constant(condition), number(b, op.extrapolation_value, y), y)
    return y


def _resized(b: Builder, x: Value, axes: Sequence[int], maps: Sequence[AxisMap], how: Interpolation) -> Value | None:
    element, y = x.tensor.expressed, x
    if how.mode != "nearest" and not element.is_float:
        if element.bits > _EXACT_BITS:
            return None
        y = b.nn.cast(y, to=F32)
    for axis, m in zip(axes, maps, strict=True):
        y = _chosen(b, y, axis, how.nearest(m)) if how.mode == "nearest" else _mixed(b, y, axis, how, m)
    if y.tensor.expressed != element:
        low, high = element.limits
        y = b.nn.cast(b.nn.clip(y, min=float(low), max=float(high)), to=element)
    return b.nn.identity(y) if y is x else y


def _chosen(b: Builder, x: Value, axis: int, indices: Array) -> Value:
    stays = np.array_equal(indices, np.arange(len(indices))) and len(indices) == x.tensor.dims[axis]
    return x if stays else b.nn.gather(x, indices.astype(I32.dtype), axis=axis)


def _mixed(b: Builder, x: Value, axis: int, how: Interpolation, m: AxisMap) -> Value:
    matrix = mixture(how.taps(m), m.old)
    if m.old == m.new and np.array_equal(matrix, np.eye(m.old)):
        return x
    rank = x.tensor.rank
    perm = (*(i for i in range(rank) if i != axis), axis)
    moved = x if axis == rank - 1 else b.nn.transpose(x, perm=perm)
    y: Value = b.nn.affine(moved, matrix.astype(x.tensor.expressed.dtype))
    return y if axis == rank - 1 else b.nn.transpose(y, perm=[perm.index(i) for i in range(rank)])


# The interpolations that TensorFlow and TensorFlow Lite have kernels for


def kernel_options(op: nn.Resize) -> tuple[bool, bool] | None:
    """(align_corners, half_pixel_centers) of the kernel for this interpolation; None where it has no such."""
    return interpolation_options(op) if _scales_are_those_of_lengths(op) else None


def interpolation_options(op: nn.Resize | nn.DynamicResize) -> tuple[bool, bool] | None:
    """:func:`kernel_options` for scales that are those of the lengths."""
    if op.antialias or op.exclude_outside:
        return None
    if op.mode == "linear":
        known = {"asymmetric": (False, False), "align_corners": (True, False), "half_pixel": (False, True)}
        return known.get(op.coordinate)
    return _NEAREST.get((op.coordinate, op.rounding)) if op.mode == "nearest" else None


def _scales_are_those_of_lengths(op: nn.Resize) -> bool:
    if not op.scales:
        return True
    x = op.x.tensor
    olds = [x.dims[a] for a in spatial_axes(x.rank, op.channel_last)] if x.shape is not None else []
    pairs = zip(olds, op.sizes, op.scales, strict=False)
    return bool(olds) and all(isinstance(old, int) and np.float32(new / old) == np.float32(s) for old, new, s in pairs)


_NEAREST = {
    ("asymmetric", "floor"): (False, False),
    ("tf_half_pixel_for_nn", "floor"): (False, True),
    ("align_corners", "round_prefer_ceil"): (True, False),
}


def resize_1d(b: Builder, op: nn.Resize) -> Value | None:
    """One spatial dimension becomes two, the first of length 1 before and after."""
    if len(op.sizes) != 1 or kernel_options(op) is None:
        return None
    axis = 1 if op.channel_last else 2
    y = b.nn.resize(
        with_axis(b, op.x, axis),
        sizes=(1, *op.sizes),
        mode=op.mode,
        coordinate=op.coordinate,
        rounding=op.rounding,
        channel_last=op.channel_last,
    )
    return without_axis(b, y, axis)


def resize_otherwise(b: Builder, op: nn.Resize) -> Value | None:
    """Other interpolations are made of chosen elements (nearest), or of products with constant matrices."""
    return None if len(op.sizes) == 2 and kernel_options(op) is not None else resize(b, op)
