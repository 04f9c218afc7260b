"""Searching and indexing in steps that any target has."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.module import constant_array
from ..ir.types import I32, I64, Array
from .decompositions import END
from .expansion import index_grid, reshaped, static_dims


def last_of_equals(b: Builder, op: nn.Argmax | nn.Argmin) -> Value | None:
    """Going backwards, the last of equal elements is the first; None where the first is wanted."""
    if not op.select_last_index:
        return None
    length = op.x.tensor.dims[op.axis]
    if not isinstance(length, int):
        raise ValueError(f"{op.x.type} has no number for axis {op.axis}")
    backwards = b.nn.reverse(op.x, axes=(op.axis,))
    found = b.create(op.name, backwards, axis=op.axis, keep_dims=op.keep_dims, index=op.index).result
    return b.nn.sub(b.constant(length - 1, op.index_element), found)


def narrow_indices(b: Builder, op: nn.TopK) -> Sequence[Value] | None:
    """Indices of 32 bits, made wider; None where they are wanted as they are."""
    if op.index == I32:
        return None
    values, indices = b.nn.top_k(op.x, k=op.k, axis=op.axis, largest=op.largest, sorted=op.sorted)
    return values, b.nn.cast(indices, to=op.index)


def compress(b: Builder, op: nn.Compress) -> Value | None:
    """The slices at the places where the condition holds. None where a flattened x has no known size."""
    x: Value = op.x
    if op.axis is None:
        if not x.tensor.is_static:
            return None
        x = reshaped(b, x, (x.tensor.size,))
    places = b.nn.reshape(b.nn.non_zero(op.condition), shape=(-1,))
    found: Value = b.nn.gather(x, places, axis=op.axis or 0)
    return found


def scatter_elements(b: Builder, op: nn.ScatterElements) -> Value | None:
    """Every update has a vector: its own coordinates, with the index along the axis. None for shapes not known."""
    index_shape = static_dims(op.indices)
    if index_shape is None:
        return None
    rank = len(index_shape)
    axis, dtype = op.axis % rank, op.indices.tensor.expressed.dtype
    known, length = constant_array(op.indices), op.x.tensor.dims[axis]
    indices: Value = op.indices
    if known is not None and isinstance(length, int):
        indices = b.constant(np.where(known < 0, known + length, known).astype(dtype))  # kernels count from the front
    column = reshaped(b, indices, (*index_shape, 1))
    parts = [column if i == axis else b.constant(index_grid((*index_shape, 1), i).astype(dtype)) for i in range(rank)]
    vectors = parts[0] if rank == 1 else b.nn.concat(parts, axis=-1)
    return b.nn.scatter_nd(op.x, vectors, op.updates, reduction=op.reduction)


def max_pool_with_indices(b: Builder, op: nn.MaxPoolWithIndices) -> Sequence[Value] | None:
    """The elements of each window side by side: the greatest, and which of them it is. None for shapes not known."""
    shape, counts = static_dims(op.x), static_dims(op.values)
    if shape is None or counts is None:
        return None
    window = op.window
    ends = [p + o for p, o in zip(window.pads_end, window.overhang, strict=True)]
    element = op.x.tensor.expressed
    lowest = -math.inf if element.is_float else float(element.limits[0])
    padded = b.nn.pad(op.x, pads=(0, 0, *window.pads_begin, 0, 0, *ends), value=lowest)
    seen = []
    for _, places in window.taps(counts[2:]):
        starts, stops, steps = ([getattr(s, name) for s in places] for name in ("start", "stop", "step"))
        piece = b.nn.slice(padded, starts=(0, 0, *starts), stops=(END, END, *stops), steps=(1, 1, *steps))
        seen.append(reshaped(b, piece, (*counts[:2], 1, *counts[2:])))
    windows = seen[0] if len(seen) == 1 else b.nn.concat(seen, axis=2)
    which = b.nn.argmax(windows, axis=2, keep_dims=False, index=I32)
    first, further = _window_indices(op, shape, counts)
    indices = b.nn.add(b.nn.gather(b.constant(further), which), b.constant(first))
    return b.nn.reduce_max(windows, axes=(2,), keep_dims=False), b.nn.cast(indices, to=I64)


def _window_indices(
    op: nn.MaxPoolWithIndices, shape: tuple[int, ...], counts: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """The index of the first element of each window, and how much greater those of the others are."""
    window, lengths = op.window, shape[2:]
    rank = len(lengths)
    weights = [math.prod(lengths[:i]) if op.column_major else math.prod(lengths[i + 1 :]) for i in range(rank)]
    first = np.arange(shape[0] * shape[1]).reshape(*shape[:2], *[1] * rank) * math.prod(lengths)
    for i in range(rank):
        starts = np.arange(counts[2 + i]) * window.strides[i] - window.pads_begin[i]
        first = first + starts.reshape([-1 if a == 2 + i else 1 for a in range(2 + rank)]) * weights[i]
    positions = itertools.product(*map(range, window.kernel))
    steps = [sum(p * d * w for p, d, w in zip(place, window.dilations, weights, strict=True)) for place in positions]
    return first.astype(np.int32), np.array(steps, np.int32)


def as_rows(
    b: Builder, op: nn.ScatterNd, shape: tuple[int, ...], index_shape: tuple[int, ...]
) -> tuple[Value, Value, Value]:
    """x as (cells, rest), the numbers of the cells as (n, 1), updates as (n, rest)."""
    vector = index_shape[-1]
    count, cells, rest = math.prod(index_shape[:-1]), math.prod(shape[:vector]), math.prod(shape[vector:])
    dtype = op.indices.tensor.expressed.dtype
    steps: Array = np.array([math.prod(shape[i + 1 : vector]) for i in range(vector)], dtype)
    known = constant_array(op.indices)
    if known is not None:
        rows: Value = b.constant((known.reshape(count, vector) * steps).sum(-1, keepdims=True).astype(dtype))
    else:
        # Counted from the front: the kernels leave out rows with negative numbers.
        lengths: Array = np.array(shape[:vector], dtype)
        vectors = b.nn.mod(reshaped(b, op.indices, (count, vector)), lengths)
        rows = vectors if vector == 1 else b.nn.reduce_sum(b.nn.mul(vectors, steps), axes=(1,))
    return reshaped(b, op.x, (cells, rest)), rows, reshaped(b, op.updates, (count, rest))
