"""Reductions, running sums, extrema and order."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....ir import Value
from ....ir.types import ELEMENT_TYPES, I1
from ...nodes import axis_of, expect_rank
from .registry import Lifter, lift

_KINDS = {"MEAN": "mean", "SUM": "sum", "REDUCE_MAX": "max", "REDUCE_MIN": "min", "REDUCE_PROD": "prod"}


def _reduced(b: Lifter, op: Any, x: Value, axes: Value, kind: str) -> Value:
    found, made = b.ints(axes), x
    if found is None:
        made = b.nn.dynamic_reduce(x, axes, kind=kind, keep_dims=op.keep_dims)
        return made
    rank = expect_rank(op, x, 0)
    chosen = tuple(sorted({axis_of(op, a, rank) for a in found}))  # kernels take an axis that is named twice once
    if chosen:
        made = getattr(b.nn, f"reduce_{kind}")(x, axes=chosen, keep_dims=op.keep_dims)
    return made


@lift(*_KINDS)
def reduce_(b: Lifter, op: Any, x: Value, axes: Value) -> Value:
    return _reduced(b, op, x, axes, _KINDS[op.builtin])


@lift("REDUCE_ANY", "REDUCE_ALL")
def reduce_logic(b: Lifter, op: Any, x: Value, axes: Value) -> Value:
    kind = "max" if op.builtin == "REDUCE_ANY" else "min"
    numbers = b.nn.cast(x, to=ELEMENT_TYPES["i32"])
    made: Value = b.nn.cast(_reduced(b, op, numbers, axes, kind), to=I1)
    return made


@lift("ARG_MAX", "ARG_MIN")
def arg_extremum(b: Lifter, op: Any, x: Value, dim: Value) -> Value:
    (axis,) = b.known_ints(op, dim, "the axis")
    axis = axis_of(op, axis, expect_rank(op, x, 1))
    search = b.nn.argmax if op.builtin == "ARG_MAX" else b.nn.argmin
    made: Value = search(x, axis=axis, keep_dims=False, index=op.output_type.storage)
    return made


@lift("CUMSUM")
def cumsum(b: Lifter, op: Any, x: Value, axis: Value) -> Value:
    (number,) = b.known_ints(op, axis, "the axis")
    number = axis_of(op, number, expect_rank(op, x, 1))
    made: Value = b.nn.cumsum(x, axis=number, exclusive=op.exclusive, reverse=op.reverse)
    return made


@lift("TOPK_V2")
def topk_v2(b: Lifter, op: Any, x: Value, k: Value) -> Any:
    count = b.ints(k)
    if count is None:
        return b.nn.dynamic_top_k(x, b.nn.reshape(b.nn.cast(k, to=ELEMENT_TYPES["i64"]), shape=(1,)))
    return b.nn.top_k(x, k=count[0])


@lift("UNIQUE")
def unique(b: Lifter, op: Any, x: Value) -> Any:
    values, _, inverse, _ = b.nn.unique(x, sorted=False)
    return values, inverse


def neutral(kind: str, dtype: np.dtype[Any]) -> Any:
    """What a reduction of nothing gives in TFLite."""
    if kind in ("sum", "prod"):
        return 0 if kind == "sum" else 1
    limits: Any = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return limits.min if kind == "max" else limits.max
