"""MaxRoiPool: the greatest elements of the bins of regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import F32, I64
from ...nodes import expect_rank, numbers, refuse
from ...sizes import cast, filled, reshape, sizes_of, take
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@lift("MaxRoiPool")
def max_roi_pool(b: Lifter, op: OnnxOp, x: Value, rois: Value) -> Value:
    """x (N, C, H, W) at regions (R, 5), each a sample and two corners (x, y): (R, C, height, width).

    Corners are multiplied by the scale and rounded, and lie inside their region. A bin is empty, and 0, where it lies
    outside of x. First along the width, then along the height: a bin's maximum is that of its columns' maxima.
    """
    expect_rank(op, x, 4, 4)
    shape = op.get("pooled_shape")
    if len(shape) != 2 or min(shape) < 1:
        raise refuse(op, f"has pooled_shape {tuple(shape)}")
    regions = cast(b, rois, F32)
    height, width = numbers(op, x.tensor.dims[2:], "the image")
    samples = reshape(b, cast(b, take(b, regions, 1, 0, 1), I64), [-1])
    images = b.nn.gather(x, samples, axis=0)
    scale = op.get("spatial_scale")
    columns = _bins(b, regions, 1, scale, shape[1], width)
    rows = _bins(b, regions, 2, scale, shape[0], height)
    count, channels, *_ = sizes_of(images)
    none = filled(b, -np.inf, (), x.tensor.storage)
    inside = reshape(b, columns, [count, 1, 1, shape[1], width])
    spread = reshape(b, images, [count, channels, height, 1, width])
    narrow = b.nn.reduce_max(b.nn.select(inside, spread, none), axes=(4,), keep_dims=False)
    inside = reshape(b, rows, [count, 1, shape[0], height, 1])
    spread = reshape(b, narrow, [count, channels, 1, height, shape[1]])
    y = b.nn.reduce_max(b.nn.select(inside, spread, none), axes=(3,), keep_dims=False)
    return b.nn.select(b.nn.equal(y, none), filled(b, 0, (), x.tensor.storage), y)


def _bins(b: Lifter, regions: Value, corner: int, scale: float, bins: int, length: int) -> Value:
    """Which places of an axis are in which bin of which region: (R, bins, length)."""
    start, end = (
        b.nn.round(b.nn.mul(take(b, regions, 1, c, c + 1), scale), mode="half_away") for c in (corner, corner + 2)
    )
    side = b.nn.div(b.nn.maximum(b.nn.add(b.nn.sub(end, start), 1.0), 1.0), float(bins))
    numbers_of_bins = b.constant(np.arange(bins), F32)
    first = b.nn.add(b.nn.floor(b.nn.mul(numbers_of_bins, side)), start)
    behind = b.nn.add(b.nn.ceil(b.nn.mul(b.nn.add(numbers_of_bins, 1.0), side)), start)
    places = b.constant(np.arange(length), F32)
    first, behind = (reshape(b, v, [*sizes_of(v), 1]) for v in (first, behind))
    return b.nn.logical_and(b.nn.greater_equal(places, first), b.nn.less(places, behind))
