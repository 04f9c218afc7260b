"""Sampling images at places that are computed: by a grid, by a flow."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from ....ir import Value
from .layers import is_channel_last
from .registry import Call, Lifter, lift, refuse
from .shapes import END, as_index, expect_sizes, numbers, reshape


class Image:
    """Images (N, C, H, W) from which pixels are taken: ``y`` and ``x`` are (N, P), what is taken is (N, P, C)."""

    def __init__(self, b: Lifter, op: Call, image: Value) -> None:
        if image.tensor.rank != 4:
            raise refuse(op, f"needs images of four dimensions, got {image.type}")
        self.b = b
        self.height, self.width = numbers(op, image.tensor.dims[2:], "the image")
        self.channels = image.tensor.dims[1]
        last = b.nn.transpose(image, perm=(0, 2, 3, 1))
        self.pixels = reshape(b, op, last, (image.tensor.dims[0], self.height * self.width, self.channels))
        if self.height * self.width > 2**24:
            raise refuse(op, "has an image of more than 2^24 pixels, whose numbers are not exact in float32")

    def pick(self, y: Value, x: Value, outside: str) -> Value:
        """The pixels at whole coordinates; outside of the image the nearest one ("edge") or 0 ("zero")."""
        b = self.b
        row, column = (b.nn.clip(v, min=0.0, max=float(n - 1)) for v, n in ((y, self.height), (x, self.width)))
        index = as_index(b, b.nn.add(b.nn.mul(row, float(self.width)), column))
        taken = b.nn.gather(self.pixels, index, axis=1, batch_dims=1)
        if outside == "edge":
            return taken
        inside = b.nn.logical_and(b.nn.equal(row, y), b.nn.equal(column, x))
        return b.nn.select(as_column(b, inside), taken, b.constant(0.0))

    def linear(self, y: Value, x: Value, outside: str) -> Value:
        """The four neighbours of each place, weighed."""
        b = self.b
        y0, x0 = b.nn.floor(y), b.nn.floor(x)
        down, right = b.nn.sub(y, y0), b.nn.sub(x, x0)
        terms = []
        for v, wy in ((y0, b.nn.sub(b.constant(1.0), down)), (b.nn.add(y0, 1.0), down)):
            for u, wx in ((x0, b.nn.sub(b.constant(1.0), right)), (b.nn.add(x0, 1.0), right)):
                terms.append(b.nn.mul(self.pick(v, u, outside), as_column(b, b.nn.mul(wy, wx))))
        return functools.reduce(b.nn.add, terms)


def as_column(b: Lifter, x: Value) -> Value:
    """(N, P) as (N, P, 1)"""
    return b.nn.reshape(x, shape=(0, 0, 1))


def _as_image(b: Lifter, op: Call, taken: Value, image: Value, size: Sequence[int]) -> Value:
    """(N, P, C) as (N, C, *size)"""
    batch, channels = image.tensor.dims[:2]
    return reshape(b, op, b.nn.transpose(taken, perm=(0, 2, 1)), (batch, channels, *size))


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
    image = Image(b, op, data)
    h, w = image.height, image.width
    if flow.tensor.dims != (data.tensor.dims[0], 2, h, w):
        raise refuse(op, f"has a flow of type {flow.type} for {data.type}")
    rows, columns = (grid.reshape(1, -1).astype(np.float32) for grid in np.indices((h, w)))
    x, y = (
        b.nn.add(reshape(b, op, _channel(b, flow, i), (flow.tensor.dims[0], h * w)), b.constant(grid))
        for i, grid in enumerate((columns, rows))
    )
    return _as_image(b, op, image.linear(y, x, "edge"), data, (h, w))


def _channel(b: Lifter, x: Value, index: int) -> Value:
    rest = x.tensor.rank - 2
    return b.nn.slice(
        x, starts=(0, index, *(0,) * rest), stops=(END, index + 1, *(END,) * rest), steps=(1,) * (rest + 2)
    )


@lift("WarpByGrid")
def warp_by_grid(b: Lifter, op: Call, x: Value, grid: Value) -> Value:
    """The images at the places of a grid (N, H', W', 2), which is x, y from -1 to 1."""
    if is_channel_last(op) or grid.tensor.rank != 4:
        raise refuse(op, f"is lifted for images (N, C, H, W), got {x.type}")
    image = Image(b, op, x)
    batch, h, w, _ = grid.tensor.dims
    size = numbers(op, (h, w), "the grid")
    flat = reshape(b, op, grid, (batch, size[0] * size[1], 2))
    points = size[0] * size[1]
    v, u = (
        _padded_place(b, op, _component(b, op, flat, i, points), n) for i, n in ((1, image.height), (0, image.width))
    )
    if op.mode == "nearest":
        v, u = (b.nn.floor(b.nn.add(place, 0.5)) for place in (v, u))
        taken = image.pick(v, u, "zero")
    elif op.mode == "linear":
        taken = image.linear(v, u, "zero")
    else:
        raise refuse(op, f"has the unknown mode '{op.mode}'")
    return _as_image(b, op, taken, x, size)


def _component(b: Lifter, op: Call, grid: Value, index: int, points: int) -> Value:
    """One coordinate of a grid (N, P, 2): (N, P)"""
    one = b.nn.slice(grid, starts=(0, 0, index), stops=(END, END, index + 1), steps=(1, 1, 1))
    return reshape(b, op, one, (grid.tensor.dims[0], points))


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
    elif op.padding_mode not in ("zero", "repeat"):
        raise refuse(op, f"has the unknown padding_mode '{op.padding_mode}'")
    return place if op.padding_mode == "zero" else b.nn.clip(place, min=0.0, max=float(length - 1))
