"""Operations with indices, which are float32 numbers in NNabla."""

from __future__ import annotations

import numpy as np

from ...ir import Value
from ...ir.dialects import nn
from ...ir.module import constant_array
from .parameters import EXACT
from .target import Target, lowers


def index(t: Target, value: Value, lengths: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Value:
    """Indices into dimensions of these lengths; constant ones are counted from the front."""
    if lengths.size and int(lengths.max()) > EXACT:
        raise t.error(f"takes indices up to {lengths.max()}, which float32 does not hold exactly")
    known = constant_array(value)
    if known is None or not (known < 0).any():
        return t.tensor(value)
    return t.constant(np.where(known < 0, known + lengths, known), value.name or "indices")


@lowers("gather")
def gather(t: Target, op: nn.Gather) -> Value:
    axis = op.axis % op.x.tensor.rank
    length = op.x.tensor.dims[axis]
    indices = index(t, op.indices, np.array(length if isinstance(length, int) else 0))
    return t.value("Gather", op.x, indices, axis=axis, batch_dims=op.batch_dims)


@lowers("gather_nd")
def gather_nd(t: Target, op: nn.GatherNd) -> Value:
    """The index vectors lie along the first dimension of the indices."""
    if op.batch_dims:
        raise t.error("has batch dimensions, and NNabla's GatherNd none", "run expand-for-nnp before")
    return t.value("GatherNd", op.x, vectors_first(t, op, op.x))


def vectors_first(t: Target, op: nn.GatherNd | nn.ScatterNd, x: Value) -> Value:
    """The indices with the dimension of their vectors first."""
    rank = op.indices.tensor.rank
    count = op.indices.tensor.static_shape[-1]
    lengths = np.array([d if isinstance(d, int) else 0 for d in x.tensor.dims[:count]])
    if rank < 2:
        raise t.error("has one index vector alone, and NNabla wants a list", "run expand-for-nnp before")
    perm = (rank - 1, *range(rank - 1))
    known = constant_array(op.indices)
    if known is not None:
        return t.constant(np.where(known < 0, known + lengths, known).transpose(perm), op.indices.name or "indices")
    dims = op.indices.tensor.dims
    return t.value("Transpose", index(t, op.indices, lengths), dims=tuple(dims[p] for p in perm), axes=perm)


@lowers("scatter_nd")
def scatter_nd(t: Target, op: nn.ScatterNd) -> Value:
    """ScatterNd writes into its third input itself, so that gets a copy."""
    if op.reduction not in ("none", "add"):
        raise t.error(f"has the reduction '{op.reduction}', which NNabla's ScatterNd has not")
    indices = vectors_first(t, op, op.x)
    shape = op.x.tensor.static_shape
    start = constant_array(op.x)
    add = op.reduction == "add"
    if start is not None and not start.any():
        return t.value("ScatterNd", op.updates, indices, shape=shape, add=add)
    return t.value("ScatterNd", op.updates, indices, t.like("AddScalar", op.x, val=0.0), shape=shape, add=add)


@lowers("one_hot")
def one_hot(t: Target, op: nn.OneHot) -> Value:
    """The indices have a last dimension of 1. NNabla counts negative ones from the end: they are moved out of range."""
    if op.axis % op.output.tensor.rank != op.output.tensor.rank - 1:
        raise t.error("has its new axis before others, and NNabla puts it last", "run expand-for-nnp before")
    indices: Value = t.tensor(op.indices)
    known = constant_array(op.indices)
    if known is None or (known < 0).any():
        moved = t.like("MulScalar", t.like("LessScalar", indices, val=0.0), val=-float(op.depth))
        indices = t.like("Add2", indices, moved)
    dims = (*op.indices.tensor.dims, 1)
    return t.value("OneHot", t.reshape(indices, dims), shape=(op.depth,))
