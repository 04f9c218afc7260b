"""Reductions, running sums, softmax and sorting."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...ir import Value
from ...ir.dialects import nn
from .parameters import EXACT
from .ranges import may_be_huge
from .rules_elementwise import truncated
from .rules_movement import END
from .target import Target, lowers

_REDUCTIONS = {
    "reduce_sum": "Sum",
    "reduce_mean": "Mean",
    "reduce_max": "Max",
    "reduce_min": "Min",
    "reduce_prod": "Prod",
}


@lowers(*_REDUCTIONS)
def reduction(t: Target, op: nn.ReduceOp) -> Value:
    if not op.axes:
        return t.value("Identity", op.x)
    axes = tuple(sorted(a % op.x.tensor.rank for a in op.axes))
    name = _REDUCTIONS[op.name.partition(".")[2]]
    if name == "Mean" and not t.element().is_float:
        return truncated(t, t.value(name, op.x, axes=axes, keep_dims=op.keep_dims))
    if name == "Mean" and op.x.tensor.rank == 4 and axes == (2, 3) and op.keep_dims:
        return t.value("GlobalAveragePooling", op.x)
    if name in ("Max", "Min") and _needs_exact(t, op.x, axes):
        return t.reshape(exact_extreme(t, op.x, axes, name == "Min"), op.output.tensor.dims)
    return t.value(name, op.x, axes=axes, keep_dims=op.keep_dims)


def _needs_exact(t: Target, x: Value, axes: Sequence[int]) -> bool:
    """Whether NNabla's Max, which starts at -1e8, or its Min, which starts at 1e8, may miss what is beyond."""
    return t.element().is_float and all(isinstance(x.tensor.dims[a], int) for a in axes) and may_be_huge(x)


def exact_extreme(t: Target, x: Value, axes: Sequence[int], least: bool) -> Value:
    """The maximum or minimum over axes, which stay with length 1: by MaxPooling, which misses nothing."""
    dims = x.tensor.dims
    kept = [i for i in range(len(dims)) if i not in axes]
    count = math.prod(d for a in axes if isinstance(d := dims[a], int))
    lead = tuple(dims[i] for i in kept)
    x = t.like("MulScalar", x, val=-1.0) if least else x
    order = (*kept, *axes)
    if order != tuple(range(len(dims))):
        x = t.value("Transpose", x, dims=tuple(dims[i] for i in order), axes=order)
    window = (1, count)
    rows = t.reshape(x, (*lead, *window))
    y: Value = t.value(
        "MaxPooling", rows, dims=(*lead, 1, 1), kernel=window, stride=window, ignore_border=True, pad=(0, 0)
    )
    y = t.like("MulScalar", y, val=-1.0) if least else y
    return t.reshape(y, tuple(1 if i in axes else d for i, d in enumerate(dims)))


@lowers("argmax", "argmin")
def arg_extreme(t: Target, op: nn.Argmax | nn.Argmin) -> Value:
    """Where numbers may be beyond what Max and Min see, the first place that has the extreme."""
    axes = (op.axis % op.x.tensor.rank,)
    least = isinstance(op, nn.Argmin)
    if _needs_exact(t, op.x, axes):
        hits = t.like("Equal", op.x, exact_extreme(t, op.x, axes, least))
        return t.value("Max", hits, axes=axes, keep_dims=op.keep_dims, only_index=True)
    return t.value("Min" if least else "Max", op.x, axes=axes, keep_dims=op.keep_dims, only_index=True)


@lowers("cumsum", "cumprod")
def running(t: Target, op: nn.Cumsum | nn.Cumprod) -> Value:
    name = "CumSum" if isinstance(op, nn.Cumsum) else "CumProd"
    return t.value(name, op.x, axis=op.axis % op.x.tensor.rank, exclusive=op.exclusive, reverse=op.reverse)


@lowers("softmax", "log_softmax")
def softmax(t: Target, op: nn.Softmax | nn.LogSoftmax) -> Value:
    name = "Softmax" if isinstance(op, nn.Softmax) else "LogSoftmax"
    return t.value(name, op.x, axis=op.axis % op.x.tensor.rank)


STABLE = 16
"""Up to this length NNabla's Sort keeps the order of equal elements: the C++ library sorts so few by insertion."""


@lowers("sort")
def sort(t: Target, op: nn.Sort) -> Sequence[Value]:
    axis = op.axis % op.x.tensor.rank
    if not op.indices.has_uses:
        values = t.value("Sort", op.x, dims=op.values.tensor.dims, axis=axis, reverse=op.descending)
        return (values, values)
    values, indices = t.build("Sort", op.x, axis=axis, reverse=op.descending, with_index=True)
    length = op.x.tensor.dims[axis]
    if isinstance(length, int) and length <= STABLE:
        return values, indices
    if not isinstance(length, int) or length * length > EXACT:
        t.diagnostics.warning(
            f"'nn.sort' along {length} elements: where some are equal, NNabla may give their indices in another order",
            op.location,
        )
        return values, indices
    return values, _in_order(t, values, indices, axis, length)


def _in_order(t: Target, values: Value, indices: Value, axis: int, length: int) -> Value:
    """The indices of equal elements in ascending order.

    Equal elements get one number, counted from 0. That times the length, plus the index, is a key that sorts both.
    """
    dims = values.tensor.dims
    behind = len(dims) - axis
    fewer = (*dims[:axis], length - 1, *dims[axis + 1 :])

    def cut(start: int, stop: int) -> Value:
        rest = dims[axis + 1 :]
        starts, stops = (start, *(0 for _ in rest)), (stop, *(d if isinstance(d, int) else END for d in rest))
        return t.value("Slice", values, dims=fewer, start=starts, stop=stops, step=(1,) * behind)

    differs = t.value("NotEqual", cut(1, length), cut(0, length - 1), dims=fewer)
    width = (1, 0, *(0 for _ in range(2 * (behind - 1))))
    steps = t.value("Pad", differs, dims=dims, pad_width=width, mode="constant")
    number = t.value("CumSum", steps, dims=dims, axis=axis)
    first = t.like("MulScalar", number, val=float(length))
    keys = t.like("Sort", t.like("Add2", first, indices), axis=axis)
    return t.like("Sub2", keys, first)
