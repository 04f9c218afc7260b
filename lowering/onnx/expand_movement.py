"""Rearrangement, gathering and scattering in the forms that ONNX has."""

from __future__ import annotations

import math

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.module import scalar_constant
from ...ir.types import I32, I64
from .. import decompositions, indexing, padding
from ..expansion import index_grid, number, reshaped
from .expansion import expands

expands("channel_shuffle")(decompositions.channel_shuffle)


@expands("depth_to_space", below=11)
def depth_to_space(b: Builder, op: nn.DepthToSpace) -> Value | None:
    return None if op.mode == "dcr" or op.channel_last else decompositions.depth_to_space(b, op)


@expands("depth_to_space", "space_to_depth")
def blocks_of_integers(b: Builder, op: nn.DepthToSpace | nn.SpaceToDepth) -> Value | None:
    """onnxruntime has kernels for floats."""
    if op.channel_last or op.x.tensor.expressed.is_float:
        return None
    if isinstance(op, nn.DepthToSpace):
        return decompositions.depth_to_space(b, op)
    return decompositions.space_to_depth(b, op)


@expands("space_to_depth")
def space_to_depth(b: Builder, op: nn.SpaceToDepth) -> Value | None:
    return None if op.mode == "dcr" or op.channel_last else decompositions.space_to_depth(b, op)


@expands("trilu", below=14)
def trilu(b: Builder, op: nn.Trilu) -> Value:
    rows, columns = op.x.tensor.dims[-2:]
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise ValueError("the size of the matrices is not known")
    ones = np.ones((rows, columns), bool)
    keep = np.triu(ones, op.k) if op.upper else np.tril(ones, op.k)
    return b.nn.select(keep, op.x, number(b, 0, op.x))


@expands("broadcast_to", below=8)
def broadcast_to(b: Builder, op: nn.BroadcastTo) -> Value:
    """New dimensions in front, and copies."""
    dims = op.x.tensor.dims
    new = len(op.shape) - len(dims)
    whole = (*(1,) * new, *dims)
    pairs = list(zip(whole, op.shape, strict=True))
    if any(not isinstance(d, int) and n != -1 for d, n in pairs):
        raise ValueError(f"{op.x.type} is broadcast, and may have the size already")
    reps = [n if d == 1 and n != -1 else 1 for d, n in pairs]
    return b.nn.tile(reshaped(b, op.x, whole), reps=reps)


@expands("pad")
def symmetric(b: Builder, op: nn.Pad) -> Value | None:
    return padding.cut(b, op) or padding.chosen(b, op) if op.mode == "symmetric" else None


@expands("pad", below=19)
def wrapped(b: Builder, op: nn.Pad) -> Value | None:
    return padding.cut(b, op) or padding.chosen(b, op) if op.mode == "wrap" else None


@expands("slice", below=10)
def steps(b: Builder, op: nn.Slice) -> Value | None:
    """Elements at steps are chosen by their numbers."""
    if all(s == 1 for s in op.steps):
        return None
    y = op.x
    whole = [(0, 2**31 - 1)] * y.tensor.rank
    for axis, piece in enumerate(op.slices):
        if piece.step == 1:
            whole[axis] = (piece.start, piece.stop)
            continue
        length = op.x.tensor.dims[axis]
        if not isinstance(length, int):
            raise ValueError(f"the length of axis {axis} is not known")
        y = b.nn.gather(y, np.arange(*piece.indices(length), dtype=np.int64), axis=axis)
    starts, stops = zip(*whole, strict=True)
    return b.nn.slice(y, starts=starts, stops=stops, steps=(1,) * len(whole))


@expands("reverse", below=10)
def reverse(b: Builder, op: nn.Reverse) -> Value:
    rank = op.x.tensor.rank
    axes = [a % rank for a in op.axes]
    starts, stops, steps = [0] * rank, [2**31 - 1] * rank, [1] * rank
    for axis in axes:
        starts[axis], stops[axis], steps[axis] = -1, -(2**31), -1
    return b.nn.slice(op.x, starts=starts, stops=stops, steps=steps)


@expands("pad", "transpose", "tile")
def scalars(b: Builder, op: nn.Pad | nn.Transpose | nn.Tile) -> Value | None:
    """Nothing is to be moved, and runtimes do not like empty lists."""
    return b.nn.identity(op.x) if op.x.tensor.shape == () else None


@expands("non_zero")
def non_zero(b: Builder, op: nn.NonZero) -> Value | None:
    """The place of a scalar has no coordinates; NonZero gives it one."""
    if op.x.tensor.shape != ():
        return None
    places = b.nn.non_zero(b.nn.reshape(op.x, shape=(1,)))
    return b.nn.slice(places, starts=(0, 0), stops=(2**31 - 1, 0), steps=(1, 1))


@expands("dft")
def spectrum_of_length(b: Builder, op: nn.Dft) -> Value | None:
    """onnxruntime 1.31 takes a one-sided spectrum that is longer than its length asks for from the wrong end."""
    length, dim = scalar_constant(op.length), op.x.tensor.dims[op.axis]
    if not (op.inverse and op.onesided) or length is None or not isinstance(dim, int) or dim <= length // 2 + 1:
        return None
    rank = op.x.tensor.rank
    stops = [2**31 - 1] * rank
    stops[op.axis] = int(length) // 2 + 1
    x = b.nn.slice(op.x, starts=[0] * rank, stops=stops, steps=[1] * rank)
    return b.nn.dft(x, op.length, axis=op.axis, inverse=True, onesided=True)


# Indices


def _as_index(b: Builder, indices: Value) -> Value:
    """Indices as i32 or i64, which are all that ONNX takes."""
    return indices if indices.tensor.expressed in (I32, I64) else b.nn.cast(indices, to=I64)


@expands("gather", "gather_elements")
def index_types(b: Builder, op: nn.Gather | nn.GatherElements) -> Value | None:
    indices = _as_index(b, op.indices)
    return None if indices is op.indices else b.create(op.name, op.x, indices, **op.attributes).result


@expands("gather")
def gather_in_batches(b: Builder, op: nn.Gather) -> Value | None:
    """The coordinates of the batch dimensions go before the indices: a list of vectors."""
    if not op.batch_dims:
        return None
    rank, axis, batch = op.x.tensor.rank, op.axis % op.x.tensor.rank, op.batch_dims
    index_shape = op.indices.tensor.static_shape
    # the axis right behind the batch dimensions, and what was before it behind it
    perm = [*range(batch), axis, *(i for i in range(batch, rank) if i != axis)]
    x = b.nn.transpose(op.x, perm=perm)
    column = b.nn.cast(reshaped(b, op.indices, (*index_shape, 1)), to=I64)
    grids = [b.constant(index_grid((*index_shape, 1), i).astype(np.int64)) for i in range(batch)]
    found = b.nn.gather_nd(x, b.nn.concat([*grids, column], axis=-1))
    inner, before = len(index_shape) - batch, axis - batch
    order = [
        *range(batch),
        *range(batch + inner, batch + inner + before),
        *range(batch, batch + inner),
        *range(batch + inner + before, found.tensor.rank),
    ]
    return b.nn.transpose(found, perm=order)


@expands("gather_elements", below=11)
def gather_elements(b: Builder, op: nn.GatherElements) -> Value:
    """By the numbers of the elements in row-major order."""
    shape, index_shape = op.x.tensor.static_shape, op.indices.tensor.static_shape
    axis = op.axis % len(shape)
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    places = sum(
        (index_grid(index_shape, i).astype(np.int64) * strides[i] for i in range(len(shape)) if i != axis),
        np.zeros(index_shape, np.int64),
    )
    index = _from_front(b, b.nn.cast(op.indices, to=I64), shape[axis])
    flat = b.nn.add(b.nn.mul(index, b.constant(strides[axis], I64)), b.constant(places))
    return b.nn.gather(reshaped(b, op.x, (math.prod(shape),)), flat, axis=0)


def _from_front(b: Builder, indices: Value, length: int) -> Value:
    """Indices (i64) counted from the front."""
    return b.nn.mod(indices, b.constant(length, I64))


@expands("scatter_elements", below=16)
def combined_elements(b: Builder, op: nn.ScatterElements) -> Value | None:
    return indexing.scatter_elements(b, op) if op.reduction != "none" else None


@expands("gather_nd", below=12)
def gather_nd_in_batches(b: Builder, op: nn.GatherNd) -> Value | None:
    return _gather_rows(b, op) if op.batch_dims else None


@expands("gather_nd", below=11)
def gather_nd(b: Builder, op: nn.GatherNd) -> Value:
    return _gather_rows(b, op)


def _gather_rows(b: Builder, op: nn.GatherNd) -> Value:
    """By the numbers of the rows that the vectors point at."""
    shape, batch, vector = op.x.tensor.static_shape, op.batch_dims, op.indices.tensor.dims[-1]
    if not isinstance(vector, int):
        raise ValueError(f"{op.indices.type} has vectors of a length that is not known")
    cells, rest = shape[: batch + vector], shape[batch + vector :]
    strides = np.array([math.prod(cells[i + 1 :]) for i in range(len(cells))], np.int64)
    vectors = b.nn.mod(b.nn.cast(op.indices, to=I64), np.array(shape[batch : batch + vector], np.int64))
    numbers = b.nn.reduce_sum(b.nn.mul(vectors, strides[batch:]), axes=(-1,), keep_dims=False)
    if batch:
        lead = op.indices.tensor.static_shape[:-1]
        numbers = b.nn.add(numbers, sum(index_grid(lead, i).astype(np.int64) * strides[i] for i in range(batch)))
    return b.nn.gather(reshaped(b, op.x, (math.prod(cells), *rest)), numbers, axis=0)
