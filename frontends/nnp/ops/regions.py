"""Regions of images: RoiAlign."""

from __future__ import annotations

import numpy as np

from ....ir import Value
from .layers import is_channel_last
from .registry import Call, Lifter, lift, refuse
from .shapes import END, as_float, as_index, expect_at_most, expect_rank, expect_sizes, numbers, reshape


@lift("RoiAlign")
def roi_align(b: Lifter, op: Call, image: Value, boxes: Value) -> Value:
    """The mean of linear samples in each cell of each box (index of the image, x1, y1, x2, y2).

    Along an axis the samples of a cell are a row of weights over the pixels, so that the result is two matrix products.
    """
    if is_channel_last(op) or image.tensor.rank != 4 or len(op.output_size) != 2 or len(op.spatial_scale) != 2:
        raise refuse(op, f"is lifted for images (N, C, H, W), got {image.type}")
    expect_rank(op, boxes, 2)
    expect_sizes(op, op.output_size, slice(2, None))
    expect_at_most(op, "a sampling_ratio", op.sampling_ratio, 1024)
    _, height, width = numbers(op, image.tensor.dims[1:], "the image")
    count = boxes.tensor.dims[0]
    rows, columns = op.output_size
    if min(rows, columns) < 1:
        raise refuse(op, f"has output_size {op.output_size}")

    def edge(index: int, scale: float) -> Value:
        column = b.nn.slice(boxes, starts=(0, index), stops=(END, index + 1), steps=(1, 1))
        return b.nn.sub(b.nn.mul(reshape(b, op, column, (count, 1, 1)), scale), 0.5)

    scale_y, scale_x = op.spatial_scale
    down = _weights(b, op, edge(2, scale_y), edge(4, scale_y), rows, height)
    across = _weights(b, op, edge(1, scale_x), edge(3, scale_x), columns, width)
    index = b.nn.slice(boxes, starts=(0, 0), stops=(END, 1), steps=(1, 1))
    chosen = b.nn.gather(image, as_index(b, reshape(b, op, index, (count,))), axis=0)
    down, across = (reshape(b, op, w, (count, 1, *w.tensor.dims[1:])) for w in (down, across))
    return b.nn.matmul(b.nn.matmul(down, chosen), across, transpose_rhs=True)


def _weights(b: Lifter, op: Call, start: Value, stop: Value, cells: int, pixels: int) -> Value:
    """How much each pixel counts in each cell: (K, cells, pixels).

    A cell has sampling_ratio samples, or one for each pixel of its length, rounded up. Then no more than two samples
    fall on a pixel, so that 2 * (pixels + 2) of them, from the first one in the image on, are all that count.
    """
    step = b.nn.mul(b.nn.sub(stop, start), 1 / cells)
    cell = b.nn.add(start, b.nn.mul(step, b.constant(np.arange(cells, dtype=np.float32)[:, None])))
    fixed = op.sampling_ratio > 0
    samples = b.constant(float(op.sampling_ratio)) if fixed else b.nn.ceil(step)
    distance = b.nn.div(step, samples)
    number = b.constant(np.arange(op.sampling_ratio if fixed else 2 * (pixels + 2), dtype=np.float32))
    if not fixed:
        before = b.nn.div(b.nn.sub(b.constant(-1.0), cell), distance)
        first = b.nn.maximum(b.nn.floor(b.nn.sub(before, 0.5)), 0.0)
        number = b.nn.add(number, first)
    place = b.nn.add(cell, b.nn.mul(b.nn.add(number, 0.5), distance))
    counts = b.nn.logical_and(b.nn.greater_equal(place, -1.0), b.nn.less_equal(place, float(pixels)))
    counts = b.nn.logical_and(counts, b.nn.less(number, samples))
    inside = b.nn.clip(place, min=0.0, max=float(pixels - 1))
    away = b.nn.abs(
        b.nn.sub(reshape(b, op, inside, (*inside.tensor.dims, 1)), b.constant(np.arange(pixels, dtype=np.float32)))
    )
    share = b.nn.maximum(b.nn.sub(b.constant(1.0), away), 0.0)
    counted = b.nn.mul(share, reshape(b, op, as_float(b, counts), (*inside.tensor.dims, 1)))
    return b.nn.div(b.nn.reduce_sum(counted, axes=(2,), keep_dims=False), samples)
