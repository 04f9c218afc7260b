"""Sampling images at places that are computed: by a grid, by a flow."""

from __future__ import annotations

import numpy as np

from ....ir import Value
from .layers import is_channel_last
from .registry import Call, Lifter, lift, refuse
from .shapes import END, expect_rank, expect_sizes, numbers, reshape


@lift("AffineGrid")
def affine_grid(b: Lifter, op: Call, theta: Value) -> Value:
    """theta (B, n, n + 1) times the grid of the places -1 .. 1, (B, *size, n) in the order x, y, z."""
    n = len(op.size)
    if n not in (2, 3) or theta.tensor.dims[1:] != (n, n + 1) or min(op.size) < 2:
        raise refuse(op, f"has theta {theta.type} for the size {op.size}; two or three sizes above 1 are defined")
    expect_sizes(op, op.size, slice(1, -1))
    lines = [2 * np.arange(s) / (s - 1) - 1 for s in op.size]
    if not op.align_corners:
        lines = [line * ((s - 1) / s) for line, s in zip(lines, op.size, strict=True)]
    mesh = np.meshgrid(*lines, indexing="ij")[::-1]
    grid = np.stack([*mesh, np.ones(op.size)], -1).reshape(1, -1, n + 1).astype(np.float32)
    places = b.nn.matmul(b.constant(grid), theta, transpose_rhs=True)
    return reshape(b, op, places, (theta.tensor.dims[0], *op.size, n))


@lift("WarpByFlow")
def warp_by_flow(b: Lifter, op: Call, data: Value, flow: Value) -> Value:
    """y[h, w] = data[h + flow[1], w + flow[0]], linear, the edge repeated."""
    expect_rank(op, data, 4)
    h, w = numbers(op, data.tensor.dims[2:], "the image")
    if flow.tensor.dims != (data.tensor.dims[0], 2, h, w):
        raise refuse(op, f"has a flow of type {flow.type} for {data.type}")
    rows, columns = np.indices((h, w), np.float32)
    grid = b.nn.add(b.nn.transpose(flow, perm=(0, 2, 3, 1)), b.constant(np.stack([columns, rows], -1)))
    return b.nn.grid_sample(data, grid, padding="border", normalized=False)


@lift("WarpByGrid")
def warp_by_grid(b: Lifter, op: Call, x: Value, grid: Value) -> Value:
    """The images at the places of a grid (N, H', W', 2), which is x, y from -1 to 1."""
    if is_channel_last(op) or x.tensor.rank != 4 or grid.tensor.rank != 4:
        raise refuse(op, f"is lifted for images (N, C, H, W), got {x.type}")
    paddings = {"zero": "zeros", "repeat": "border", "reflect": "reflection"}
    if op.padding_mode not in paddings:
        raise refuse(op, f"has the unknown padding_mode '{op.padding_mode}'")
    if op.mode == "linear":
        return b.nn.grid_sample(x, grid, padding=paddings[op.padding_mode], align_corners=op.align_corners)
    if op.mode != "nearest":
        raise refuse(op, f"has the unknown mode '{op.mode}'")
    # halves go to the greater place here, to the even one there
    h, w = numbers(op, x.tensor.dims[2:], "the image")
    places = [_padded_place(b, op, _component(b, grid, i), n) for i, n in ((0, w), (1, h))]
    whole = b.nn.floor(b.nn.add(b.nn.concat(places, axis=3), 0.5))
    return b.nn.grid_sample(x, whole, mode="nearest", normalized=False)


def _component(b: Lifter, grid: Value, index: int) -> Value:
    """One coordinate of a grid (N, H', W', 2): (N, H', W', 1)"""
    return b.nn.slice(grid, starts=(0, 0, 0, index), stops=(END, END, END, index + 1), steps=(1,) * 4)


def _padded_place(b: Lifter, op: Call, normal: Value, length: int) -> Value:
    """The place in pixels of one from -1 to 1; with padding repeat or reflect it is brought into the image."""
    if op.align_corners:
        place = b.nn.mul(b.nn.add(normal, 1.0), (length - 1) / 2)
    else:
        place = b.nn.mul(b.nn.sub(b.nn.mul(b.nn.add(normal, 1.0), float(length)), 1.0), 0.5)
    if op.padding_mode == "reflect":
        low, high = (0.0, length - 1.0) if op.align_corners else (-0.5, length - 0.5)
        width = high - low
        if width == 0:
            return b.nn.mul(place, 0.0)
        away = b.nn.abs(b.nn.sub(place, low))
        turned = b.nn.mod(away, b.constant(2 * width), sign="dividend")
        place = b.nn.add(b.nn.sub(b.constant(width), b.nn.abs(b.nn.sub(turned, width))), low)
    return place if op.padding_mode == "zero" else b.nn.clip(place, min=0.0, max=float(length - 1))
