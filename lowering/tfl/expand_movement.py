"""Rearrangement, gathering and scattering in the forms that TFLite has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.module import constant_array
from ...ir.types import I1, I32, I64, Array
from .expansion import expands, index_grid, reshaped, static_dims


@expands("channel_shuffle")
def channel_shuffle(b: Builder, op: nn.ChannelShuffle) -> Value | None:
    shape = static_dims(op.x)
    if shape is None:
        return None
    axis = op.axis % len(shape)
    split = (*shape[:axis], op.groups, shape[axis] // op.groups, *shape[axis + 1 :])
    perm = list(range(len(split)))
    perm[axis], perm[axis + 1] = axis + 1, axis
    return reshaped(b, b.nn.transpose(reshaped(b, op.x, split), perm=perm), shape)


@expands("depth_to_space")
def depth_to_space(b: Builder, op: nn.DepthToSpace) -> Value | None:
    shape = static_dims(op.x)
    if shape is None or (op.channel_last and op.mode == "dcr"):
        return None
    n, c, h, w = shape if not op.channel_last else (shape[0], shape[3], *shape[1:3])
    k, depth = op.block, c // op.block**2
    channels = (k, k, depth) if op.mode == "dcr" else (depth, k, k)
    # where the parts of the channel (row, column, depth) stand among the dimensions of the split
    row, column, deep = (0, 1, 2) if op.mode == "dcr" else (1, 2, 0)
    if op.channel_last:
        split, perm = (n, h, w, *channels), (0, 1, 3 + row, 2, 3 + column, 3 + deep)
    else:
        split, perm = (n, *channels, h, w), (0, 1 + deep, 4, 1 + row, 5, 1 + column)
    return reshaped(b, b.nn.transpose(reshaped(b, op.x, split), perm=perm), op.output.tensor.static_shape)


@expands("space_to_depth")
def space_to_depth(b: Builder, op: nn.SpaceToDepth) -> Value | None:
    shape = static_dims(op.x)
    if shape is None or (op.channel_last and op.mode == "dcr"):
        return None
    k, rank = op.block, len(shape)
    n, c, h, w = shape if not op.channel_last else (shape[0], shape[3], *shape[1:3])
    if op.channel_last:
        split, deep, row, column, rows, columns = (n, h // k, k, w // k, k, c), 5, 2, 4, 1, 3
    else:
        split, deep, row, column, rows, columns = (n, c, h // k, k, w // k, k), 1, 3, 5, 2, 4
    channels = (row, column, deep) if op.mode == "dcr" else (deep, row, column)
    perm = (0, rows, columns, *channels) if op.channel_last else (0, *channels, rows, columns)
    assert len(perm) == rank + 2
    return reshaped(b, b.nn.transpose(reshaped(b, op.x, split), perm=perm), op.output.tensor.static_shape)


@expands("trilu")
def trilu(b: Builder, op: nn.Trilu) -> Value | None:
    shape = static_dims(op.x)
    if shape is None:
        return None
    ones = np.ones(shape[-2:], bool)
    keep = np.triu(ones, op.k) if op.upper else np.tril(ones, op.k)
    zero = b.constant(0, op.x.tensor.expressed)
    return b.nn.select(np.broadcast_to(keep, (*(1,) * (len(shape) - 2), *shape[-2:])), op.x, zero)


@expands("shape_of")
def shape_of(b: Builder, op: nn.ShapeOf) -> Value | None:
    shape = static_dims(op.x)
    return None if shape is None else b.constant(np.array(shape, np.int64))


@expands("split")
def split(b: Builder, op: nn.Split) -> Sequence[Value] | None:
    return [b.nn.identity(op.x)] if len(op.sizes) == 1 else None


@expands("reverse")
def reverse(b: Builder, op: nn.Reverse) -> Value | None:
    """REVERSE_V2 takes neighbouring axes at a time."""
    axes = sorted(a % op.x.tensor.rank for a in op.axes)
    if not axes:
        return b.nn.identity(op.x)
    if axes[-1] - axes[0] == len(axes) - 1:
        return None
    y = op.x
    for axis in axes:
        y = b.nn.reverse(y, axes=(axis,))
    return y


@expands("pad", "transpose", "slice", "tile")
def moves_nothing(b: Builder, op: nn.Pad | nn.Transpose | nn.Slice | nn.Tile) -> Value | None:
    """What leaves every element where it is; kernels do not take tensors without dimensions."""
    stays = {
        "nn.pad": lambda: not any(op.attributes["pads"]),
        "nn.transpose": lambda: list(op.attributes["perm"]) == list(range(op.x.tensor.rank)),
        "nn.slice": lambda: op.x.tensor.rank == 0,
        "nn.tile": lambda: all(n == 1 for n in op.attributes["reps"]),
    }
    return b.nn.identity(op.x) if stays[op.name]() else None


@expands("pad")
def pad_edge(b: Builder, op: nn.Pad) -> Value | None:
    """Repeated edges are chosen elements; so is what MIRROR_PAD mirrors more than once."""
    shape = static_dims(op.x)
    if shape is None or op.mode != "edge":
        return None
    y = op.x
    for axis, (pair, length) in enumerate(zip(op.pairs, shape, strict=True)):
        if any(pair):
            index = np.pad(np.arange(length, dtype=I32.dtype), pair, mode="edge")
            y = b.nn.gather(y, index, axis=axis)
    return b.nn.identity(y) if y is op.x else y


@expands("pad")
def pad_booleans(b: Builder, op: nn.Pad) -> Value | None:
    """PAD takes booleans from LiteRT 2 on."""
    if op.x.tensor.expressed is not I1:
        return None
    value = float(op.value != 0.0)
    return b.nn.cast(b.nn.pad(b.nn.cast(op.x, to=I32), pads=op.pads, mode=op.mode, value=value), to=I1)


# Gathering and scattering


def _indices(b: Builder, indices: Value) -> Value:
    """Indices as i32 or i64, the types that kernels take."""
    return indices if indices.tensor.expressed in (I32, I64) else b.nn.cast(indices, to=I32)


def _is_i32(indices: Value) -> bool:
    return indices.tensor.expressed is I32


def _from_front(b: Builder, indices: Value, lengths: Array) -> Value | None:
    """Constant indices counted from the front; None where they are so already or are computed.

    TFLite's kernels take no negative ones: they stop at those that are computed.
    """
    known = constant_array(indices)
    if known is None or not (known < 0).any():
        return None
    return b.constant(np.where(known < 0, known + lengths, known).astype(known.dtype))


@expands("gather")
def gather(b: Builder, op: nn.Gather) -> Value | None:
    shape = static_dims(op.x)
    indices = _indices(b, op.indices)
    if shape is not None:
        indices = _from_front(b, indices, np.array(shape[op.axis])) or indices
    if indices is op.indices:
        return None
    return b.nn.gather(op.x, indices, axis=op.axis, batch_dims=op.batch_dims)


@expands("gather_nd")
def gather_nd(b: Builder, op: nn.GatherNd) -> Value | None:
    shape, index_shape = static_dims(op.x), static_dims(op.indices)
    if shape is None or index_shape is None:
        return None
    vector = index_shape[-1]
    lengths = np.array(shape[op.batch_dims : op.batch_dims + vector])
    indices = _indices(b, op.indices)
    indices = _from_front(b, indices, lengths) or indices
    if not op.batch_dims:
        return None if indices is op.indices else b.nn.gather_nd(op.x, indices)
    # The coordinates of the batch dimensions go before each index vector.
    grids = [index_grid((*index_shape[:-1], 1), axis) for axis in range(op.batch_dims)]
    dtype = indices.tensor.expressed.dtype
    batch = np.concatenate(grids, axis=-1).astype(dtype)
    return b.nn.gather_nd(op.x, b.nn.concat([b.constant(batch), indices], axis=-1))


@expands("gather_elements")
def gather_elements(b: Builder, op: nn.GatherElements) -> Value | None:
    """Every element has a vector: its own coordinates, with the index along the axis."""
    shape, index_shape = static_dims(op.x), static_dims(op.indices)
    if shape is None or index_shape is None:
        return None
    axis = op.axis % len(shape)
    indices = _indices(b, op.indices)
    indices = _from_front(b, indices, np.array(shape[axis])) or indices
    dtype = indices.tensor.expressed.dtype
    column = reshaped(b, indices, (*index_shape, 1))
    parts = [
        column if i == axis else b.constant(index_grid((*index_shape, 1), i).astype(dtype)) for i in range(len(shape))
    ]
    vectors = parts[0] if len(parts) == 1 else b.nn.concat(parts, axis=-1)
    return b.nn.gather_nd(op.x, vectors)
