"""Reductions and sorting in steps that targets have which take what TensorFlow's kernels take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    """As TOPK_V2, which gives the largest along the last axis."""
    return largest_along_last(b, op, lambda x: b.nn.top_k(x, k=op.k, axis=-1))


def largest_along_last(b: Builder, op: nn.TopK | nn.DynamicTopK, of: Callable[[Value], Any]) -> Sequence[Value] | None:
    """The values and indices of ``op`` by ``of``, which gives the largest along the last axis; None where it does that.

    The smallest are the largest of the negated.
    """

    def make(x: Value) -> Any:
        if op.largest:
            return of(x)
        values, indices = of(_negated(b, x))
        return _negated(b, values), indices

    if is_last(op.x, op.axis):
        return None if op.largest else make(op.x)
    return along_last(b, op.x, op.axis, make)


def _negated(b: Builder, x: Value) -> Value:
    return b.nn.neg(x)
