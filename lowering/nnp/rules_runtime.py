"""Lowerings for nnabla-c-runtime that differ from those for NNabla: it broadcasts where NNabla does not."""

from __future__ import annotations

import numpy as np

from ...ir import Value
from ...ir.dialects import nn
from .runtime import RuntimeTarget, lowers_for_runtime
from .substitutes import choose, equal
from .substitutes_reduction import extreme_value


@lowers_for_runtime("select")
def select(t: RuntimeTarget, op: nn.Select) -> Value:
    dims = op.output.tensor.dims
    rank = max(len(dims), 1)
    chosen = choose(t, dims or (1,), *(t.raised(v, rank) for v in (op.condition, op.on_true, op.on_false)))
    return t.reshape(chosen, dims)


@lowers_for_runtime("one_hot")
def one_hot(t: RuntimeTarget, op: nn.OneHot) -> Value:
    """Whether an index is the number of a place: never, where it is out of range."""
    *lead, depth = op.output.tensor.dims
    places = t.constant(np.arange(op.depth, dtype=np.float32).reshape((1,) * len(lead) + (-1,)), "places")
    return equal(t, (*lead, depth), t.reshape(op.indices, (*lead, 1)), places)


@lowers_for_runtime("reduce_max", "reduce_min")
def largest(t: RuntimeTarget, op: nn.ReduceMax | nn.ReduceMin) -> Value:
    if not op.axes:
        return t.like("Identity", op.x)
    axes = tuple(sorted(a % op.x.tensor.rank for a in op.axes))
    return extreme_value(t, op.output.tensor.dims, op.x, axes, isinstance(op, nn.ReduceMin))


@lowers_for_runtime("argmax", "argmin")
def place_of_largest(t: RuntimeTarget, op: nn.Argmax | nn.Argmin) -> Value:
    axis = op.axis % op.x.tensor.rank
    least = isinstance(op, nn.Argmin)
    return extreme_value(t, op.output.tensor.dims, op.x, (axis,), least, only_index=True)
