"""Reductions, running sums and products."""

from __future__ import annotations

from ....ir import Value
from .registry import Call, Lifter, lift, refuse
from .shapes import as_float, axes_of, axis_of, product, reshape

_REDUCTIONS = {"Sum": "reduce_sum", "Mean": "reduce_mean", "Prod": "reduce_prod"}
_EXTREMES = {"Max": ("reduce_max", "argmax"), "Min": ("reduce_min", "argmin")}
_RUNNING = {"CumSum": "cumsum", "CumProd": "cumprod"}


@lift(*_REDUCTIONS)
def reduction(b: Lifter, op: Call, x: Value) -> Value:
    axes = axes_of(op, op.axes, x.tensor.rank)
    if not axes:
        return x
    return b.create(f"nn.{_REDUCTIONS[op.function_type.name]}", x, axes=axes, keep_dims=op.keep_dims).result


@lift("ReduceSum")
def reduce_sum(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.reduce_sum(x, axes=tuple(range(x.tensor.rank)), keep_dims=False)


@lift("ReduceMean")
def reduce_mean(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.reduce_mean(x, axes=tuple(range(x.tensor.rank)), keep_dims=False)


@lift(*_EXTREMES)
def extreme(b: Lifter, op: Call, x: Value) -> tuple[Value, ...]:
    """The values, the indices (with only_index), or both (with_index)."""
    reduce, _ = _EXTREMES[op.function_type.name]
    axes = axes_of(op, op.axes, x.tensor.rank)
    if op.only_index:
        return (_index(b, op, x, axes),)
    values = b.create(f"nn.{reduce}", x, axes=axes, keep_dims=op.keep_dims).result if axes else x
    return (values, _index(b, op, x, axes)) if op.with_index else (values,)


def _index(b: Lifter, op: Call, x: Value, axes: tuple[int, ...]) -> Value:
    """Where the extreme stands among the elements of the reduced axes, in row-major order."""
    _, arg = _EXTREMES[op.function_type.name]
    dims = x.tensor.dims
    kept = tuple(i for i in range(len(dims)) if i not in axes)
    moved = x if kept + axes == tuple(range(len(dims))) else b.nn.transpose(x, perm=kept + axes)
    flat = reshape(b, op, moved, (*(dims[i] for i in kept), product(dims[i] for i in axes)))
    index = as_float(b, b.create(f"nn.{arg}", flat, axis=len(kept), keep_dims=False).result)
    shape = tuple(1 if i in axes else d for i, d in enumerate(dims)) if op.keep_dims else tuple(dims[i] for i in kept)
    return reshape(b, op, index, shape)


@lift(*_RUNNING)
def running(b: Lifter, op: Call, x: Value) -> Value:
    if x.tensor.rank == 0:
        raise refuse(op, "needs at least one dimension")
    axis = axis_of(op, op.axis, x.tensor.rank)
    name = f"nn.{_RUNNING[op.function_type.name]}"
    return b.create(name, x, axis=axis, exclusive=op.exclusive, reverse=op.reverse).result
