"""Gathering, scattering and choosing elements by indices and conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import I1, I64
from ...nodes import axis_of, expect_rank, refuse
from ...sizes import as_scalar, as_vector, cast, counting, length_of, unsqueeze
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@lift("Gather")
def gather(b: Lifter, op: OnnxOp, x: Value, indices: Value) -> Value:
    return b.nn.gather(x, indices, axis=op.get("axis"))


@lift("GatherElements")
def gather_elements(b: Lifter, op: OnnxOp, x: Value, indices: Value) -> Value:
    return b.nn.gather_elements(x, indices, axis=op.get("axis"))


@lift("GatherND")
def gather_nd(b: Lifter, op: OnnxOp, x: Value, indices: Value) -> Value:
    return b.nn.gather_nd(x, indices, batch_dims=op.get("batch_dims") or 0)


@lift("Scatter", "ScatterElements")
def scatter_elements(b: Lifter, op: OnnxOp, x: Value, indices: Value, updates: Value) -> Value:
    reduction = op.get("reduction") or "none"
    return b.nn.scatter_elements(x, indices, updates, axis=op.get("axis"), reduction=reduction)


@lift("ScatterND")
def scatter_nd(b: Lifter, op: OnnxOp, x: Value, indices: Value, updates: Value) -> Value:
    return b.nn.scatter_nd(x, indices, updates, reduction=op.get("reduction") or "none")


@lift("TensorScatter")
def tensor_scatter(b: Lifter, op: OnnxOp, past: Value, update: Value, first: Value | None = None) -> Value:
    """Each place of the cache takes the element of the update that is written to it, or stays as it is."""
    rank = expect_rank(op, past, 2)
    axis = axis_of(op, op.get("axis"), rank)
    if axis == 0:
        raise refuse(op, "has its axis on the batch")
    places = unsqueeze(b, counting(b, length_of(b, past, axis)), [0])
    count = length_of(b, update, axis)
    source = places if first is None else b.nn.sub(places, unsqueeze(b, as_vector(b, first), [1]))  # (batch, length)
    if op.get("mode") == "circular":
        source = b.nn.mod(source, length_of(b, past, axis))
    is_new = b.nn.logical_and(b.nn.greater_equal(source, 0), b.nn.less(source, count))
    source = b.nn.select(is_new, source, b.constant(0, I64))
    if first is None:
        taken = b.nn.gather(update, b.nn.reshape(source, shape=(-1,)), axis=axis)
    else:
        taken = b.nn.gather(update, source, axis=axis, batch_dims=1)
    mask = unsqueeze(b, is_new, [*range(1, axis), *range(axis + 1, rank)])
    return b.nn.select(mask, taken, past)


@lift("OneHot")
def one_hot(b: Lifter, op: OnnxOp, indices: Value, depth: Value, values: Value) -> Value:
    """Negative indices count from the end; those out of range give ``off`` (the first of the values) alone."""
    axis = axis_of(op, op.get("axis"), expect_rank(op, indices, 0) + 1)
    length = as_scalar(b, cast(b, depth, I64))
    places = cast(b, indices, I64)
    places = b.nn.select(b.nn.less(places, 0), b.nn.add(places, length), places)
    known = b.array(length)
    if known is None:
        hot = b.nn.dynamic_one_hot(places, length, axis=axis)
    else:
        hot = b.nn.one_hot(places, depth=int(known), axis=axis)
    off, on = (b.nn.gather(values, b.constant(np.int64(i)), axis=0) for i in (0, 1))
    return b.nn.select(b.nn.cast(hot, to=I1), on, off)


@lift("Compress")
def compress(b: Lifter, op: OnnxOp, x: Value, condition: Value) -> Value:
    axis = op.get("axis")
    return b.nn.compress(x, condition) if axis is None else b.nn.compress(x, condition, axis=axis)


@lift("NonZero")
def non_zero(b: Lifter, op: OnnxOp, x: Value) -> Value:
    return b.nn.transpose(b.nn.non_zero(x), perm=(1, 0))


@lift("Unique")
def unique(b: Lifter, op: OnnxOp, x: Value) -> tuple[Value, ...]:
    options = {} if op.get("axis") is None else {"axis": op.get("axis")}
    return b.nn.unique(x, sorted=bool(op.get("sorted")), **options)
