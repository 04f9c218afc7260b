"""Reductions and what works along an axis."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import OpResult, TensorType, Value
from ...ir.dialects import nn
from .target import Target, lowers

_REDUCTIONS = {
    "reduce_mean": "mean",
    "reduce_sum": "sum",
    "reduce_max": "reduce_max",
    "reduce_min": "reduce_min",
    "reduce_prod": "reduce_prod",
}


@lowers(*_REDUCTIONS)
def reduction(target: Target, op: nn.ReduceOp) -> OpResult:
    axes = sorted(a % op.x.tensor.rank for a in op.axes)
    name = _REDUCTIONS[op.name.partition(".")[2]]
    return target.value(name, op.x, target.ints(axes, "axes"), keep_dims=op.keep_dims)


@lowers("argmax", "argmin")
def arg_extremum(target: Target, op: nn.Argmax | nn.Argmin) -> OpResult:
    axis = op.axis % op.x.tensor.rank
    name = "arg_max" if isinstance(op, nn.Argmax) else "arg_min"
    dim = target.scalar(axis, "axis")
    if not op.keep_dims:
        return target.value(name, op.x, dim)
    full = op.output.tensor
    flat = TensorType((*full.dims[:axis], *full.dims[axis + 1 :]), full.element)
    index = target.value(name, op.x, dim, types=[flat])
    return target.value("reshape", index, target.ints(full.static_shape, "shape"))


def _last_axis(target: Target, value: Value, axis: int, name: str) -> None:
    rank = value.tensor.rank
    if axis % rank != rank - 1:
        raise target.error(f"works along axis {axis}, and TFLite's {name} along the last", "run expand-for-tfl before")


@lowers("softmax", "log_softmax")
def softmax(target: Target, op: nn.Softmax | nn.LogSoftmax) -> OpResult:
    name = op.name.partition(".")[2]
    _last_axis(target, op.x, op.axis, name.upper())
    return target.value(name, op.x)


@lowers("cumsum")
def cumsum(target: Target, op: nn.Cumsum) -> OpResult:
    axis = target.scalar(op.axis % op.x.tensor.rank, "axis")
    return target.value("cumsum", op.x, axis, exclusive=op.exclusive, reverse=op.reverse)


@lowers("lrn")
def lrn(target: Target, op: nn.Lrn) -> OpResult:
    _last_axis(target, op.x, op.axis, "LOCAL_RESPONSE_NORMALIZATION")
    if op.size % 2 == 0:
        raise target.error(f"has {op.size} places, and TFLite's takes odd numbers", "run expand-for-tfl before")
    return target.value(
        "local_response_normalization",
        op.x,
        radius=op.size // 2,
        bias=op.bias,
        alpha=op.alpha / op.size,
        beta=op.beta,
    )


@lowers("top_k")
def top_k(target: Target, op: nn.TopK) -> Sequence[Value]:
    _last_axis(target, op.x, op.axis, "TOPK_V2")
    if not op.largest:
        raise target.error("wants the smallest elements, and TFLite's TOPK_V2 gives the largest", "run expand-for-tfl")
    return target.build("topk_v2", op.x, target.scalar(op.k, "k")).results
