"""Operations that move elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.types import I1, I64, Dim
from .target import Target, lowers

_EXPAND = "run expand-for-onnx before"


@lowers("reshape")
def reshape(t: Target, op: nn.Reshape) -> Value:
    return t.value("Reshape", op.x, t.ints(op.shape, "shape"))


@lowers("transpose")
def transpose(t: Target, op: nn.Transpose) -> Value:
    return t.value("Transpose", op.x, perm=op.perm)


@lowers("concat")
def concat(t: Target, op: nn.Concat) -> Value:
    return t.value("Concat", *op.inputs, axis=op.axis % op.output.tensor.rank)


@lowers("split")
def split(t: Target, op: nn.Split) -> Sequence[Value]:
    axis = op.axis % op.x.tensor.rank
    if t.since("Split") < 13:
        return t.build("Split", op.x, axis=axis, split=op.sizes)
    return t.build("Split", op.x, t.ints(op.sizes, "sizes"), axis=axis)


@lowers("slice")
def slice_(t: Target, op: nn.Slice) -> Value:
    """Axes that are taken as a whole are not named."""
    pairs = list(zip(op.slices, op.x.tensor.dims, strict=True))
    cut = [i for i, (piece, dim) in enumerate(pairs) if not _takes_all(piece, dim)]
    if not cut:
        return op.x
    pieces = [_bounded(*pairs[i]) for i in cut]
    starts, stops, steps = ([getattr(p, name) for p in pieces] for name in ("start", "stop", "step"))
    if t.since("Slice") < 10:
        if any(s != 1 for s in steps):
            raise t.error("has steps", _EXPAND)
        return t.value("Slice", op.x, starts=starts, ends=stops, axes=cut)
    operands = [t.ints(starts, "starts"), t.ints(stops, "ends"), t.ints(cut, "axes")]
    if any(s != 1 for s in steps):
        operands.append(t.ints(steps, "steps"))
    return t.value("Slice", op.x, *operands)


def _bounded(piece: slice, dim: Dim) -> slice:
    """A slice with a negative step and bounds within the dimension: runtimes read those beyond it differently."""
    if piece.step > 0 or not isinstance(dim, int):
        return piece
    start, stop, step = piece.indices(dim)
    return slice(start, stop if stop >= 0 else -dim - 1, step) if start >= 0 else slice(0, 0, 1)


def _takes_all(piece: slice, dim: Dim) -> bool:
    if isinstance(dim, int):
        return range(*piece.indices(dim)) == range(dim)
    return piece.start == 0 and piece.step == 1 and piece.stop >= 2**31 - 1


@lowers("pad")
def pad(t: Target, op: nn.Pad) -> Value:
    if op.mode == "symmetric":
        raise t.error("has the mode symmetric, which Pad of ONNX has not", _EXPAND)
    mode = {} if op.mode == "constant" else {"mode": op.mode}
    if t.since("Pad") < 11:
        value = {"value": op.value} if op.value != 0.0 else {}
        return t.value("Pad", op.x, pads=op.pads, **mode, **value)
    pads = t.ints(op.pads, "pads")
    added = t.number(op.value, op.x) if op.mode == "constant" and op.value != 0.0 else None
    return t.value("Pad", op.x, pads, added, **mode)


@lowers("tile")
def tile(t: Target, op: nn.Tile) -> Value:
    return t.value("Tile", op.x, t.ints(op.reps, "repeats"))


@lowers("broadcast_to")
def broadcast_to(t: Target, op: nn.BroadcastTo) -> Value:
    """Expand keeps a dimension where the shape says 1."""
    return t.value("Expand", op.x, t.ints([1 if d == -1 else d for d in op.shape], "shape"))


@lowers("reverse")
def reverse(t: Target, op: nn.Reverse) -> Value:
    axes = [a % op.x.tensor.rank for a in op.axes]
    if not axes:
        return op.x
    if t.since("Slice") < 10:
        raise t.error("reverses, which Slice can from opset 10 on", _EXPAND)
    names = (("starts", -1), ("ends", -(2**31)), ("axes", None), ("steps", -1))
    return t.value("Slice", op.x, *(t.ints(axes if n is None else [n] * len(axes), name) for name, n in names))


@lowers("depth_to_space", "space_to_depth")
def blocks(t: Target, op: nn.DepthToSpace | nn.SpaceToDepth) -> Value:
    if op.channel_last:
        raise t.error("is channel-last, and ONNX is channel-first", _EXPAND)
    mode = {} if op.mode == "dcr" else {"mode": op.mode.upper()}
    name = "DepthToSpace" if isinstance(op, nn.DepthToSpace) else "SpaceToDepth"
    return t.value(name, op.x, blocksize=op.block, **mode)


@lowers("trilu")
def trilu(t: Target, op: nn.Trilu) -> Value:
    k = t.scalar(op.k, "k") if op.k else None
    return t.value("Trilu", op.x, k) if op.upper else t.value("Trilu", op.x, k, upper=0)


@lowers("shape_of")
def shape_of(t: Target, op: nn.ShapeOf) -> Value:
    return t.value("Shape", op.x)


# Indices


@lowers("gather")
def gather(t: Target, op: nn.Gather) -> Value:
    if op.batch_dims:
        raise t.error("has batch dimensions, and Gather has none", _EXPAND)
    return t.value("Gather", op.x, op.indices, axis=op.axis % op.x.tensor.rank)


@lowers("gather_elements")
def gather_elements(t: Target, op: nn.GatherElements) -> Value:
    return t.value("GatherElements", op.x, op.indices, axis=op.axis % op.x.tensor.rank)


@lowers("scatter_elements")
def scatter_elements(t: Target, op: nn.ScatterElements) -> Value:
    """Scatter is what it was called before opset 11."""
    name = "ScatterElements" if t.has("ScatterElements") else "Scatter"
    reduction = {"reduction": op.reduction} if op.reduction != "none" else {}
    return t.value(name, op.x, op.indices, op.updates, axis=op.axis % op.x.tensor.rank, **reduction)


@lowers("gather_nd")
def gather_nd(t: Target, op: nn.GatherNd) -> Value:
    batch = {"batch_dims": op.batch_dims} if op.batch_dims else {}
    return t.value("GatherND", op.x, t.cast(op.indices, I64), **batch)


@lowers("scatter_nd")
def scatter_nd(t: Target, op: nn.ScatterNd) -> Value:
    reduction = {"reduction": op.reduction} if op.reduction != "none" else {}
    return t.value("ScatterND", op.x, t.cast(op.indices, I64), op.updates, **reduction)


@lowers("one_hot")
def one_hot(t: Target, op: nn.OneHot) -> Value:
    """By comparison with 0, 1, ...: OneHot of ONNX counts negative indices from the end."""
    axis = op.axis % op.output.tensor.rank
    indices = t.cast(op.indices, I64)
    dims = indices.tensor.dims
    column = t.with_axes(indices, [axis], TensorType((*dims[:axis], 1, *dims[axis:]), I64))
    places = np.arange(op.depth).reshape([-1 if i == axis else 1 for i in range(len(dims) + 1)])
    hits = t.value("Equal", column, t.constant(places, "places"), types=[op.output.tensor.with_element(I1)])
    return t.cast(hits, op.output.tensor.storage)
