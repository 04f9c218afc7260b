"""Reductions, running products, softmax and sorting in the forms that TFLite has."""

from __future__ import annotations

from ...ir import Builder, Value
from ...ir.dialects import nn
from .. import decompositions, indexing, reductions
from ..expansion import along_last, is_last
from .expansion import expands

expands("reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod")(reductions.no_axes)


@expands("softmax", "log_softmax", "lrn")
def along_an_axis(b: Builder, op: nn.Softmax | nn.LogSoftmax | nn.Lrn) -> Value | None:
    """These kernels work along the last axis."""
    if is_last(op.x, op.axis) or isinstance(op, nn.Lrn):
        return None
    return along_last(b, op.x, op.axis, lambda x: b.create(op.name, x, axis=-1).result)


expands("cumprod")(decompositions.cumprod)
expands("sort")(reductions.sort)


expands("argmax", "argmin")(indexing.last_of_equals)
expands("top_k")(indexing.narrow_indices)
expands("top_k")(reductions.top_k)
