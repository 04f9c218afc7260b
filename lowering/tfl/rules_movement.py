"""Operations that move elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import OpResult, TensorType, Value
from ...ir.dialects import nn
from ...ir.layout import moves_only_units
from ...ir.module import constant_array
from ...ir.types import Dim
from .target import Target, lowers

_UNBOUNDED = 2**31 - 1
"""A stop that is beyond any dimension."""


@lowers("reshape")
def reshape(target: Target, op: nn.Reshape) -> OpResult:
    dims = [d if isinstance(d, int) else -1 for d in op.output.tensor.dims]
    if dims.count(-1) > 1:
        raise target.error(f"gives {op.output.tensor}, and TFLite needs all dimensions but one", "fix the batch size")
    return target.value("reshape", op.x, target.ints(dims, "shape"))


@lowers("transpose")
def transpose(target: Target, op: nn.Transpose) -> OpResult:
    if op.output.tensor.is_static and moves_only_units(op.x.tensor.dims, op.perm):  # the elements stay where they are
        return target.value("reshape", op.x, target.ints(op.output.tensor.static_shape, "shape"))
    return target.value("transpose", op.x, target.ints(op.perm, "perm"))


@lowers("concat")
def concat(target: Target, op: nn.Concat) -> OpResult:
    return target.value("concatenation", *op.operands, axis=op.axis % op.output.tensor.rank)


@lowers("split")
def split(target: Target, op: nn.Split) -> Sequence[Value]:
    axis = target.scalar(op.axis % op.x.tensor.rank, "axis")
    if len(set(op.sizes)) == 1:
        return target.build("split", axis, op.x).results
    return target.build("split_v", op.x, target.ints(op.sizes, "sizes"), axis).results


@lowers("slice")
def slice_(target: Target, op: nn.Slice) -> OpResult:
    dims = op.x.tensor.dims
    ranges = [_range(target, s, d) for s, d in zip(op.slices, dims, strict=True)]
    if all(r.step == 1 for r in ranges):
        begin = target.ints([r.start for r in ranges], "begin")
        # -1 takes the rest of a dimension that has no number
        sizes = [len(r) if isinstance(d, int) else -1 for r, d in zip(ranges, dims, strict=True)]
        return target.value("slice", op.x, begin, target.ints(sizes, "size"))
    # A stop before the first element cannot be written as a number: -1 would count from the end.
    open_ended = [r.stop < 0 or not isinstance(d, int) for r, d in zip(ranges, dims, strict=True)]
    end_mask = sum(1 << i for i, is_open in enumerate(open_ended) if is_open)
    return target.value(
        "strided_slice",
        op.x,
        target.ints([r.start for r in ranges], "begin"),
        target.ints([max(r.stop, 0) for r in ranges], "end"),
        target.ints([r.step for r in ranges], "strides"),
        end_mask=end_mask,
    )


def _range(target: Target, piece: slice, dim: Dim) -> range:
    """The indices that a slice takes. Raises VerifyError for a part of a dimension that has no number."""
    if isinstance(dim, int):
        return range(*piece.indices(dim))
    if piece.start != 0 or piece.step != 1 or piece.stop < _UNBOUNDED:
        raise target.error("takes a part of a dimension whose size is not known", "fix the batch size")
    return range(0, 1)


@lowers("pad")
def pad(target: Target, op: nn.Pad) -> OpResult:
    paddings = target.constant(np.array(op.pairs, np.int32), "paddings")
    if op.mode in ("reflect", "symmetric"):
        return target.value("mirror_pad", op.x, paddings, mode=op.mode.upper())
    if op.mode != "constant":
        raise target.error(f"has the mode {op.mode}, which TFLite has not", "run expand-for-tfl before")
    if op.value == 0.0:
        return target.value("pad", op.x, paddings)
    return target.value("padv2", op.x, paddings, target.number(op.value, op.x))


@lowers("tile")
def tile(target: Target, op: nn.Tile) -> OpResult:
    return target.value("tile", op.x, target.ints(op.reps, "multiples"))


@lowers("broadcast_to")
def broadcast_to(target: Target, op: nn.BroadcastTo) -> OpResult:
    return target.value("broadcast_to", op.x, target.ints(op.output.tensor.static_shape, "shape"))


@lowers("reverse")
def reverse(target: Target, op: nn.Reverse) -> OpResult:
    axes = sorted(a % op.x.tensor.rank for a in op.axes)
    return target.value("reverse_v2", op.x, target.ints(axes, "axis"))


@lowers("gather")
def gather(target: Target, op: nn.Gather) -> OpResult:
    return target.value("gather", op.x, op.indices, axis=op.axis % op.x.tensor.rank, batch_dims=op.batch_dims)


@lowers("gather_nd")
def gather_nd(target: Target, op: nn.GatherNd) -> OpResult:
    if op.batch_dims:
        raise target.error("has batch dimensions, and TFLite's GATHER_ND has none", "run expand-for-tfl before")
    return target.value("gather_nd", op.x, op.indices)


@lowers("scatter_nd")
def scatter_nd(target: Target, op: nn.ScatterNd) -> OpResult:
    shape = op.x.tensor.static_shape
    neutral = op.reduction != "none" and starts_neutral(op)
    if neutral and op.reduction == "add":
        return target.value("scatter_nd", op.indices, op.updates, target.ints(shape, "shape"))
    if not neutral or op.indices.tensor.dims[1:] != (1,) or len(shape) != 2:
        raise target.error(
            f"has the reduction '{op.reduction}' in a form that TFLite has not", "run expand-for-tfl before"
        )
    count = op.indices.tensor.static_shape[0]
    rows = TensorType((count,), op.indices.tensor.element)
    ids = target.value("reshape", op.indices, target.ints((count,), "shape"), types=[rows])
    kind = {"mul": "prod", "max": "max", "min": "min"}[op.reduction]
    return target.value(f"unsorted_segment_{kind}", op.updates, ids, target.scalar(shape[0], "num_segments"))


def starts_neutral(op: nn.ScatterNd) -> bool:
    """Whether a scatter writes into what its kernel starts with."""
    start = constant_array(op.x)
    return start is not None and bool(np.all(start == scatter_neutral(op)))


def scatter_neutral(op: nn.ScatterNd) -> float:
    """What the kernel of a reduction starts with; an int for integers, whose limits no float may hold."""
    dtype = op.x.tensor.expressed.dtype
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return {"add": 0, "mul": 1, "max": limits.min, "min": limits.max}[op.reduction]


@lowers("non_zero")
def non_zero(target: Target, op: nn.NonZero) -> OpResult:
    return target.value("where", op.x)


@lowers("one_hot")
def one_hot(target: Target, op: nn.OneHot) -> OpResult:
    dtype = op.output.tensor.storage.dtype
    axis = op.axis % op.output.tensor.rank
    on, off = (target.constant(np.array(n, dtype), name) for n, name in ((1, "on_value"), (0, "off_value")))
    # The last axis is -1 in the file: only then do all kernels take the fast way.
    axis = -1 if axis == op.output.tensor.rank - 1 else axis
    return target.value("one_hot", op.indices, target.scalar(op.depth, "depth"), on, off, axis=axis)
