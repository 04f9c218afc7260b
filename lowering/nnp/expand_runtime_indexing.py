"""Elements at constant places as slices, and at computed ones as products with one-hot vectors: nnabla-c-runtime has no
function that takes indices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.module import constant_array, constant_attribute
from ...ir.types import I32, Array, ElementType
from .. import indexing
from ..decompositions import END
from ..expansion import along_last, is_last, number, reshaped, with_axis
from .expand_indexing import is_from_front
from .expansion import expands_for_runtime

MOST_COMPARED = 1 << 22
"""Up to this many pairs of elements are compared, or multiplied with 0 and 1, to choose among them."""
_MOST_PIECES = 64
"""Up to this many slices are put together; for more, a product with a constant matrix is shorter."""


# Constant places


@expands_for_runtime("gather")
def constant_gather(b: Builder, op: nn.Gather) -> Value | None:
    """Slices; what is taken several times in a row is taken once and repeated."""
    known = constant_array(op.indices)
    if known is None or op.batch_dims:
        return None
    axis = op.axis % op.x.tensor.rank
    length = op.x.tensor.static_shape[axis]
    indices = np.where(known < 0, known + length, known).reshape(-1)
    dims = op.output.tensor.static_shape
    if not indices.size:
        return None
    times = _repetitions(indices)
    y = _chosen(b, op.x, axis, indices[::times])
    if y is None:
        return None
    return reshaped(b, _repeated(b, y, axis, times), dims)


def _repetitions(indices: Array) -> int:
    """How many equal indices follow each other throughout."""
    changes = np.flatnonzero(np.diff(indices)) + 1
    return int(np.gcd.reduce([*changes, len(indices)]))


def _repeated(b: Builder, x: Value, axis: int, times: int) -> Value:
    if times == 1:
        return x
    shape = list(x.tensor.static_shape)
    widened = [*shape[: axis + 1], times, *shape[axis + 1 :]]
    copies = b.nn.broadcast_to(with_axis(b, x, axis + 1), shape=widened)
    shape[axis] *= times
    return reshaped(b, copies, shape)


def _chosen(b: Builder, x: Value, axis: int, indices: Array) -> Value | None:
    runs = _runs(indices)
    if len(runs) <= _MOST_PIECES:
        pieces = [_slice(b, x, axis, *run) for run in runs]
        return pieces[0] if len(pieces) == 1 else b.nn.concat(pieces, axis=axis)
    length = x.tensor.static_shape[axis]
    if not x.tensor.expressed.is_float or length * len(indices) > MOST_COMPARED:
        return b.nn.concat([_slice(b, x, axis, *run) for run in runs], axis=axis)
    matrix = np.eye(length, dtype=np.float32)[:, indices]
    made: Value = along_last(b, x, axis, lambda v: b.nn.affine(v, matrix))
    return made


def _runs(indices: Array) -> list[tuple[int, int, int]]:
    """(first, step, count) of arithmetic sequences that make up the indices."""
    runs: list[tuple[int, int, int]] = []
    for index in indices.tolist():
        if runs:
            first, step, count = runs[-1]
            if (count == 1 and index != first) or (count > 1 and index == first + step * count):
                runs[-1] = (first, index - first if count == 1 else step, count + 1)
                continue
        runs.append((index, 1, 1))
    return runs


def _slice(b: Builder, x: Value, axis: int, first: int, step: int, count: int) -> Value:
    length, rank = x.tensor.static_shape[axis], x.tensor.rank
    if step < 0:
        x, first, step = b.nn.reverse(x, axes=(axis,)), length - 1 - first, -step
    starts, stops, steps = [0] * rank, [END] * rank, [1] * rank
    starts[axis], stops[axis], steps[axis] = first, first + (count - 1) * step + 1, step
    if (first, step, count) == (0, 1, length):
        return x
    made: Value = b.nn.slice(x, starts=starts, stops=stops, steps=steps)
    return made


# Computed places


@expands_for_runtime("gather")
def computed_gather(b: Builder, op: nn.Gather) -> Value | None:
    """One-hot vectors times x, with its axis first: (places, length) times (length, rest)."""
    if constant_array(op.indices) is not None:
        return None
    axis, batch = op.axis % op.x.tensor.rank, op.batch_dims
    shape, places = op.x.tensor.static_shape, op.indices.tensor.static_shape
    length, count = shape[axis], math.prod(places[batch:])
    lead, before, behind = shape[:batch], shape[batch:axis], shape[axis + 1 :]
    pairs = math.prod(lead) * length * count
    if pairs > MOST_COMPARED:
        raise op.error(f"compares {pairs} pairs of indices and places, as nnabla-c-runtime takes no indices", _REMEDY)
    element = _counting(op.x)
    hot = _one_hot(b, _from_front(b, op, length), (*lead, count), length, element)
    order = (*range(batch), axis, *range(batch, axis), *range(axis + 1, len(shape)))
    x = b.nn.transpose(_as(b, op.x, element), perm=order)
    y = b.nn.matmul(hot, reshaped(b, x, (*lead, length, math.prod(before) * math.prod(behind))))
    y = reshaped(b, y, (*lead, *places[batch:], *before, *behind))
    moved, own = len(places) - batch, range(batch)
    perm = (
        *own,
        *range(batch + moved, batch + moved + len(before)),
        *range(batch, batch + moved),
        *range(batch + moved + len(before), y.tensor.rank),
    )
    return _as(b, b.nn.transpose(y, perm=perm), op.x.tensor.expressed)


_REMEDY = "look elements up outside of the network, or make it smaller"


def _from_front(b: Builder, op: nn.Gather, length: int) -> Value:
    """Indices that are not negative."""
    if is_from_front(op.indices, constant_attribute(op.x) is not None):
        return op.indices
    is_behind = b.nn.cast(b.nn.less(op.indices, number(b, 0, op.indices)), to=op.indices.tensor.expressed)
    front: Value = b.nn.add(op.indices, b.nn.mul(is_behind, number(b, length, op.indices)))
    return front


def _counting(x: Value) -> ElementType:
    """The element type to choose elements of x with: its own, where that has numbers."""
    element = x.tensor.expressed
    return I32 if element.is_bool else element


def _as(b: Builder, x: Value, element: ElementType) -> Value:
    made: Value = x if x.tensor.expressed == element else b.nn.cast(x, to=element)
    return made


def _one_hot(b: Builder, indices: Value, dims: Sequence[int], depth: int, element: ElementType) -> Value:
    """(*dims, depth): 1 at the places that the indices tell, else 0."""
    places = np.arange(depth).astype(indices.tensor.expressed.dtype)
    hot: Value = b.nn.cast(b.nn.equal(reshaped(b, indices, (*dims, 1)), places), to=element)
    return hot


@expands_for_runtime("gather_nd")
def gather_nd(b: Builder, op: nn.GatherNd) -> Value:
    """The vectors become the numbers of elements in what is flattened."""
    shape, batch = op.x.tensor.static_shape, op.batch_dims
    *places, count = op.indices.tensor.static_shape
    sizes = shape[batch : batch + count]
    flat = reshaped(b, op.x, (*shape[:batch], math.prod(sizes), *shape[batch + count :]))
    found = b.nn.gather(flat, _numbers(b, op.indices, sizes), axis=batch, batch_dims=batch)
    assert found.tensor.static_shape[: len(places)] == tuple(places)
    made: Value = found
    return made


def _numbers(b: Builder, vectors: Value, sizes: Sequence[int]) -> Value:
    """Index vectors (..., k) as numbers (...) of elements of a tensor of these sizes."""
    dtype = vectors.tensor.expressed.dtype
    steps = np.array([math.prod(sizes[i + 1 :]) for i in range(len(sizes))], dtype)
    known = constant_array(vectors)
    lengths = np.array(sizes, dtype)
    if known is not None:
        front = np.where(known < 0, known + lengths, known)
        return b.constant((front * steps).sum(-1).astype(dtype))
    is_behind = b.nn.cast(b.nn.less(vectors, number(b, 0, vectors)), to=vectors.tensor.expressed)
    computed = b.nn.add(vectors, b.nn.mul(is_behind, lengths))
    numbers: Value = b.nn.reduce_sum(b.nn.mul(computed, steps), axes=(vectors.tensor.rank - 1,), keep_dims=False)
    return numbers


@expands_for_runtime("scatter_nd")
def scatter_nd(b: Builder, op: nn.ScatterNd) -> Value | None:
    """What is written, brought to its rows by one-hot vectors, and x where nothing is; or the sum of both."""
    if op.reduction not in ("none", "add"):
        return None
    shape, index_shape = op.x.tensor.static_shape, op.indices.tensor.static_shape
    vector = index_shape[-1]
    cells, rest, count = math.prod(shape[:vector]), math.prod(shape[vector:]), math.prod(index_shape[:-1])
    if cells * count > MOST_COMPARED:
        raise op.error(f"compares {cells * count} pairs of indices and places, as there is no such function", _REMEDY)
    element = _counting(op.x)
    numbers = reshaped(b, _numbers(b, op.indices, shape[:vector]), (count,))
    hot = b.nn.transpose(_one_hot(b, numbers, (count,), cells, element), perm=(1, 0))  # (cells, count)
    x, updates = (_as(b, v, element) for v in (op.x, op.updates))
    x, updates = reshaped(b, x, (cells, rest)), reshaped(b, updates, (count, rest))
    if op.reduction == "none":
        kept = b.nn.sub(number(b, 1, hot), b.nn.reduce_max(hot, axes=(1,)))
        x, hot = b.nn.mul(x, kept), _last(b, hot, count)
    y = b.nn.add(x, b.nn.matmul(hot, updates))
    return _as(b, reshaped(b, y, shape), op.x.tensor.expressed)


def _last(b: Builder, hot: Value, count: int) -> Value:
    """Of the ones of each row (cells, count), the last alone: there are none behind it."""
    behind = np.tril(np.ones((count, count)), -1).astype(hot.tensor.expressed.dtype)
    others = b.nn.minimum(b.nn.matmul(hot, b.constant(behind)), number(b, 1, hot))
    last: Value = b.nn.mul(hot, b.nn.sub(number(b, 1, hot), others))
    return last


# Sorting


@expands_for_runtime("sort")
def sort(b: Builder, op: nn.Sort) -> Sequence[Value] | None:
    """The place of an element is how many come before it; at each place, the element that has it."""
    x, axis = op.x, op.axis % op.x.tensor.rank
    if not is_last(x, axis):
        return tuple(along_last(b, x, axis, lambda v: b.nn.sort(v, axis=-1, descending=op.descending)))
    *lead, length = x.tensor.static_shape
    pairs = math.prod(lead) * length * length
    if pairs > MOST_COMPARED:
        raise op.error(f"compares {pairs} pairs of elements, as nnabla-c-runtime does not sort", _REMEDY)
    own, other = with_axis(b, x, len(lead) + 1), with_axis(b, x, len(lead))
    goes_before = b.nn.greater(other, own) if op.descending else b.nn.less(other, own)
    earlier = np.tril(np.ones((length, length), bool), -1)
    ties = b.nn.logical_and(b.nn.equal(other, own), b.constant(earlier))
    before = b.nn.cast(b.nn.logical_or(goes_before, ties), to=I32)
    place = b.nn.reduce_sum(before, axes=(-1,))  # (*lead, length, 1)
    is_at = b.nn.equal(place, np.arange(length, dtype=np.int32))  # (*lead, element, place)
    lowest = -math.inf if x.tensor.expressed.is_float else x.tensor.expressed.limits[0]
    chosen = b.nn.select(is_at, own, number(b, lowest, x))
    values = b.nn.reduce_max(chosen, axes=(len(lead),), keep_dims=False)
    numbers = np.arange(length, dtype=np.int32).reshape(-1, 1)
    indices = b.nn.reduce_sum(b.nn.mul(b.nn.cast(is_at, to=I32), numbers), axes=(len(lead),), keep_dims=False)
    return values, indices


expands_for_runtime("max_pool_with_indices")(indexing.max_pool_with_indices)
expands_for_runtime("scatter_elements")(indexing.scatter_elements)
