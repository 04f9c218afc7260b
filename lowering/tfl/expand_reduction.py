"""Reductions, running products, softmax and sorting in the forms that TFLite has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ir import Builder, Value
from ...ir.dialects import nn
from .expansion import along_last, expands, is_last


@expands("reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod")
def no_axes(b: Builder, op: nn.ReduceOp) -> Value | None:
    return None if op.axes else b.nn.identity(op.x)


@expands("softmax", "log_softmax", "lrn")
def along_an_axis(b: Builder, op: nn.Softmax | nn.LogSoftmax | nn.Lrn) -> Value | None:
    """These kernels work along the last axis."""
    if is_last(op.x, op.axis) or isinstance(op, nn.Lrn):
        return None
    return along_last(b, op.x, op.axis, lambda x: b.create(op.name, x, axis=-1).result)


@expands("cumprod")
def cumprod(b: Builder, op: nn.Cumprod) -> Value | None:
    """Products over spans that double in length: log2(n) steps, each with the result shifted by the span."""
    if not op.x.tensor.is_static:
        return None
    axis, y = op.axis % op.x.tensor.rank, op.x
    length, span = y.tensor.static_shape[axis], 1
    if op.exclusive:
        y = _shifted(b, y, axis, 1, op.reverse)
    while span < length:
        y = b.nn.mul(y, _shifted(b, y, axis, span, op.reverse))
        span *= 2
    return b.nn.identity(y) if y is op.x else y


def _shifted(b: Builder, x: Value, axis: int, places: int, backwards: bool) -> Value:
    """x moved along an axis, with ones where it came from."""
    shape = x.tensor.static_shape
    rank = len(shape)
    starts, stops, pads = [0] * rank, list(shape), [0] * (2 * rank)
    if backwards:
        starts[axis], pads[rank + axis] = places, places
    else:
        stops[axis], pads[axis] = shape[axis] - places, places
    kept = b.nn.slice(x, starts=starts, stops=stops, steps=(1,) * rank)
    return b.nn.pad(kept, pads=pads, value=1.0)


@expands("sort")
def sort(b: Builder, op: nn.Sort) -> Sequence[Value] | None:
    """All elements, as the k largest."""
    shape = op.x.tensor
    if not shape.is_static:
        return None
    k = shape.static_shape[op.axis]
    return b.nn.top_k(op.x, k=k, axis=op.axis, largest=op.descending)


@expands("top_k")
def top_k(b: Builder, op: nn.TopK) -> Sequence[Value] | None:
    """TOPK_V2 gives the largest along the last axis: the smallest are the largest of the negated."""

    def make(x: Value) -> Any:
        if op.largest:
            return b.nn.top_k(x, k=op.k, axis=-1)
        values, indices = b.nn.top_k(_negated(b, x), k=op.k, axis=-1)
        return _negated(b, values), indices

    if is_last(op.x, op.axis):
        return None if op.largest else make(op.x)
    return along_last(b, op.x, op.axis, make)


def _negated(b: Builder, x: Value) -> Value:
    return b.nn.neg(x)
