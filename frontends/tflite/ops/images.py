"""Images that change their sizes: interpolation, blocks."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ....ir import Value
from ...nodes import expect_rank, numbers, refuse
from .registry import Lifter, lift

_NO_RUNTIME = "set one of both"


def _coordinate(op: Any) -> str:
    if op.align_corners and op.half_pixel_centers:
        raise refuse(op, "has align_corners and half_pixel_centers, which no runtime takes", _NO_RUNTIME)
    return "align_corners" if op.align_corners else "half_pixel" if op.half_pixel_centers else "asymmetric"


@lift("RESIZE_BILINEAR")
def resize_bilinear(b: Lifter, op: Any, x: Value, size: Value) -> Value:
    sizes = b.known_ints(op, size, "the new size")
    image = b.channel_first(op, x)
    return b.channel_last(b.nn.resize(image, mode="linear", coordinate=_coordinate(op), sizes=sizes))


@lift("RESIZE_NEAREST_NEIGHBOR")
def resize_nearest_neighbor(b: Lifter, op: Any, x: Value, size: Value) -> Value:
    """Kernels add half a pixel of the result for half_pixel_centers, and take none of the image off."""
    sizes = b.known_ints(op, size, "the new size")
    coordinate = _coordinate(op)
    image = b.channel_first(op, x)
    y = b.nn.resize(
        image,
        mode="nearest",
        coordinate="tf_half_pixel_for_nn" if coordinate == "half_pixel" else coordinate,
        rounding="round_prefer_ceil" if op.align_corners else "floor",
        sizes=sizes,
    )
    return b.channel_last(y)


@lift("DEPTH_TO_SPACE")
def depth_to_space(b: Lifter, op: Any, x: Value) -> Value:
    return b.channel_last(b.nn.depth_to_space(b.channel_first(op, x), block=op.block_size))


@lift("SPACE_TO_DEPTH")
def space_to_depth(b: Lifter, op: Any, x: Value) -> Value:
    return b.channel_last(b.nn.space_to_depth(b.channel_first(op, x), block=op.block_size))


@lift("SPACE_TO_BATCH_ND")
def space_to_batch_nd(b: Lifter, op: Any, x: Value, block_shape: Value, paddings: Value) -> Value:
    """Zeros around the image, then the position in each block as the slow part of the batch."""
    blocks = b.known_ints(op, block_shape, "the blocks")
    pads = np.array(b.known_ints(op, paddings, "the paddings")).reshape(-1, 2)
    count, rest = len(blocks), expect_rank(op, x, len(blocks) + 1) - 1 - len(blocks)
    begins, ends = ((0, *(int(p) for p in pads[:, i]), *[0] * rest) for i in (0, 1))
    padded = b.nn.pad(x, pads=(*begins, *ends))
    shape = numbers(op, padded.tensor.dims[1:], "the image")
    if min(blocks) < 1 or any(s % n for s, n in zip(shape, blocks, strict=False)):
        raise refuse(op, f"cuts {shape[:count]} into blocks of {list(blocks)}")
    split = [n for s, k in zip(shape, blocks, strict=False) for n in (s // k, k)]
    cut = b.nn.reshape(padded, shape=(_batch(x), *split, *shape[count:]))
    inside, outside = [2 * i + 2 for i in range(count)], [2 * i + 1 for i in range(count)]
    moved = b.transpose(cut, [*inside, 0, *outside, *range(2 * count + 1, 2 * count + 1 + rest)])
    small = [s // k for s, k in zip(shape, blocks, strict=False)]
    made: Value = b.nn.reshape(moved, shape=(_batch(x, prod(blocks)), *small, *shape[count:]))
    return made


def _batch(x: Value, factor: int = 1) -> int:
    """The size of a batch in a reshape, many times that of x: -1 where it is open."""
    size = x.tensor.dims[0]
    return size * factor if isinstance(size, int) else -1


@lift("BATCH_TO_SPACE_ND")
def batch_to_space_nd(b: Lifter, op: Any, x: Value, block_shape: Value, crops: Value) -> Value:
    """Blocks made of parts of the batch, then ``crops`` cut off."""
    blocks = b.known_ints(op, block_shape, "the blocks")
    cuts = np.array(b.known_ints(op, crops, "the crops")).reshape(-1, 2)
    count, rest = len(blocks), expect_rank(op, x, len(blocks) + 1) - 1 - len(blocks)
    shape = numbers(op, x.tensor.dims[1:], "the image")
    batch = _batch(x)
    if min(blocks) < 1 or (batch > 0 and batch % prod(blocks)):
        raise refuse(op, f"makes blocks of {list(blocks)} out of a batch of {batch}")
    batch = batch // prod(blocks) if batch > 0 else -1
    parts = b.nn.reshape(x, shape=(*blocks, batch, *shape))
    order = [count, *(i for n in range(count) for i in (count + 1 + n, n)), *range(2 * count + 1, 2 * count + 1 + rest)]
    whole = [s * k for s, k in zip(shape, blocks, strict=False)]
    joined = b.nn.reshape(b.transpose(parts, order), shape=(batch, *whole, *shape[count:]))
    pads = [(0, 0), *((-int(c), -int(e)) for c, e in cuts), *[(0, 0)] * rest]
    made: Value = b.nn.pad(joined, pads=tuple(p for side in (0, 1) for p in (pair[side] for pair in pads)))
    return made
