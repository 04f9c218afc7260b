"""Reductions and sorting in steps that targets have which take what TensorFlow's kernels take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir import Builder, Value
from ..ir.dialects import nn
from .expansion import along_last, is_last


def no_axes(b: Builder, op: nn.ReduceOp) -> Value | None:
    return None if op.axes else b.nn.identity(op.x)


def sort(b: Builder, op: nn.Sort) -> Sequence[Value] | None:
    """All elements, as the k largest."""
    shape = op.x.tensor
    if not shape.is_static:
        return None
    k = shape.static_shape[op.axis]
    return b.nn.top_k(op.x, k=k, axis=op.axis, largest=op.descending)


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
