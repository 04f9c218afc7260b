"""Rules for what indexes, searches and sorts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...ir import Value
from .target import Target, lowers, static


@lowers("gather")
def gather(t: Target, op: Any) -> Value:
    shape = static(op.params)
    axis, lead = op.axis % len(shape), op.batch_dims
    return t.value(
        "gather",
        op.params,
        op.indices,
        batch=math.prod(shape[:lead]),
        outer=math.prod(shape[lead:axis]),
        size=shape[axis],
        inner=math.prod(shape[axis + 1 :]),
    )


@lowers("embedding_lookup")
def embedding_lookup(t: Target, op: Any) -> Value:
    rows, *rest = static(op.value)
    return t.value("gather", op.value, op.lookup, batch=1, outer=1, size=rows, inner=math.prod(rest))


@lowers("gather_nd")
def gather_nd(t: Target, op: Any) -> Value:
    return t.value("gather_nd", op.params, op.indices, sizes=static(op.params)[: static(op.indices)[-1]])


@lowers("scatter_nd")
def scatter_nd(t: Target, op: Any) -> Value:
    return t.value("scatter_nd", op.indices, op.updates, sizes=static(op.results[0])[: static(op.indices)[-1]])


@lowers("one_hot")
def one_hot(t: Target, op: Any) -> Value:
    shape = static(op.indices)
    axis = op.axis % (len(shape) + 1)
    (depth,) = t.ints(op.depth, "depth")
    on, off = (float(t.known(v, "value").reshape(-1)[0]) for v in (op.on_value, op.off_value))
    outer, inner = math.prod(shape[:axis]), math.prod(shape[axis:])
    return t.value("one_hot", op.indices, outer=outer, depth=depth, inner=inner, on=on, off=off)


def around(shape: Sequence[int], axis: int) -> dict[str, Any]:
    """A shape as (outer, middle, inner) around an axis, as attributes."""
    axis %= len(shape)
    return {"outer": math.prod(shape[:axis]), "middle": shape[axis], "inner": math.prod(shape[axis + 1 :])}


@lowers("arg_max", "arg_min")
def arg_extremum(t: Target, op: Any) -> Value:
    (axis,) = t.ints(op.dim, "axis")
    return t.value("arg_extremum", op.input, kind=op.name[-3:], **around(static(op.input), axis))


@lowers("topk_v2")
def top_k(t: Target, op: Any) -> Sequence[Value]:
    return t.build("top_k", [op.input], [r.type for r in op.results]).results


@lowers("cumsum")
def cumsum(t: Target, op: Any) -> Value:
    (axis,) = t.ints(op.axis, "axis")
    extents = around(static(op.input), axis)
    return t.value("cumsum", op.input, exclusive=op.exclusive, reverse=op.reverse, **extents)


@lowers("reverse_sequence")
def reverse_sequence(t: Target, op: Any) -> Value:
    if (op.batch_dim, op.seq_dim) != (0, 1):
        raise t.error("has its batch and steps at other places than the first two axes", "transpose around it")
    batch, steps, *rest = static(op.input)
    return t.value("reverse_sequence", op.input, op.seq_lengths, batch=batch, steps=steps, inner=math.prod(rest))
