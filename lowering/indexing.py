"""Searching and indexing in steps that any target has."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.types import I32


def last_of_equals(b: Builder, op: nn.Argmax | nn.Argmin) -> Value | None:
    """Going backwards, the last of equal elements is the first; None where the first is wanted."""
    if not op.select_last_index:
        return None
    length = op.x.tensor.dims[op.axis]
    if not isinstance(length, int):
        raise ValueError(f"{op.x.type} has no number for axis {op.axis}")
    backwards = b.nn.reverse(op.x, axes=(op.axis,))
    found = b.create(op.name, backwards, axis=op.axis, keep_dims=op.keep_dims, index=op.index).result
    return b.nn.sub(b.constant(length - 1, op.index_element), found)


def narrow_indices(b: Builder, op: nn.TopK) -> Sequence[Value] | None:
    """Indices of 32 bits, made wider; None where they are wanted as they are."""
    if op.index == I32:
        return None
    values, indices = b.nn.top_k(op.x, k=op.k, axis=op.axis, largest=op.largest, sorted=op.sorted)
    return values, b.nn.cast(indices, to=op.index)
