"""Reductions along axes, places of extremes, sorting, cumulative sums and products."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from ....ir import Value
from ....ir.types import ELEMENT_TYPES, F64, I64
from ...nodes import axes_of, axis_of, expect_rank, refuse
from ...sizes import as_scalar, as_vector, cast
from .registry import DYNAMIC, Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@attrs.frozen
class _Reduction:
    """A reduction of one node: ``axes`` are an operand where they are not known. ``b`` builds it."""

    b: Lifter
    axes: tuple[int, ...] | Value
    keep_dims: bool
    empty_is_none: bool

    @classmethod
    def of(cls, b: Lifter, op: OnnxOp, x: Value, operand: Value | None) -> _Reduction:
        keep_dims, is_noop = bool(op.get("keepdims")), bool(op.get("noop_with_empty_axes"))
        axes = b.ints(op, "axes", operand)
        if axes is DYNAMIC:
            assert operand is not None
            return cls(b, as_vector(b, operand), keep_dims, is_noop)
        rank = expect_rank(op, x, 0)
        named = axes_of(op, axes, rank) if axes else ()
        return cls(b, named if named or is_noop else tuple(range(rank)), keep_dims, True)

    def apply(self, kind: str, x: Value) -> Value:
        nn = self.b.nn
        if isinstance(self.axes, Value):
            return nn.dynamic_reduce(
                x, self.axes, kind=kind, keep_dims=self.keep_dims, empty_is_none=self.empty_is_none
            )
        return getattr(nn, f"reduce_{kind}")(x, axes=self.axes, keep_dims=self.keep_dims)


Compute = Callable[[_Reduction, Value], Value]


def _reduces(name: str) -> Callable[[Compute], Compute]:
    """Register the lift of a reduction operator, given what it does."""

    def register(compute: Compute) -> Compute:
        @lift(name)
        def reduction(b: Lifter, op: OnnxOp, x: Value, axes: Value | None = None) -> Value:
            return compute(_Reduction.of(b, op, x, axes), x)

        return compute

    return register


for _name, _kind in {"ReduceSum": "sum", "ReduceProd": "prod"}.items():
    _reduces(_name)(functools.partial(lambda kind, r, x: r.apply(kind, x), _kind))


def _extreme(kind: str, r: _Reduction, x: Value) -> Value:
    """Of booleans (from version 20 on), false is less than true."""
    if not x.tensor.expressed.is_bool:
        return r.apply(kind, x)
    return r.b.nn.cast(r.apply(kind, r.b.nn.cast(x, to=ELEMENT_TYPES["ui8"])), to=x.tensor.expressed)


for _name, _kind in {"ReduceMax": "max", "ReduceMin": "min"}.items():
    _reduces(_name)(functools.partial(_extreme, _kind))


def _in_floats(compute: Compute) -> Compute:
    """What takes roots, means or logarithms does that of integers in double precision, and cuts the result."""

    def wrapped(r: _Reduction, x: Value) -> Value:
        if x.tensor.expressed.is_float:
            return compute(r, x)
        return cast(r.b, compute(r, r.b.nn.cast(x, to=F64)), x.tensor.expressed)

    return wrapped


@_reduces("ReduceMean")
@_in_floats
def _mean(r: _Reduction, x: Value) -> Value:
    return r.apply("mean", x)


@_reduces("ReduceL1")
def _l1(r: _Reduction, x: Value) -> Value:
    return r.apply("sum", r.b.nn.abs(x))


@_reduces("ReduceSumSquare")
def _sum_of_squares(r: _Reduction, x: Value) -> Value:
    return r.apply("sum", r.b.nn.square(x))


@_reduces("ReduceL2")
@_in_floats
def _l2(r: _Reduction, x: Value) -> Value:
    return r.b.nn.sqrt(_sum_of_squares(r, x))


@_reduces("ReduceLogSum")
@_in_floats
def _log_sum(r: _Reduction, x: Value) -> Value:
    return r.b.nn.log(r.apply("sum", x))


@_reduces("ReduceLogSumExp")
@_in_floats
def _log_sum_exp(r: _Reduction, x: Value) -> Value:
    """With the maximum taken out, so that nothing overflows; it counts as 0 where it is infinite or of no elements."""
    nn = r.b.nn
    largest = r.apply("max", x)
    kept = attrs.evolve(r, keep_dims=True).apply("max", x)
    zero = r.b.constant(0.0, x.tensor.expressed)
    finite = nn.select(nn.is_inf(kept), zero, kept)
    total = nn.log(r.apply("sum", nn.exp(nn.sub(x, finite))))
    return nn.add(total, nn.select(nn.is_inf(largest), zero, largest))


def _place_of(name: str) -> Callable[..., Value]:
    def lifted(b: Lifter, op: OnnxOp, x: Value) -> Value:
        return getattr(b.nn, name)(
            x,
            axis=axis_of(op, op.get("axis"), expect_rank(op, x, 1)),
            keep_dims=bool(op.get("keepdims")),
            select_last_index=bool(op.get("select_last_index")),
        )

    return lifted


lift("ArgMax")(_place_of("argmax"))
lift("ArgMin")(_place_of("argmin"))


@lift("TopK")
def top_k(b: Lifter, op: OnnxOp, x: Value, k: Value | None = None) -> tuple[Value, Value]:
    axis = axis_of(op, op.get("axis"), expect_rank(op, x, 1))
    options = {"axis": axis, "largest": op.get("largest") != 0, "sorted": op.get("sorted") != 0}
    count = b.ints(op, "k", k)
    if k is not None and count is DYNAMIC:
        return b.nn.dynamic_top_k(x, as_vector(b, k), **options)
    if not isinstance(count, tuple) or not count:
        raise refuse(op, "has no k")
    return b.nn.top_k(x, k=count[0], index=I64, **options)


@lift("CumSum")
def cumsum(b: Lifter, op: OnnxOp, x: Value, axis: Value) -> Value:
    options = {"exclusive": bool(op.get("exclusive")), "reverse": bool(op.get("reverse"))}
    place = b.array(axis)
    if place is None:
        return b.nn.dynamic_cumsum(x, as_scalar(b, axis), **options)
    return b.nn.cumsum(x, axis=int(place.reshape(())), **options)


@lift("CumProd")
def cumprod(b: Lifter, op: OnnxOp, x: Value, axis: Value) -> Value:
    options = {"exclusive": bool(op.get("exclusive")), "reverse": bool(op.get("reverse"))}
    return along_axis(b, op, axis, expect_rank(op, x, 1), lambda place: b.nn.cumprod(x, axis=place, **options))


def along_axis(
    b: Lifter, op: OnnxOp, axis: Value, rank: int, build: Callable[[int], Value], skip: int | None = None
) -> Value:
    """What ``build`` makes for an axis. One that is computed chooses among those of all axes (but ``skip``)."""
    place = b.array(axis)
    if place is not None:
        return build(axis_of(op, int(place.reshape(())), rank))
    chosen = b.nn.mod(as_scalar(b, axis), rank)
    first, *others = (i for i in range(rank) if i != skip)
    found = build(first)
    for other in others:
        found = b.nn.select(b.nn.equal(chosen, other), build(other), found)
    return found
