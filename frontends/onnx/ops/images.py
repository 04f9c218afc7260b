"""Sampling of images, and moves between their axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import I64
from ...nodes import expect_rank, numbers, refuse
from ...sizes import cast, filled, reshape, sizes_of, take
from .registry import Lifter, lift
from .windows import per_axis

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_MOST_WEIGHTS = 1 << 24
"""The elements of the largest kernel that Col2Im becomes."""


@lift("DepthToSpace", "SpaceToDepth")
def move_blocks(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Groups of channels become blocks of places, or the other way round."""
    mode = (op.get("mode") or "DCR").lower()
    if mode not in ("dcr", "crd"):
        raise refuse(op, f"has the unknown mode '{op.get('mode')}'")
    build = b.nn.depth_to_space if op.op_type == "DepthToSpace" else b.nn.space_to_depth
    y: Value = build(x, block=op.get("blocksize"), mode=mode)
    return y


@lift("GridSample")
def grid_sample(b: Lifter, op: OnnxOp, x: Value, grid: Value) -> Value:
    """Modes were named bilinear and bicubic before version 20."""
    mode = {"bilinear": "linear", "bicubic": "cubic"}.get(op.get("mode"), op.get("mode"))
    return b.nn.grid_sample(
        x, grid, mode=mode, padding=op.get("padding_mode"), align_corners=bool(op.get("align_corners"))
    )


@lift("AffineGrid")
def affine_grid(b: Lifter, op: OnnxOp, theta: Value, size: Value) -> Value:
    """theta (N, r, r + 1) applied to the places of an image of ``size`` (N, C, *L): (N, *L, r).

    Places go from -1 to 1: from the middle of the first element to that of the last with align_corners, else from edge
    to edge. The first coordinate is that along the last axis.
    """
    rank, columns = numbers(op, theta.tensor.dims[1:], "theta")
    element = theta.tensor.expressed
    if rank not in (2, 3) or columns != rank + 1:
        raise refuse(op, f"has a theta of type {theta.type}")

    def column(j: int) -> Value:
        return reshape(b, take(b, theta, 2, j, j + 1), [sizes_of(theta)[0], *[1] * rank, rank])

    total = column(rank)
    for j in range(rank):
        length = b.nn.reshape(take(b, cast(b, size, I64), 0, rank + 1 - j, rank + 2 - j), shape=())
        places = cast(b, b.nn.range(b.constant(0, I64), length, b.constant(1, I64)), element)
        span = cast(b, length, element)
        if op.get("align_corners"):
            places = b.nn.sub(b.nn.mul(places, b.nn.div(filled(b, 2, (), element), b.nn.sub(span, 1.0))), 1.0)
        else:
            places = b.nn.sub(b.nn.div(b.nn.add(b.nn.mul(places, 2.0), 1.0), span), 1.0)
        total = b.nn.add(total, b.nn.mul(column(j), reshape(b, places, [*sizes_of(places), *[1] * (j + 1)])))
    return total


@lift("RoiAlign")
def roi_align(b: Lifter, op: OnnxOp, x: Value, rois: Value, batch_indices: Value) -> Value:
    """Before version 16 corners are where they are said to be; since then the attribute moves them by half a pixel."""
    coordinate = op.get("coordinate_transformation_mode") if op.version >= 16 else "output_half_pixel"
    if coordinate not in ("half_pixel", "output_half_pixel"):
        raise refuse(op, f"has the unknown coordinate_transformation_mode '{coordinate}'")
    return b.nn.roi_align(
        x,
        rois,
        batch_indices,
        height=op.get("output_height"),
        width=op.get("output_width"),
        sampling_ratio=op.get("sampling_ratio"),
        spatial_scale=op.get("spatial_scale"),
        mode=op.get("mode"),
        half_pixel=coordinate == "half_pixel",
    )


@lift("DeformConv")
def deform_conv(
    b: Lifter,
    op: OnnxOp,
    x: Value,
    weight: Value,
    offset: Value,
    bias: Value | None = None,
    mask: Value | None = None,
) -> Value:
    """A convolution that looks at places with offsets."""
    rank = expect_rank(op, weight, 4, 4) - 2
    return b.nn.deform_conv(
        x,
        weight,
        offset,
        bias,
        mask,
        strides=per_axis(op, "strides", rank, 1),
        pads=per_axis(op, "pads", 2 * rank, 0),
        dilations=per_axis(op, "dilations", rank, 1),
        groups=op.get("group"),
        offset_groups=op.get("offset_group"),
    )


@lift("Col2Im")
def col2im(b: Lifter, op: OnnxOp, x: Value, image_shape: Value, block_shape: Value) -> Value:
    """Columns of blocks (N, C * block, L) added up to an image (N, C, *image_shape).

    A transposed convolution whose kernels have a single one: column c * block + k goes to place k of channel c.
    """
    image, block = b.ints(op, "image_shape", image_shape), b.ints(op, "block_shape", block_shape)
    if not isinstance(image, tuple) or not isinstance(block, tuple):
        raise refuse(op, "has shapes that are not constant", "make image_shape and block_shape constants")
    rank, size = len(block), math.prod(block)
    strides, dilations = per_axis(op, "strides", rank, 1), per_axis(op, "dilations", rank, 1)
    pads = per_axis(op, "pads", 2 * rank, 0)
    extents = [d * (k - 1) + 1 for k, d in zip(block, dilations, strict=True)]
    rooms = [n + pads[i] + pads[rank + i] - e for i, (n, e) in enumerate(zip(image, extents, strict=True))]
    counts = [room // s + 1 for room, s in zip(rooms, strides, strict=True)]
    (columns,) = numbers(op, x.tensor.dims[1:2], "the columns")
    if size < 1 or columns % size or min(rooms) < 0:
        raise refuse(op, f"has {columns} columns for blocks of {block} in an image of {image}")
    if columns * size > _MOST_WEIGHTS:
        raise refuse(op, f"has {columns} columns for blocks of {size}: too many for a kernel", "use smaller blocks")
    kernel = np.tile(np.eye(size).reshape(size, 1, *block), (columns // size, *[1] * (rank + 1)))
    return b.nn.conv_transpose(
        reshape(b, x, [*sizes_of(x)[:2], *counts]),
        b.constant(kernel, x.tensor.storage),
        strides=strides,
        pads=pads,
        dilations=dilations,
        output_padding=tuple(room % s for room, s in zip(rooms, strides, strict=True)),
        groups=columns // size,
    )


@lift("NonMaxSuppression")
def non_max_suppression(
    b: Lifter,
    op: OnnxOp,
    boxes: Value,
    scores: Value,
    most: Value | None = None,
    iou_threshold: Value | None = None,
    score_threshold: Value | None = None,
) -> Value:
    """Boxes that overlap no better one of their class too much."""
    return b.nn.non_max_suppression(
        boxes, scores, most, iou_threshold, score_threshold, center_point_box=bool(op.get("center_point_box"))
    )
