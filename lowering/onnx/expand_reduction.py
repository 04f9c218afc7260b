"""Reductions, running sums, softmax and sorting in the forms that ONNX has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from .. import decompositions, indexing
from ..expansion import along_last
from .expansion import expands
from .rules_reduction import is_last_but_ones

expands("cumprod", below=26)(decompositions.cumprod)


@expands("softmax", "log_softmax", below=13)
def along_an_axis(b: Builder, op: nn.Softmax | nn.LogSoftmax) -> Value | None:
    """Before opset 13 all dimensions from the axis on are one."""
    if is_last_but_ones(op.x, op.axis):
        return None
    return along_last(b, op.x, op.axis, lambda x: b.create(op.name, x, axis=-1).result)


@expands("cumsum", below=11)
def cumsum(b: Builder, op: nn.Cumsum) -> Value | None:
    """A product with a triangle of ones."""
    length = op.x.tensor.dims[op.axis]
    if not isinstance(length, int) or not op.x.tensor.expressed.is_float:
        return None
    ones = np.ones((length, length), op.x.tensor.expressed.dtype)
    diagonal = int(op.exclusive)
    triangle = np.tril(ones, -diagonal) if op.reverse else np.triu(ones, diagonal)
    return along_last(b, op.x, op.axis, lambda x: b.nn.affine(x, triangle))


@expands("top_k", below=11)
def smallest(b: Builder, op: nn.TopK) -> Sequence[Value] | None:
    """The smallest are the greatest of the negated."""
    if op.largest:
        return None
    values, indices = b.nn.top_k(b.nn.neg(op.x), k=op.k, axis=op.axis)
    return b.nn.neg(values), indices


@expands("sort", below=11)
def sort(b: Builder, op: nn.Sort) -> Sequence[Value] | None:
    length: Any = op.x.tensor.dims[op.axis]
    if op.descending or not isinstance(length, int):
        return None
    return b.nn.top_k(op.x, k=length, axis=op.axis, largest=False)


expands("argmax", "argmin", below=12)(indexing.last_of_equals)
