"""Reductions and what works along an axis."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.types import I64
from .target import Target, lowers

REDUCTIONS = {
    "reduce_mean": "ReduceMean",
    "reduce_sum": "ReduceSum",
    "reduce_max": "ReduceMax",
    "reduce_min": "ReduceMin",
    "reduce_prod": "ReduceProd",
}


@lowers(*REDUCTIONS)
def reduction(t: Target, op: nn.ReduceOp) -> Value:
    if not op.axes:
        return op.x
    name = REDUCTIONS[op.name.partition(".")[2]]
    axes = tuple(sorted(a % op.x.tensor.rank for a in op.axes))
    keep = {} if op.keep_dims else {"keepdims": 0}
    if "axes" in t.schema(name).attributes:
        return t.value(name, op.x, axes=axes, **keep)
    return t.value(name, op.x, t.ints(axes, "axes"), **keep)


@lowers("argmax", "argmin")
def arg_extremum(t: Target, op: nn.Argmax | nn.Argmin) -> Value:
    name = "ArgMax" if isinstance(op, nn.Argmax) else "ArgMin"
    options = {} if op.keep_dims else {"keepdims": 0}
    if op.select_last_index:
        if t.since(name) < 12:
            raise t.error(f"finds the last of equal elements, {name} before opset 12 the first", "choose opset 12")
        options["select_last_index"] = 1
    full = op.output.tensor.with_element(I64)
    index = t.value(name, op.x, types=[full], axis=op.axis % op.x.tensor.rank, **options)
    return t.cast(index, op.index_element)


@lowers("softmax", "log_softmax")
def softmax(t: Target, op: nn.Softmax | nn.LogSoftmax) -> Value:
    name = "Softmax" if isinstance(op, nn.Softmax) else "LogSoftmax"
    axis = op.axis % op.x.tensor.rank
    if t.since(name) < 13 and not is_last_but_ones(op.x, axis):
        raise t.error(
            f"works along axis {axis}, and {name} before opset 13 along all from there on", "run expand-for-onnx before"
        )
    return t.value(name, op.x, axis=axis)


def is_last_but_ones(x: Value, axis: int) -> bool:
    """Whether all dimensions behind an axis have length 1."""
    return all(d == 1 for d in x.tensor.dims[axis % x.tensor.rank + 1 :])


@lowers("cumsum", "cumprod")
def cumulative(t: Target, op: nn.Cumsum | nn.Cumprod) -> Value:
    name = "CumSum" if isinstance(op, nn.Cumsum) else "CumProd"
    return t.value(name, op.x, t.scalar(op.axis % op.x.tensor.rank, "axis"), **flags(op, "exclusive", "reverse"))


def flags(op: nn.NNOp, *names: str) -> dict[str, int]:
    """Those of the attributes that are true, as ONNX writes them."""
    return {name: 1 for name in names if getattr(op, name)}


@lowers("top_k")
def top_k(t: Target, op: nn.TopK) -> Sequence[Value]:
    return top_k_of(t, op.x, t.ints([op.k], "k"), op.k, op.axis, op.largest, op.sorted)


@lowers("sort")
def sort(t: Target, op: nn.Sort) -> Sequence[Value]:
    """All elements, as the k greatest or smallest; of equal ones TopK gives the first first."""
    axis = op.axis % op.x.tensor.rank
    length = op.x.tensor.dims[axis]
    k = t.ints([length], "k") if isinstance(length, int) else t.length(op.x, axis)
    return top_k_of(t, op.x, k, length if isinstance(length, int) else None, axis, op.descending, True)


def top_k_of(
    t: Target, x: Value, k: Value, count: int | None, axis: int, largest: bool, sorted: bool
) -> Sequence[Value]:
    axis %= x.tensor.rank
    values, indices = (r.type for r in t.op.results)
    assert isinstance(indices, TensorType)
    types = [values, indices.with_element(I64)]
    since = t.since("TopK")
    if since < 11 and not largest:
        raise t.error("wants the smallest elements, and TopK before opset 11 gives the greatest", "run expand-for-onnx")
    if since < 10:
        if not count:
            reason = "has a length that is not known" if count is None else "takes no element at all"
            raise t.error(f"{reason}, which TopK can from opset 10 on", "choose opset 10 or higher, or fix the shape")
        found = t.build("TopK", x, types=types, axis=axis, k=count)
    else:
        flags = {name: 0 for name, flag in (("largest", largest), ("sorted", sorted)) if not flag}
        found = t.build("TopK", x, k, types=types, axis=axis, **flags)
    return [found[0], t.cast(found[1], indices.storage)]
