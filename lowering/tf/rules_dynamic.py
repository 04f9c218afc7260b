"""Operations whose shapes, axes and bounds are operands: TensorFlow computes them where the network runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.types import I1, I32, I64
from . import integers
from .rules_movement import padded
from .rules_reduction import REDUCTIONS, reduced
from .target import EXPAND, Target, lowers

_END = np.iinfo(np.int64).max


@lowers("dynamic_reshape")
def dynamic_reshape(t: Target, op: nn.DynamicReshape) -> Value:
    """Where a 0 copies a dimension, it is put in before."""
    shape: Value = op.shape
    if not op.allow_zero:
        shape = _without_zeros(t, op.x, shape)
    return t.value("Reshape", op.x, shape)


def _without_zeros(t: Target, x: Value, shape: Value) -> Value:
    """The vector with the dimensions of x in the place of zeros."""
    type, element = shape.tensor, shape.tensor.storage
    count, rank = type.static_shape[0], x.tensor.rank
    own = integers.shape_of(t, x, element)
    if rank != count:
        places = t.ints([min(i, rank - 1) for i in range(count)], "places")
        own = t.value("GatherV2", own, places, t.scalar(0, "axis"), types=[type])
    zero = t.constant(np.array(0, element.dtype), "zero")
    is_zero = t.value("Equal", shape, zero, types=[type.with_element(I1)])
    return t.value("SelectV2", is_zero, own, shape, types=[type])


@lowers("dynamic_broadcast_to")
def dynamic_broadcast_to(t: Target, op: nn.DynamicBroadcastTo) -> Value:
    """The shapes are broadcast first: what BroadcastTo takes has no 1 for a dimension of x."""
    shape = integers.as_i64(t, op.shape)
    own = integers.shape_of(t, op.x)
    whole = t.value("BroadcastArgs", own, shape, types=[integers.vector_type(op.output.tensor.rank)])
    return t.value("BroadcastTo", op.x, whole)


@lowers("dynamic_tile")
def dynamic_tile(t: Target, op: nn.DynamicTile) -> Value:
    return t.value("Tile", op.x, integers.as_index(t, op.reps))


@lowers("dynamic_squeeze")
def dynamic_squeeze(t: Target, op: nn.DynamicSqueeze) -> Value:
    if op.axes is None:
        return t.value("Squeeze", op.x)
    rank = op.x.tensor.rank
    kept = integers.others(t, integers.from_front(t, op.axes, rank), rank)
    own = integers.shape_of(t, op.x)
    shape = t.value("GatherV2", own, kept, t.scalar(0, "axis"), types=[kept.type])
    return t.value("Reshape", op.x, shape)


@lowers("dynamic_unsqueeze")
def dynamic_unsqueeze(t: Target, op: nn.DynamicUnsqueeze) -> Value:
    rank = op.output.tensor.rank
    kept = integers.others(t, integers.from_front(t, op.axes, rank), rank)
    own = integers.shape_of(t, op.x)
    return t.value("Reshape", op.x, integers.scattered(t, integers.filled(t, 1, rank), kept, own))


@lowers("dynamic_slice")
def dynamic_slice(t: Target, op: nn.DynamicSlice) -> Value:
    """Bounds outside of x are cut off as in Python."""
    rank = op.x.tensor.rank
    begin, end, steps = (
        t.constant(np.full(rank, number), name) for number, name in ((0, "begin"), (_END, "end"), (1, "strides"))
    )
    begin, end = (_along(t, op.axes, all, given) for all, given in ((begin, op.starts), (end, op.stops)))
    if op.steps is not None:
        steps = _along(t, op.axes, steps, op.steps)
    return t.value("StridedSlice", op.x, begin, end, steps)


def _along(t: Target, axes: Value | None, all: Value, given: Value) -> Value:
    """Numbers for all axes, with those given in the place of what belongs to some, or to the first ones."""
    rank = all.tensor.static_shape[0]
    given = integers.as_i64(t, given)
    if axes is not None:
        return integers.scattered(t, all, integers.from_front(t, axes, rank), given)
    count = given.tensor.static_shape[0]
    if count == rank:
        return given
    places = t.constant(np.arange(count), "places")
    return integers.scattered(t, all, places, given)


@lowers("dynamic_pad")
def dynamic_pad(t: Target, op: nn.DynamicPad) -> Value:
    rank = op.x.tensor.rank
    count = op.pads.tensor.dims[0]
    if not isinstance(count, int):
        if op.axes is not None:
            raise t.error("has an unknown number of axes", "name the axes")
        count = 2 * rank
    rows = t.value("Reshape", integers.as_i64(t, op.pads), t.ints([2, count // 2], "shape"), types=[_pairs(2, count)])
    columns = t.transposed(rows, (1, 0))
    pairs = columns
    if op.axes is not None:
        zeros = t.constant(np.zeros((rank, 2), np.int64), "zeros")
        pairs = integers.scattered(t, zeros, integers.from_front(t, op.axes, rank), columns)
    value: Value | None = op.value
    return padded(t, op.x, pairs, op.mode, None if value is None else integers.as_scalar(t, value))


def _pairs(rows: int, count: int) -> TensorType:
    return TensorType((rows, count // 2), I64)


@lowers("dynamic_split")
def dynamic_split(t: Target, op: nn.DynamicSplit) -> Sequence[Value]:
    axis = t.scalar(op.axis % op.x.tensor.rank, "axis")
    return t.build("SplitV", op.x, integers.as_index(t, op.sizes), axis, num_split=len(op.outputs))


@lowers("dynamic_reduce")
def dynamic_reduce(t: Target, op: nn.DynamicReduce) -> Value:
    """Without axes TensorFlow reduces nothing: all of them take the place of none where that is meant."""
    axes = integers.as_i64(t, op.axes)
    count, rank = axes.tensor.dims[0], op.x.tensor.rank
    if not op.empty_is_none and not (isinstance(count, int) and count > 0):
        given = integers.shape_of(t, axes, I32)
        none = t.value("Equal", given, t.ints([0], "none"), types=[TensorType((1,), I1)])
        ranks, zeros = t.ints([rank], "rank"), t.ints([0], "none")
        missing = t.value("SelectV2", none, ranks, zeros, types=[TensorType((1,), I32)])
        every = t.constant(np.arange(rank), "every_axis")
        begin, one = t.ints([0], "none"), t.ints([1], "one")
        all = t.value("StridedSlice", every, begin, missing, one, types=[TensorType((None,), I64)])
        axes = t.value("ConcatV2", axes, all, t.scalar(0, "axis"), types=[TensorType((None,), I64)])
    return reduced(t, REDUCTIONS[f"reduce_{op.kind}"], op.x, axes, op.keep_dims)


@lowers("dynamic_top_k")
def dynamic_top_k(t: Target, op: nn.DynamicTopK) -> Sequence[Value]:
    x = op.x.tensor
    if op.axis % x.rank != x.rank - 1 or not op.largest:
        raise t.error("wants other than the largest elements along the last axis", EXPAND)
    k = integers.as_scalar(t, integers.cast(t, op.k, I32))
    types = [op.values.type, op.indices.tensor.with_element(I32)]
    values, indices = t.build("TopKV2", op.x, k, types=types, sorted=op.sorted)
    return values, t.value("Cast", indices, types=[op.indices.type], DstT=I64)


@lowers("dynamic_one_hot")
def dynamic_one_hot(t: Target, op: nn.DynamicOneHot) -> Value:
    rank = op.output.tensor.rank
    axis = op.axis % rank
    on, off = (t.constant(np.array(n, np.float32), name) for n, name in ((1, "on_value"), (0, "off_value")))
    depth = integers.as_scalar(t, integers.cast(t, op.depth, I32))
    indices = op.indices
    if indices.tensor.expressed not in (I32, I64):
        indices = integers.cast(t, indices, I64)
    return t.value("OneHot", indices, depth, on, off, axis=-1 if axis == rank - 1 else axis)


@lowers("dynamic_cumsum")
def dynamic_cumsum(t: Target, op: nn.DynamicCumsum) -> Value:
    axis = integers.as_scalar(t, integers.as_index(t, op.axis))
    return t.value("Cumsum", op.x, axis, exclusive=op.exclusive, reverse=op.reverse)


@lowers("trilu")
def trilu(t: Target, op: nn.Trilu) -> Value:
    return _triangle(t, op.x, t.constant(np.array(op.k, np.int64), "diagonal"), op.upper)


@lowers("dynamic_trilu")
def dynamic_trilu(t: Target, op: nn.DynamicTrilu) -> Value:
    return _triangle(t, op.x, integers.as_scalar(t, integers.as_i64(t, op.k)), op.upper)


def _triangle(t: Target, x: Value, diagonal: Value, upper: bool) -> Value:
    """The elements whose column less their row is at least the diagonal, or at most; zeros elsewhere."""
    rank = x.tensor.rank
    rows, columns = (_counted(t, x, axis) for axis in (rank - 2, rank - 1))
    height, width = rows.tensor.dims[0], columns.tensor.dims[0]
    column = t.value("ExpandDims", rows, t.scalar(1, "axis"), types=[TensorType((height, 1), I64)])
    grid = TensorType((height, width), I64)
    off = t.value("Sub", columns, column, types=[grid])
    kept = t.value("GreaterEqual" if upper else "LessEqual", off, diagonal, types=[grid.with_element(I1)])
    zero = t.constant(np.array(0, x.tensor.expressed.dtype), "zero")
    return t.value("SelectV2", kept, x, zero)


def _counted(t: Target, x: Value, axis: int) -> Value:
    """0, 1, ... for each place along an axis."""
    return integers.counted(t, integers.cast(t, t.dimension(x, axis), I64), x.tensor.dims[axis])
