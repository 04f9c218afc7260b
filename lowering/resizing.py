"""Interpolation in steps that any target has: elements are chosen, or mixed by a product with a constant matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.dialects.nn.interpolation import AxisMap, Interpolation, mixture
from ..ir.dialects.nn.window import spatial_axes
from ..ir.types import F32, I32, Array
from .expansion import number

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
