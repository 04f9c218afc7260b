"""Movement and indexing in steps that targets have which take what TensorFlow's kernels take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.module import constant_array
from ..ir.types import I32, I64, Array
from . import decompositions, padding
from .expansion import index_grid, reshaped, static_dims, with_axis


def blocks(b: Builder, op: nn.DepthToSpace | nn.SpaceToDepth) -> Value | None:
    if op.channel_last and op.mode == "dcr":
        return None
    rule = decompositions.depth_to_space if isinstance(op, nn.DepthToSpace) else decompositions.space_to_depth
    return rule(b, op)  # type: ignore[arg-type]  # each is for its own


def shape_of(b: Builder, op: nn.ShapeOf) -> Value | None:
    shape = static_dims(op.x)
    return None if shape is None else b.constant(np.array(shape, np.int64))


def single_piece(b: Builder, op: nn.Split) -> Sequence[Value] | None:
    return [b.nn.identity(op.x)] if len(op.sizes) == 1 else None


def moves_nothing(b: Builder, op: nn.Pad | nn.Transpose | nn.Slice | nn.Tile) -> Value | None:
    """What leaves every element where it is; kernels do not take tensors without dimensions."""
    stays = {
        "nn.pad": lambda: not any(op.attributes["pads"]),
        "nn.transpose": lambda: list(op.attributes["perm"]) == list(range(op.x.tensor.rank)),
        "nn.slice": lambda: op.x.tensor.rank == 0,
        "nn.tile": lambda: all(n == 1 for n in op.attributes["reps"]),
    }
    return b.nn.identity(op.x) if stays[op.name]() else None


def pad_chosen(b: Builder, op: nn.Pad) -> Value | None:
    """MIRROR_PAD mirrors; what is repeated or goes on at the other end is chosen."""
    return padding.chosen(b, op) if op.mode in ("edge", "wrap") and op.x.tensor.is_static else None


# Gathering


def _indices(b: Builder, indices: Value) -> Value:
    """Indices as i32 or i64, the types that kernels take."""
    return indices if indices.tensor.expressed in (I32, I64) else b.nn.cast(indices, to=I32)


def _from_front(b: Builder, indices: Value, lengths: Array) -> Value | None:
    """Constant indices counted from the front; None where they are so already or are computed.

    Kernels take no negative ones: they stop at those that are computed.
    """
    known = constant_array(indices)
    if known is None or not (known < 0).any():
        return None
    return b.constant(np.where(known < 0, known + lengths, known).astype(known.dtype))


def gather(b: Builder, op: nn.Gather) -> Value | None:
    shape = static_dims(op.x)
    indices = _indices(b, op.indices)
    if shape is not None:
        indices = _from_front(b, indices, np.array(shape[op.axis])) or indices
    if indices is op.indices:
        return None
    return b.nn.gather(op.x, indices, axis=op.axis, batch_dims=op.batch_dims)


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


def single_vector(b: Builder, op: nn.ScatterNd) -> Value | None:
    """The kernels want a list of vectors."""
    if op.indices.tensor.rank != 1:
        return None
    rows, updates = with_axis(b, op.indices, 0), with_axis(b, op.updates, 0)
    return b.nn.scatter_nd(op.x, rows, updates, reduction=op.reduction)
