"""Resizing, sampling and regions of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.types import F32, I64
from .rules_linear import expect_channel_first, window_attributes
from .rules_reduction import flags
from .target import Target, lowers

_NEWER = "choose a higher opset with -d opset_N"


def _interpolation(op: nn.Resize | nn.DynamicResize) -> dict[str, Any]:
    """The attributes that say how to interpolate; those that the mode does not use are left out."""
    found: dict[str, Any] = {"mode": op.mode, "coordinate_transformation_mode": op.coordinate}
    if op.mode == "nearest":
        return found | {"nearest_mode": op.rounding}
    if op.mode == "cubic":
        found["cubic_coeff_a"] = op.cubic_coefficient
    found |= flags(op, "antialias", "exclude_outside")
    return found


@lowers("resize")
def resize(t: Target, op: nn.Resize) -> Value:
    expect_channel_first(t, op)
    attributes = _interpolation(op)
    roi, scales, sizes = no_regions(t), no_scales(t), None
    dims = op.x.tensor.dims
    if op.scales:
        scales = t.constant(np.array([1.0, 1.0, *op.scales], np.float32), "scales")
    elif all(isinstance(d, int) for d in dims[:2]):
        sizes = t.ints([*dims[:2], *op.sizes], "sizes")  # type: ignore[list-item]  # they are numbers
    elif t.since("Resize") >= 18:
        attributes["axes"] = tuple(range(2, len(dims)))
        sizes = t.ints(op.sizes, "sizes")
    else:
        spatial = t.ints(op.sizes, "spatial_sizes")
        whole = [TensorType((len(dims),), I64)]
        sizes = t.value("Concat", _leading_dims(t, op.x, 2), spatial, types=whole, axis=0)
    return t.value("Resize", op.x, roi, scales, sizes, **attributes)


def no_regions(t: Target) -> Value | None:
    """The operand roi where it is not used; before opset 13 it must be there."""
    return None if t.since("Resize") >= 13 else t.constant(np.zeros(0, np.float32), "no_roi")


def no_scales(t: Target) -> Value | None:
    """The operand scales where sizes are given; before opset 13 it must be there."""
    return None if t.since("Resize") >= 13 else t.constant(np.zeros(0, np.float32), "no_scales")


def _leading_dims(t: Target, x: Value, count: int) -> Value:
    """The first dimensions of x, as a vector."""
    index = t.ints(range(count), "leading")
    return t.value("Gather", t.shape(x), index, types=[TensorType((count,), I64)], axis=0)


@lowers("dynamic_resize")
def dynamic_resize(t: Target, op: nn.DynamicResize) -> Value:
    if t.since("Resize") < 11:
        raise t.error("needs the Resize of opset 11", _NEWER)
    attributes = _interpolation(op)
    if op.axes and t.since("Resize") >= 18:
        attributes["axes"] = op.axes
    if op.keep_aspect_ratio_policy != "stretch" and op.sizes is not None:
        attributes["keep_aspect_ratio_policy"] = op.keep_aspect_ratio_policy
    if op.extrapolation_value:
        attributes["extrapolation_value"] = op.extrapolation_value
    rank = op.x.tensor.rank
    roi = no_regions(t) if op.roi is None else op.roi
    scales = no_scales(t) if op.scales is None else t.cast(op.scales, F32)
    sizes = None if op.sizes is None else t.cast(op.sizes, I64)
    if op.axes and "axes" not in attributes:
        axes = [a % rank for a in op.axes]
        if op.roi is not None:
            ends = [0.0] * rank + [1.0] * rank
            roi = _written(t, _floats(t, ends, "whole"), [*axes, *(a + rank for a in axes)], t.cast(op.roi, F32))
        if op.scales is not None:
            scales = _written(t, _floats(t, [1.0] * rank, "same"), axes, scales)
        if sizes is not None:
            sizes = _written(t, t.shape(op.x), axes, sizes)
    return t.value("Resize", op.x, roi, scales, sizes, **attributes)


def _floats(t: Target, numbers: Sequence[float], name: str) -> Value:
    return t.constant(np.array(numbers, np.float32), name)


def _written(t: Target, vector: Value, places: Sequence[int], numbers: Value | None) -> Value:
    """A vector with some numbers written in their places."""
    assert numbers is not None
    return t.value("ScatterElements", vector, t.ints(places, "places"), numbers, types=[vector.type], axis=0)


@lowers("grid_sample")
def grid_sample(t: Target, op: nn.GridSample) -> Value:
    mode = op.mode if t.since("GridSample") >= 20 else {"linear": "bilinear", "cubic": "bicubic"}.get(op.mode, op.mode)
    if t.since("GridSample") < 20 and op.x.tensor.rank != 4:
        raise t.error(f"samples a tensor of rank {op.x.tensor.rank}, and GridSample before opset 20 images", _NEWER)
    return t.value("GridSample", op.x, op.grid, mode=mode, padding_mode=op.padding, align_corners=int(op.align_corners))


@lowers("roi_align")
def roi_align(t: Target, op: nn.RoiAlign) -> Value:
    attributes: dict[str, Any] = {
        "output_height": op.height,
        "output_width": op.width,
        "sampling_ratio": op.sampling_ratio,
        "spatial_scale": op.spatial_scale,
        "mode": op.mode,
    }
    if t.since("RoiAlign") >= 16:
        attributes["coordinate_transformation_mode"] = "half_pixel" if op.half_pixel else "output_half_pixel"
    elif op.half_pixel:
        raise t.error("moves corners by half a pixel, which RoiAlign does from opset 16 on", _NEWER)
    return t.value("RoiAlign", op.x, op.rois, t.cast(op.batch_indices, I64), **attributes)


@lowers("deform_conv")
def deform_conv(t: Target, op: nn.DeformConv) -> Value:
    attributes: dict[str, Any] = {"kernel_shape": op.weight.tensor.static_shape[2:]}
    attributes |= {"strides": op.strides, "pads": op.pads, "dilations": op.dilations}
    attributes |= {"group": op.groups, "offset_group": op.offset_groups}
    return t.value("DeformConv", op.x, op.weight, op.offset, op.bias, op.mask, **attributes)


@lowers("max_pool_with_indices")
def max_pool_with_indices(t: Target, op: nn.MaxPoolWithIndices) -> Sequence[Value]:
    order: dict[str, Any] = {"storage_order": 1} if op.column_major else {}
    return t.build("MaxPool", op.x, **window_attributes(op.window), **order)


@lowers("non_max_suppression")
def non_max_suppression(t: Target, op: nn.NonMaxSuppression) -> Value:
    most = None if op.max_output is None else t.cast(op.max_output, I64)
    center = {"center_point_box": 1} if op.center_point_box else {}
    return t.value("NonMaxSuppression", op.boxes, op.scores, most, op.iou_threshold, op.score_threshold, **center)
