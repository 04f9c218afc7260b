"""Reductions that nnabla-c-runtime has not; it has Sum, and pools."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...ir import Value
from ...ir.types import Shape
from .rules_reduction import exact_extreme
from .runtime import RuntimeTarget, stands_for
from .substitutes import equal


@stands_for("Mean")
def mean(t: RuntimeTarget, dims: Shape, x: Value, axes: Sequence[int] = (), keep_dims: bool = False) -> Value:
    count = math.prod(x.tensor.static_shape[a] for a in axes)
    return t.like("MulScalar", t.value("Sum", x, dims=dims, axes=axes, keep_dims=keep_dims), val=1 / count)


@stands_for("GlobalAveragePooling")
def global_average(t: RuntimeTarget, dims: Shape, x: Value) -> Value:
    kernel = x.tensor.static_shape[2:]
    return t.value(
        "AveragePooling",
        x,
        dims=dims,
        kernel=kernel,
        stride=kernel,
        pad=(0,) * len(kernel),
        ignore_border=True,
        including_pad=True,
    )


def extreme_value(
    t: RuntimeTarget, dims: Shape, x: Value, axes: Sequence[int], least: bool, only_index: bool = False
) -> Value:
    """The maximum or minimum, or where it is first: a pool over the axes as one window."""
    if not only_index:
        return t.reshape(exact_extreme(t, x, axes, least), dims)
    (axis,) = axes
    length = x.tensor.static_shape[axis]
    hits = equal(t, x.tensor.dims, x, exact_extreme(t, x, axes, least))
    along = [-1 if i == axis else 1 for i in range(x.tensor.rank)]
    countdown = np.arange(length, 0, -1, dtype=np.float32).reshape(along)
    score = t.like("Mul2", hits, t.constant(countdown, "countdown"))
    best = exact_extreme(t, score, axes, False)
    return t.reshape(t.like("RSubScalar", best, val=float(length)), dims)


@stands_for("Prod")
def product(t: RuntimeTarget, dims: Shape, x: Value, axes: Sequence[int] = (), keep_dims: bool = False) -> Value:
    """The halves of what is left, multiplied, until one is left."""
    shape = x.tensor.static_shape
    kept = [i for i in range(len(shape)) if i not in axes]
    order = (*kept, *axes)
    if order != tuple(range(len(shape))):
        x = t.value("Transpose", x, dims=tuple(shape[i] for i in order), axes=order)
    lead, count = math.prod(shape[i] for i in kept), math.prod(shape[a] for a in axes)
    rows = t.reshape(x, (lead, count))
    while count > 1:
        half = count // 2
        parts = [_columns(t, rows, lead, i * half, half) for i in range(2)]
        rest = [_columns(t, rows, lead, 2 * half, 1)] if count % 2 else []
        rows = t.value("Mul2", *parts, dims=(lead, half))
        count = half + len(rest)
        if rest:
            rows = t.value("Concatenate", rows, *rest, dims=(lead, count), axis=1)
    return t.reshape(rows, dims)


def _columns(t: RuntimeTarget, rows: Value, lead: int, first: int, count: int) -> Value:
    return t.value("Slice", rows, dims=(lead, count), start=(0, first), stop=(lead, first + count), step=(1, 1))
