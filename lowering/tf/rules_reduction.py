"""Reductions and what works along an axis."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import Value
from ...ir.dialects import nn
from ...ir.types import I1, I32
from .target import EXPAND, Target, lowers

REDUCTIONS = {
    "reduce_mean": "Mean",
    "reduce_sum": "Sum",
    "reduce_max": "Max",
    "reduce_min": "Min",
    "reduce_prod": "Prod",
}
_OF_BOOLEANS = {"Max": "Any", "Min": "All"}


@lowers(*REDUCTIONS)
def reduction(t: Target, op: nn.ReduceOp) -> Value:
    axes = sorted(a % op.x.tensor.rank for a in op.axes)
    return reduced(t, REDUCTIONS[op.name.partition(".")[2]], op.x, t.ints(axes, "axes"), op.keep_dims)


def reduced(t: Target, name: str, x: Value, axes: Value, keep_dims: bool) -> Value:
    """A reduction by the node ``name``, or by the one that does the same of booleans."""
    if x.tensor.expressed == I1:
        name = _OF_BOOLEANS[name]
    return t.value(name, x, axes, keep_dims=keep_dims)


@lowers("argmax", "argmin")
def arg_extremum(t: Target, op: nn.Argmax | nn.Argmin) -> Value:
    axis = op.axis % op.x.tensor.rank
    name = "ArgMax" if isinstance(op, nn.Argmax) else "ArgMin"
    full = op.output.tensor
    dims = (*full.dims[:axis], *full.dims[axis + 1 :]) if op.keep_dims else full.dims
    found = t.value(name, op.x, t.scalar(axis, "axis"), types=[full.with_shape(dims)], output_type=full.storage)
    return t.value("ExpandDims", found, t.scalar(axis, "axis")) if op.keep_dims else found


@lowers("softmax", "log_softmax")
def softmax(t: Target, op: nn.Softmax | nn.LogSoftmax) -> Value:
    if op.axis % op.x.tensor.rank != op.x.tensor.rank - 1:
        raise t.error("works along another axis than the last", EXPAND)
    return t.value("Softmax" if isinstance(op, nn.Softmax) else "LogSoftmax", op.x)


@lowers("cumsum", "cumprod")
def running(t: Target, op: nn.Cumsum | nn.Cumprod) -> Value:
    name = "Cumsum" if isinstance(op, nn.Cumsum) else "Cumprod"
    axis = t.scalar(op.axis % op.x.tensor.rank, "axis")
    return t.value(name, op.x, axis, exclusive=op.exclusive, reverse=op.reverse)


@lowers("top_k")
def top_k(t: Target, op: nn.TopK) -> Sequence[Value]:
    if op.axis % op.x.tensor.rank != op.x.tensor.rank - 1 or not op.largest or op.index != I32:
        raise t.error("wants other than the largest elements along the last axis, with i32 indices", EXPAND)
    return t.build("TopKV2", op.x, t.scalar(op.k, "k"), sorted=op.sorted)
