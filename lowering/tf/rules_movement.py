"""Operations that move, choose and make elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.types import I1, I32
from .target import EXPAND, Target, lowers


@lowers("reshape")
def reshape(t: Target, op: nn.Reshape) -> Value:
    dims = op.output.tensor.dims
    known = set(op.x.tensor.dims)
    if sum(not isinstance(d, int) for d in dims) > 1 and not all(isinstance(d, int) or d in known for d in dims):
        raise t.error(f"gives {op.output.tensor}, whose sizes do not follow from {op.x.type}", "fix the input shapes")
    return t.reshaped(op.x, dims)


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
    pairs = t.constant(np.array(op.pairs, I32.dtype), "paddings")
    if op.mode in ("reflect", "symmetric"):
        return t.value("MirrorPad", op.x, pairs, mode=op.mode.upper())
    if op.mode != "constant":
        raise t.error(f"has the mode {op.mode}, which TensorFlow has not", EXPAND)
    return t.value("Pad", op.x, pairs) if op.value == 0.0 else t.value("PadV2", op.x, pairs, t.number(op.value, op.x))


@lowers("tile")
def tile(t: Target, op: nn.Tile) -> Value:
    return t.value("Tile", op.x, t.ints(op.reps, "multiples"))


@lowers("broadcast_to")
def broadcast_to(t: Target, op: nn.BroadcastTo) -> Value:
    return t.value("BroadcastTo", op.x, t.shape(op.output.tensor.dims, op.x))


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
    return t.value("Range", op.start, op.limit, op.delta)


@lowers("fill")
def fill(t: Target, op: nn.Fill) -> Value:
    value = op.value
    if value.tensor.rank:
        value = t.reshaped(value, ())
    return t.value("Fill", op.shape, value)


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
    own = t.value("Shape", x, types=[TensorType((rank,), element)], out_type=element)
    if rank != count:
        places = t.ints([min(i, rank - 1) for i in range(count)], "places")
        own = t.value("GatherV2", own, places, t.scalar(0, "axis"), types=[type])
    zero = t.constant(np.array(0, element.dtype), "zero")
    is_zero = t.value("Equal", shape, zero, types=[type.with_element(I1)])
    return t.value("SelectV2", is_zero, own, shape, types=[type])
