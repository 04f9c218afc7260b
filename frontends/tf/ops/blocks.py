"""Blocks of images: between depth, batch and space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import Array
from ...nodes import expect_rank, numbers, refuse
from ...sizes import OpenSize, Size, reshape, sizes_of
from .layout import from_channel_first, to_channel_first
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


@lift("DepthToSpace", "SpaceToDepth")
def depth_to_space(b: Lifter, op: TfOp, x: Value) -> Value:
    if op.get("data_format") == "NCHW_VECT_C":
        raise refuse(op, "has the data format NCHW_VECT_C", "use NHWC or NCHW")
    x = to_channel_first(b, op, x, 4)
    build = b.nn.depth_to_space if op.op_type == "DepthToSpace" else b.nn.space_to_depth
    return from_channel_first(b, op, build(x, block=int(op.get("block_size")), mode="dcr"))


@lift("SpaceToBatchND", "SpaceToBatch")
def space_to_batch(b: Lifter, op: TfOp, x: Value, *operands: Value) -> Value:
    """Pads, then deals the places of each block out over the batch: sample block_place * N + n."""
    blocks, pads = _blocks(b, op, operands)
    count, rank = len(blocks), expect_rank(op, x, 1 + len(blocks))
    behind = rank - 1 - count
    x = b.nn.pad(x, pads=(0, *pads[:, 0], *(0,) * (behind + 1), *pads[:, 1], *(0,) * behind))
    batch, *others = sizes_of(x)
    lengths = numbers(op, x.tensor.dims[1 : 1 + count], "the spatial axes")
    if any(n % k for n, k in zip(lengths, blocks, strict=True)):
        raise refuse(op, f"cuts {lengths} places into blocks of {blocks}")
    inner = [size for n, k in zip(lengths, blocks, strict=True) for size in (n // k, k)]
    split = _reshaped(b, x, [batch, *inner, *others[count:]])
    perm = (*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count + 1, 2), *range(2 * count + 1, split.tensor.rank))
    moved = b.nn.transpose(split, perm=perm)
    places = [n // k for n, k in zip(lengths, blocks, strict=True)]
    return _reshaped(b, moved, [_times(batch, blocks), *places, *others[count:]])


@lift("BatchToSpaceND", "BatchToSpace")
def batch_to_space(b: Lifter, op: TfOp, x: Value, *operands: Value) -> Value:
    """The inverse of SpaceToBatchND, which cuts off in the end."""
    blocks, crops = _blocks(b, op, operands)
    count, rank = len(blocks), expect_rank(op, x, 1 + len(blocks))
    batch, *others = sizes_of(x)
    split = _reshaped(b, x, [*blocks, _divided(op, batch, blocks), *others])
    perm = [count]
    for axis in range(count):
        perm += [count + 1 + axis, axis]
    moved = b.nn.transpose(split, perm=(*perm, *range(2 * count + 1, split.tensor.rank)))
    lengths = numbers(op, x.tensor.dims[1 : 1 + count], "the spatial axes")
    places = [n * k for n, k in zip(lengths, blocks, strict=True)]
    y = _reshaped(b, moved, [_divided(op, batch, blocks), *places, *others[count:]])
    behind = rank - 1 - count
    return b.nn.pad(y, pads=(0, *-crops[:, 0], *(0,) * (behind + 1), *-crops[:, 1], *(0,) * behind))


def _blocks(b: Lifter, op: TfOp, operands: Sequence[Value]) -> tuple[tuple[int, ...], Array]:
    """The lengths of a block, and (before, behind) of each axis. Raises CompileError where they are computed."""
    edges = b.array(operands[-1])
    blocks = b.ints(operands[0]) if len(operands) == 2 else (int(op.get("block_size")),) * 2
    if blocks is None or edges is None:
        raise refuse(op, "has blocks or edges that are computed", "make them constants")
    return blocks, edges.reshape(len(blocks), 2).astype(int)


def _times(batch: Size, blocks: Sequence[int]) -> Size:
    return batch * int(np.prod(blocks)) if isinstance(batch, int) else -1


def _divided(op: TfOp, batch: Size, blocks: Sequence[int]) -> Size:
    total = int(np.prod(blocks))
    if isinstance(batch, int) and batch % total:
        raise refuse(op, f"cuts a batch of {batch} into {total} parts")
    return batch // total if isinstance(batch, int) else -1


def _reshaped(b: Lifter, x: Value, sizes: Sequence[Size]) -> Value:
    """x in the shape of the sizes; the one that is open is what is left."""
    return reshape(b, x, [-1 if isinstance(size, OpenSize) else size for size in sizes])
