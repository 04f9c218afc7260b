"""Movement, indexing, reductions and composites that TensorFlow has not: made of others, as for any target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.module import constant_array
from ...ir.types import I32, I64, Dim
from .. import decompositions, determinants, fourier, indexing, movement, padding, reductions, sampling
from ..einsum import einsum
from ..expansion import along_last, is_last
from .expansion import expands

expands("channel_shuffle")(decompositions.channel_shuffle)


@expands("depth_to_space", "space_to_depth")
def single_blocks(b: Builder, op: nn.DepthToSpace | nn.SpaceToDepth) -> Value | None:
    """Blocks of one element move nothing, and TensorFlow has them from two elements on."""
    made: Value | None = b.nn.identity(op.x) if op.block == 1 else None
    return made


expands("depth_to_space", "space_to_depth")(movement.blocks)
expands("trilu")(decompositions.trilu)
expands("shape_of")(movement.shape_of)
expands("split")(movement.single_piece)
expands("pad", "transpose", "slice", "tile")(movement.moves_nothing)


@expands("pad")
def cut(b: Builder, op: nn.Pad) -> Value | None:
    """Of open lengths, what is taken away is computed where the network runs."""
    return padding.cut(b, op) if op.x.tensor.is_static else None


expands("pad")(movement.pad_chosen)


expands("reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod")(reductions.no_axes)
expands("sort")(reductions.sort)
expands("argmax", "argmin")(indexing.last_of_equals)
expands("top_k")(indexing.narrow_indices)
expands("top_k")(reductions.top_k)


@expands("dynamic_top_k")
def dynamic_top_k(b: Builder, op: nn.DynamicTopK) -> Sequence[Value] | None:
    return reductions.largest_along_last(b, op, lambda x: b.nn.dynamic_top_k(x, op.k, axis=-1))


expands("grid_sample")(sampling.grid_sample)
expands("deform_conv")(sampling.deform_conv)
expands("roi_align")(sampling.roi_align)
expands("inverse")(determinants.inverse)
expands("dft")(fourier.dft)
expands("compress")(indexing.compress)
expands("scatter_elements")(indexing.scatter_elements)
expands("max_pool_with_indices")(indexing.max_pool_with_indices)


# Indices: TensorFlow's count from the front.


@expands("gather")
def gather_from_front(b: Builder, op: nn.Gather) -> Value | None:
    length = op.x.tensor.dims[op.axis]
    indices = _from_front(b, op.indices, [length])
    return None if indices is None else b.nn.gather(op.x, indices, axis=op.axis, batch_dims=op.batch_dims)


@expands("gather_nd")
def gather_nd_from_front(b: Builder, op: nn.GatherNd) -> Value | None:
    indices = _from_front(b, op.indices, _indexed(op.x, op.indices, op.batch_dims))
    return None if indices is None else b.nn.gather_nd(op.x, indices, batch_dims=op.batch_dims)


@expands("scatter_nd")
def scatter_nd_from_front(b: Builder, op: nn.ScatterNd) -> Value | None:
    indices = _from_front(b, op.indices, _indexed(op.x, op.indices, 0))
    return None if indices is None else b.nn.scatter_nd(op.x, indices, op.updates, reduction=op.reduction)


def _indexed(x: Value, indices: Value, batch_dims: int) -> Sequence[Dim]:
    """The dimensions of x that vectors of indices go along."""
    count = indices.tensor.dims[-1]
    if not isinstance(count, int):
        raise ValueError(f"the vectors of {indices.type} have an open length")
    return x.tensor.dims[batch_dims : batch_dims + count]


def _from_front(b: Builder, indices: Value, lengths: Sequence[Dim]) -> Value | None:
    """Indices of a type that kernels take, counted from the front; None where they are so already.

    Those that are computed are taken modulo the length, where it is known.
    """
    if indices.tensor.expressed not in (I32, I64):
        made: Value = b.nn.cast(indices, to=I32)
        return made
    known = constant_array(indices)
    if not all(isinstance(n, int) for n in lengths) or isinstance(indices.defining_op, nn.Mod):
        return None
    sizes = np.array(lengths if len(lengths) != 1 else lengths[0], indices.tensor.expressed.dtype)
    if known is None:
        wrapped: Value = b.nn.mod(indices, b.constant(sizes))
        return wrapped
    return b.constant(np.where(known < 0, known + sizes, known).astype(known.dtype)) if (known < 0).any() else None


expands("scatter_nd")(movement.single_vector)
expands("gather_nd")(movement.gather_nd)
expands("gather_elements")(movement.gather_elements)


@expands("einsum")
def einsum_of_many(b: Builder, op: nn.Einsum) -> Value | None:
    """Einsum takes one operand or two."""
    return einsum(b, op) if len(op.inputs) > 2 else None


@expands("softmax", "log_softmax")
def along_an_axis(b: Builder, op: nn.Softmax | nn.LogSoftmax) -> Value | None:
    """These work along the last axis."""
    if is_last(op.x, op.axis):
        return None
    made: Value = along_last(b, op.x, op.axis, lambda x: b.create(op.name, x, axis=-1).result)
    return made
