"""Operations that move, choose and make elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Value
from ...ir.dialects import nn
from ...ir.types import I1, I32, I64
from . import integers
from .target import EXPAND, Target, lowers


@lowers("reshape")
def reshape(t: Target, op: nn.Reshape) -> Value:
    dims = op.output.tensor.dims
    if sum(not isinstance(d, int) for d in dims) <= 1:
        return t.reshaped(op.x, dims)
    shape = t.shape([t.size(op.x, axis) if d == 0 else d for axis, d in enumerate(op.shape)])
    return t.value("Reshape", op.x, shape)


@lowers("shape_of")
def shape_of(t: Target, op: nn.ShapeOf) -> Value:
    return t.value("Shape", op.x, out_type=op.output.tensor.storage)


@lowers("transpose")
def transpose(t: Target, op: nn.Transpose) -> Value:
    return t.value("Transpose", op.x, t.ints(op.perm, "perm"))


@lowers("concat")
def concat(t: Target, op: nn.Concat) -> Value:
    if len(op.inputs) == 1:
        return op.inputs[0]
    return t.value("ConcatV2", *op.inputs, t.scalar(op.axis % op.output.tensor.rank, "axis"))


@lowers("split")
def split(t: Target, op: nn.Split) -> Sequence[Value]:
    axis = t.scalar(op.axis % op.x.tensor.rank, "axis")
    if len(set(op.sizes)) == 1:
        return t.build("Split", axis, op.x, num_split=len(op.sizes))
    return t.build("SplitV", op.x, t.ints(op.sizes, "sizes"), axis, num_split=len(op.sizes))


@lowers("slice")
def slice_(t: Target, op: nn.Slice) -> Value:
    """As in Python; only the place before the first element has no number there, and is said by a mask."""
    starts, stops, end_mask = [], [], 0
    for axis, (piece, dim) in enumerate(zip(op.slices, op.x.tensor.dims, strict=True)):
        start, stop = piece.start, piece.stop
        if isinstance(dim, int):
            start, stop, _ = piece.indices(dim)
            end_mask |= (stop < 0) << axis
        starts.append(max(-_FAR, min(start, _FAR)))
        stops.append(max(-_FAR, min(stop, _FAR)))
    begin, end = t.ints(starts, "begin"), t.ints(stops, "end")
    strides = t.ints(op.steps, "strides")
    return t.value("StridedSlice", op.x, begin, end, strides, end_mask=end_mask)


_FAR = 2**31 - 1


@lowers("pad")
def pad(t: Target, op: nn.Pad) -> Value:
    if min(op.pads, default=0) < 0 or op.mode in ("edge", "wrap"):
        pairs = t.constant(np.array(op.pairs, I64.dtype), "paddings")
        return padded(t, op.x, pairs, op.mode, t.number(op.value, op.x))
    pairs = t.constant(np.array(op.pairs, I32.dtype), "paddings")
    if op.mode != "constant":
        return t.value("MirrorPad", op.x, pairs, mode=op.mode.upper())
    return t.value("Pad", op.x, pairs) if op.value == 0.0 else t.value("PadV2", op.x, pairs, t.number(op.value, op.x))


def padded(t: Target, x: Value, pairs: Value, mode: str, value: Value | None) -> Value:
    """x with as many elements before and behind each axis as computed (rank, 2) pairs of i64 say.

    Negative ones take elements away. "constant" adds ``value``, or zeros.
    """
    zero = t.constant(np.array(0, np.int64), "zero")
    added = t.value("Maximum", pairs, zero, types=[pairs.type])
    if mode == "constant":
        operands = (x, added) if value is None else (x, added, value)
        type = x.tensor.with_shape((None,) * x.tensor.rank)
        return _cut(t, t.value("Pad" if value is None else "PadV2", *operands, types=[type]), pairs)
    x = _cut(t, x, pairs)
    if mode in ("reflect", "symmetric"):
        return t.value("MirrorPad", x, added, mode=mode.upper())
    for axis in range(x.tensor.rank):
        x = _chosen(t, x, axis, added, mode)
    return x


def _cut(t: Target, x: Value, pairs: Value) -> Value:
    """x without what negative pads take away."""
    rank = x.tensor.rank
    zero = t.constant(np.array(0, np.int64), "zero")
    less = t.value("Neg", t.value("Minimum", pairs, zero, types=[pairs.type]), types=[pairs.type])
    begin, behind = t.build("Unpack", less, types=[integers.vector_type(rank)] * 2, num=2, axis=1)
    end = t.value("Sub", integers.shape_of(t, x), behind, types=[behind.type])
    type = x.tensor.with_shape((None,) * rank)
    return t.value("StridedSlice", x, begin, end, integers.filled(t, 1, rank), types=[type])


def _chosen(t: Target, x: Value, axis: int, pairs: Value, mode: str) -> Value:
    """x with elements chosen along an axis, from before the first to behind the last."""
    scalar = integers.scalar_type()
    length = integers.as_i64(t, t.dimension(x, axis))
    begin, end = (_element(t, pairs, axis, side) for side in (0, 1))
    first, one = t.value("Neg", begin, types=[scalar]), t.constant(np.array(1, np.int64), "one")
    limit = t.value("AddV2", length, end, types=[scalar])
    places = t.value("Range", first, limit, one, types=[integers.vector_type(None)])
    if mode == "wrap":
        places = t.value("FloorMod", places, length, types=[places.type])
    else:
        last = t.value("Sub", length, one, types=[scalar])
        places = t.value("Minimum", places, last, types=[places.type])
        places = t.value("Maximum", places, t.constant(np.array(0, np.int64), "zero"), types=[places.type])
    dims = tuple(None if i == axis else d for i, d in enumerate(x.tensor.dims))
    return t.value("GatherV2", x, places, t.scalar(axis, "axis"), types=[x.tensor.with_shape(dims)])


def _element(t: Target, pairs: Value, axis: int, side: int) -> Value:
    """An element of a matrix of i64."""
    bounds = [t.ints(n, name) for n, name in (([axis, side], "begin"), ([axis + 1, side + 1], "end"), ([1, 1], "one"))]
    return t.value("StridedSlice", pairs, *bounds, types=[integers.scalar_type()], shrink_axis_mask=3)


@lowers("tile")
def tile(t: Target, op: nn.Tile) -> Value:
    return t.value("Tile", op.x, t.ints(op.reps, "multiples"))


@lowers("broadcast_to")
def broadcast_to(t: Target, op: nn.BroadcastTo) -> Value:
    new = len(op.shape) - op.x.tensor.rank
    shape = t.shape([t.size(op.x, axis - new) if d == -1 else d for axis, d in enumerate(op.shape)])
    return t.value("BroadcastTo", op.x, shape)


@lowers("reverse")
def reverse(t: Target, op: nn.Reverse) -> Value:
    return t.value("ReverseV2", op.x, t.ints(sorted(a % op.x.tensor.rank for a in op.axes), "axis"))


@lowers("gather")
def gather(t: Target, op: nn.Gather) -> Value:
    axis = t.scalar(op.axis % op.x.tensor.rank, "axis")
    return t.value("GatherV2", op.x, op.indices, axis, batch_dims=op.batch_dims)


@lowers("gather_nd")
def gather_nd(t: Target, op: nn.GatherNd) -> Value:
    if op.batch_dims:
        raise t.error("has batch dimensions, and GatherNd has none", EXPAND)
    return t.value("GatherNd", op.x, op.indices)


_SCATTERS = {"none": "Update", "add": "Add", "max": "Max", "min": "Min"}


@lowers("scatter_nd")
def scatter_nd(t: Target, op: nn.ScatterNd) -> Value:
    if op.reduction not in _SCATTERS:
        raise t.error("multiplies what it scatters, which TensorFlow does not", "express it by other operations")
    return t.value(f"TensorScatter{_SCATTERS[op.reduction]}", op.x, op.indices, op.updates)


@lowers("one_hot")
def one_hot(t: Target, op: nn.OneHot) -> Value:
    rank, dtype = op.output.tensor.rank, op.output.tensor.storage.dtype
    axis = op.axis % rank
    on, off = (t.constant(np.array(n, dtype), name) for n, name in ((1, "on_value"), (0, "off_value")))
    axis = -1 if axis == rank - 1 else axis
    return t.value("OneHot", op.indices, t.scalar(op.depth, "depth"), on, off, axis=axis)


@lowers("non_zero")
def non_zero(t: Target, op: nn.NonZero) -> Value:
    if op.x.tensor.rank == 0:
        raise t.error("searches a scalar, and Where takes none", "reshape it to a vector before")
    return t.value("Where", op.x)


@lowers("range")
def range_(t: Target, op: nn.Range) -> Value:
    """The limit is moved to the start where it lies on the other side of it: Range refuses that."""
    start, limit, delta = (integers.as_scalar(t, v) for v in (op.start, op.limit, op.delta))
    bounds = [t.value(name, limit, start, types=[limit.type]) for name in ("Maximum", "Minimum")]
    zero = t.number(0, delta)
    is_up = t.value("Greater", delta, zero, types=[delta.tensor.with_element(I1)])
    limit = t.value("SelectV2", is_up, *bounds, types=[limit.type])
    element = start.tensor.expressed
    if element.is_float or element in (I32, I64):
        return t.value("Range", start, limit, delta)
    wide = [integers.as_i64(t, v) for v in (start, limit, delta)]
    return t.value("Cast", t.value("Range", *wide, types=[op.output.tensor.with_element(I64)]), DstT=element)


@lowers("fill")
def fill(t: Target, op: nn.Fill) -> Value:
    value = op.value
    if value.tensor.rank:
        value = t.reshaped(value, ())
    return t.value("Fill", op.shape, value)
