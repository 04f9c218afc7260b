"""Reductions, places of extremes, sorting, cumulative sums and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.types import ELEMENT_TYPES, I64, ElementType
from ...nodes import axes_of, axis_of, expect_rank, refuse
from ...sizes import as_scalar, as_vector, cast
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp

_KINDS = {"Sum": "sum", "Mean": "mean", "Prod": "prod", "Max": "max", "Min": "min"}


def _reduce(b: Lifter, op: TfOp, kind: str, x: Value, axes: Value) -> Value:
    keep_dims = bool(op.get("keep_dims"))
    places = b.ints(axes)
    if places is None or x.tensor.shape is None:
        vector = as_vector(b, axes)
        return b.nn.dynamic_reduce(x, vector, kind=kind, keep_dims=keep_dims, empty_is_none=True)
    named = axes_of(op, places, expect_rank(op, x, 0))
    return getattr(b.nn, f"reduce_{kind}")(x, axes=named, keep_dims=keep_dims)


def _reduction(kind: str) -> Callable[..., Value]:
    def lifted(b: Lifter, op: TfOp, x: Value, axes: Value) -> Value:
        return _reduce(b, op, kind, x, axes)

    return lifted


for _name, _kind in _KINDS.items():
    if _name != "Mean":
        lift(_name)(_reduction(_kind))


@lift("Mean")
def mean(b: Lifter, op: TfOp, x: Value, axes: Value) -> Value:
    """Of integers: their sum divided by their number, cut towards zero."""
    if x.tensor.storage.is_float:
        return _reduce(b, op, "mean", x, axes)
    f64 = ELEMENT_TYPES["f64"]
    return b.nn.cast(_reduce(b, op, "mean", b.nn.cast(x, to=f64), axes), to=x.tensor.storage)


@lift("All", "Any")
def logical(b: Lifter, op: TfOp, x: Value, axes: Value) -> Value:
    """The minimum and the maximum of booleans"""
    integers = b.nn.cast(x, to=ELEMENT_TYPES["ui8"])
    return b.nn.cast(_reduce(b, op, "min" if op.op_type == "All" else "max", integers, axes), to=ELEMENT_TYPES["i1"])


@lift("EuclideanNorm")
def euclidean_norm(b: Lifter, op: TfOp, x: Value, axes: Value) -> Value:
    return b.nn.sqrt(_reduce(b, op, "sum", b.nn.square(x), axes))


@lift("ArgMax", "ArgMin")
def place_of(b: Lifter, op: TfOp, x: Value, axis: Value) -> Value:
    places = b.ints(axis)
    if places is None or len(places) != 1:
        raise refuse(op, "looks along an axis that is computed", "make it a constant")
    place = axis_of(op, places[0], expect_rank(op, x, 1))
    index: ElementType = op.get("output_type")
    build = b.nn.argmax if op.op_type == "ArgMax" else b.nn.argmin
    if index.name in ("i32", "i64"):
        return build(x, axis=place, keep_dims=False, index=index)
    return b.nn.cast(build(x, axis=place, keep_dims=False), to=index)


@lift("TopK", "TopKV2")
def top_k(b: Lifter, op: TfOp, x: Value, count: Value | None = None) -> tuple[Value, Value]:
    numbers = (op.get("k"),) if count is None else b.ints(count)
    index: ElementType = op.get("index_type") or ELEMENT_TYPES["i32"]
    options = {"axis": -1, "sorted": bool(op.get("sorted"))}
    if numbers is None:
        assert count is not None
        values, places = b.nn.dynamic_top_k(x, as_vector(b, count), **options)
    else:
        values, places = b.nn.top_k(
            x, k=int(numbers[0]), index=I64 if index == I64 else ELEMENT_TYPES["i32"], **options
        )
    return values, cast(b, places, index)


@lift("NthElement")
def nth_element(b: Lifter, op: TfOp, x: Value, n: Value) -> Value:
    """The n-th smallest element along the last axis, or the n-th greatest"""
    place = as_scalar(b, cast(b, n, I64))
    ordered, _ = b.nn.sort(x, axis=-1, descending=bool(op.get("reverse")))
    return b.nn.gather(ordered, place, axis=expect_rank(op, x, 1) - 1)


@lift("Cumsum", "Cumprod")
def cumulative(b: Lifter, op: TfOp, x: Value, axis: Value) -> Value:
    options = {"exclusive": bool(op.get("exclusive")), "reverse": bool(op.get("reverse"))}
    places = b.ints(axis)
    if places is not None:
        place = axis_of(op, places[0], expect_rank(op, x, 1))
        return (b.nn.cumsum if op.op_type == "Cumsum" else b.nn.cumprod)(x, axis=place, **options)
    if op.op_type == "Cumprod":
        raise refuse(op, "works along an axis that is computed", "make it a constant")
    return b.nn.dynamic_cumsum(x, as_scalar(b, axis), **options)
