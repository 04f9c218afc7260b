"""Gathering, scattering and choosing elements by indices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import I64
from ...nodes import axis_of, expect_rank, numbers, refuse
from ...sizes import as_vector, broadcast, cast, filled, reshape, sizes_of, take, unsqueeze
from ...windows import pad_same
from .layout import from_channel_first, spatial, to_channel_first
from .registry import Lifter, lift
from .windows import windows_of

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


@lift("Gather")
def gather(b: Lifter, op: TfOp, x: Value, indices: Value) -> Value:
    return b.nn.gather(x, indices, axis=0)


@lift("GatherV2")
def gather_v2(b: Lifter, op: TfOp, x: Value, indices: Value, axis: Value) -> Value:
    places = b.ints(axis)
    if places is None:
        raise refuse(op, "has an axis that is computed", "make it a constant")
    shared = int(op.get("batch_dims"))
    if shared < 0:
        shared += expect_rank(op, indices, 0)
    return b.nn.gather(x, indices, axis=axis_of(op, places[0], expect_rank(op, x, 1)), batch_dims=shared)


@lift("GatherNd")
def gather_nd(b: Lifter, op: TfOp, x: Value, indices: Value) -> Value:
    return b.nn.gather_nd(x, indices)


@lift("ScatterNd")
def scatter_nd(b: Lifter, op: TfOp, indices: Value, updates: Value, shape: Value) -> Value:
    """Sums of the updates at their places, zeros elsewhere."""
    sizes = b.ints(shape)
    element = updates.tensor.storage
    if sizes is not None:
        zeros = broadcast(b, filled(b, 0, (1,) * len(sizes), element), list(sizes))
    else:
        zeros = b.nn.fill(as_vector(b, shape), filled(b, 0, (), element))
    return b.nn.scatter_nd(zeros, indices, updates, reduction="add")


_REDUCTIONS = {"Update": "none", "Add": "add", "Max": "max", "Min": "min"}


@lift(*(f"TensorScatter{name}" for name in _REDUCTIONS), "TensorScatterSub")
def tensor_scatter(b: Lifter, op: TfOp, x: Value, indices: Value, updates: Value) -> Value:
    name = op.op_type.removeprefix("TensorScatter")
    if name == "Sub":
        return b.nn.scatter_nd(x, indices, b.nn.neg(updates), reduction="add")
    return b.nn.scatter_nd(x, indices, updates, reduction=_REDUCTIONS[name])


@lift("UnsortedSegmentSum", "SegmentSum", "SegmentSumV2")
def segment_sum(b: Lifter, op: TfOp, x: Value, ids: Value, count: Value | None = None) -> Value:
    """Sums of the slices with the same number; slices with negative numbers are left out."""
    known = b.ints(ids) if count is None else b.ints(count)
    if known is None or not known:
        raise refuse(op, "has a number of segments that is computed", "make it a constant")
    total = max(known) + 1 if count is None else known[0]
    if expect_rank(op, ids, 1) != 1:
        raise refuse(op, "has segment numbers that are no vector", "reshape them to one")
    others = sizes_of(x)[1:]
    kept = b.nn.greater_equal(ids, b.constant(0, ids.tensor.storage))
    zero = b.constant(0, ids.tensor.storage)
    weight = reshape(b, cast(b, kept, x.tensor.storage), [*sizes_of(ids), *[1] * len(others)])
    sums = broadcast(b, filled(b, 0, (1,) * (len(others) + 1), x.tensor.storage), [total, *others])
    places = unsqueeze(b, b.nn.maximum(ids, zero), [1])
    return b.nn.scatter_nd(sums, places, b.nn.mul(x, weight), reduction="add")


@lift("Where")
def where(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.nn.non_zero(x)


@lift("Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2")
def unique(b: Lifter, op: TfOp, x: Value, axis: Value | None = None) -> tuple[Value, ...]:
    """The different elements in the order of their first occurrence."""
    places = b.ints(axis)
    if axis is not None and places is None:
        raise refuse(op, "has an axis that is computed", "make it a constant")
    options = {"axis": places[0]} if places else {}
    values, _, inverse, counts = b.nn.unique(x, sorted=False, **options)
    index = op.get("out_idx")
    return (values, cast(b, inverse, index), cast(b, counts, index))[: len(op.results)]


@lift("NonMaxSuppressionV3", "NonMaxSuppressionV2", "NonMaxSuppressionV4", "NonMaxSuppressionV5")
def non_max_suppression(
    b: Lifter,
    op: TfOp,
    boxes: Value,
    scores: Value,
    most: Value,
    overlap: Value,
    least: Value | None = None,
    sigma: Value | None = None,
) -> tuple[Value, ...]:
    """Which boxes stay, by their numbers, the best first."""
    softening = b.array(sigma)
    if op.get("pad_to_max_output_size"):
        raise refuse(op, "fills the result up to the maximum", "set pad_to_max_output_size to false")
    if sigma is not None and (softening is None or softening.item() != 0):
        raise refuse(op, "lowers the scores of boxes that overlap", "set soft_nms_sigma to 0")
    # TensorFlow keeps scores above the threshold, as ONNX does; version 2 has none
    rows = b.nn.non_max_suppression(
        unsqueeze(b, boxes, [0]), unsqueeze(b, scores, [0, 1]), cast(b, most, I64), overlap, least
    )
    chosen = reshape(b, take(b, rows, 1, 2, 3), [-1])
    results: list[Value] = [b.nn.cast(chosen, to=op.results[0].tensor.storage)]
    if op.op_type.endswith("V5"):
        results.append(b.nn.gather(scores, chosen, axis=0))
    if op.op_type[-1] in "45":
        count = b.nn.reduce_prod(b.nn.shape_of(chosen), axes=(0,), keep_dims=False)
        results.append(b.nn.cast(count, to=op.results[-1].tensor.storage))
    return tuple(results)


@lift("ExtractImagePatches")
def extract_image_patches(b: Lifter, op: TfOp, x: Value) -> Value:
    """Each window as channels, (row, column, channel) in that order: a convolution with ones at these places."""
    x = to_channel_first(b, op, x, 4)
    (channels,) = numbers(op, x.tensor.dims[1:2], "the channels")
    height, width = spatial(op, "ksizes", 4)
    op.set_attribute("dilations", op.get("rates"))
    windows = windows_of(op, x, (height, width))
    kernels = np.eye(height * width * channels, dtype=x.tensor.storage.dtype)
    kernels = kernels.reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
    if windows.same is not None:
        x = pad_same(b, x, windows)
    y = b.nn.conv(
        x,
        b.constant(np.ascontiguousarray(kernels), x.tensor.storage),
        strides=windows.strides,
        pads=windows.pads,
        dilations=windows.dilations,
    )
    return from_channel_first(b, op, y)
