"""Rules for reductions, and what is computed over an axis."""

from __future__ import annotations

import math
from typing import Any

from ...ir import Value
from .target import Target, lowers, static


@lowers("sum", "mean", "reduce_prod", "reduce_max", "reduce_min", "reduce_any", "reduce_all")
def reduce(t: Target, op: Any) -> Value:
    """Axes that lie beside each other are reduced at once; the others one after the other, the last ones first."""
    kind = op.name.removeprefix("tfl.").removeprefix("reduce_")
    shape, x = list(static(op.input)), op.input
    runs = runs_of({a % len(shape) for a in t.ints(op.axes, "axes")})
    for first, last in reversed(runs):
        outer, middle, inner = (math.prod(shape[a:b]) for a, b in ((0, first), (first, last), (last, len(shape))))
        shape[first:last] = [1] * (last - first)
        type = op.results[0].type if (first, last) == runs[0] else x.tensor.with_shape(tuple(shape))
        x = t.value("reduce", x, kind=kind, outer=outer, middle=middle, inner=inner, type=type)
    return x if runs else t.value("view", x)


def runs_of(axes: set[int]) -> list[tuple[int, int]]:
    """Axes that lie beside each other, as (first, one behind the last)."""
    runs: list[tuple[int, int]] = []
    for axis in sorted(axes):
        if runs and runs[-1][1] == axis:
            runs[-1] = (runs[-1][0], axis + 1)
        else:
            runs.append((axis, axis + 1))
    return runs


@lowers("softmax")
def softmax(t: Target, op: Any) -> Value:
    return t.value("softmax", op.input, beta=op.beta)


@lowers("log_softmax")
def log_softmax(t: Target, op: Any) -> Value:
    return t.value("log_softmax", op.input)


@lowers("l2_normalization")
def l2_normalization(t: Target, op: Any) -> Value:
    return t.value("l2_normalization", op.input, **t.clamp(op))


@lowers("local_response_normalization")
def local_response_normalization(t: Target, op: Any) -> Value:
    sums = {"radius": op.radius, "bias": op.bias, "alpha": op.alpha, "beta": op.beta}
    return t.value("local_response_normalization", op.input, **sums)
