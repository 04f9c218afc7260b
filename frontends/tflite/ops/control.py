"""Branches and loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....ir import Block, Operation, Region, Value
from ....ir.types import join_types
from ...loops import build_loop
from ...sizes import as_scalar, cast, reshape, sizes_of
from ..loops import Counted, counted_of
from .registry import Lifter, lift, refuse


@lift("IF")
def if_(b: Lifter, op: Any, condition: Value, *inputs: Value) -> Sequence[Value]:
    """Both subgraphs become regions that see the inputs themselves."""
    branches = [op.then_subgraph.block, op.else_subgraph.block]
    condition = as_scalar(b, condition)
    known = b.array(condition)
    if known is not None:
        chosen: list[Value] = b.lift_region(branches[0 if known.item() else 1], inputs, b.block)
        return chosen
    blocks = Block(), Block()
    yielded = [b.lift_region(branch, inputs, block) for branch, block in zip(branches, blocks, strict=True)]
    for number, (one, other) in enumerate(zip(*yielded, strict=True)):
        if join_types(one.type, other.type) is None:
            raise refuse(op, f"has branches whose outputs {number} are {one.type} and {other.type}")
    for block, values in zip(blocks, yielded, strict=True):
        with b.inside(block):
            b.create("nn.yield", values)
    made: Operation = b.create("nn.if", condition, regions=[Region.of(block) for block in blocks])
    return list(made.results)


@lift("WHILE")
def while_(b: Lifter, op: Any, *inputs: Value) -> Sequence[Value]:
    """The condition is computed before the loop, and at the end of each trip for the next."""
    counted = counted_of(op)
    if counted is not None:
        return _counted_loop(b, op, inputs, counted)

    def goes_on(values: Sequence[Value]) -> Value:
        (condition,) = b.lift_region(op.cond_subgraph.block, values, b.block)
        return as_scalar(b, condition)

    def trip(args: Sequence[Value]) -> Sequence[Value]:
        values = b.lift_region(op.body_subgraph.block, args[2:], b.block)
        return [goes_on(values), *values]

    loop = build_loop(b, b.diagnostics, op, None, goes_on(inputs), inputs, trip, _depth(op))
    return list(loop.results)


def _counted_loop(b: Lifter, op: Any, inputs: Sequence[Value], counted: Counted) -> Sequence[Value]:
    """A loop of a known number of trips: it carries neither its counters nor what it only hands on."""
    others = {*counted.counters, *counted.invariants, *counted.stacks}
    carried = [i for i in range(len(inputs)) if i not in others]

    def counter(index: int, trip: Value) -> Value:
        number = cast(b, trip, inputs[index].tensor.storage)
        start = counted.counters[index]
        made: Value = b.nn.add(number, start) if start else number
        return b.nn.reshape(made, shape=inputs[index].tensor.static_shape) if inputs[index].tensor.rank else made

    def body(args: Sequence[Value]) -> Sequence[Value]:
        values = list(inputs)
        for place, index in enumerate(carried):
            values[index] = args[2 + place]
        for index in counted.counters:
            values[index] = counter(index, args[0])
        results = b.lift_region(op.body_subgraph.block, values, b.block)
        parts = [reshape(b, results[i], sizes_of(results[i])[1:]) for i in counted.stacks]
        return [args[1], *(results[i] for i in carried), *parts]

    trips = b.constant(np.int64(counted.trips))
    loop = build_loop(b, b.diagnostics, op, trips, None, [inputs[i] for i in carried], body, _depth(op))
    results = list(inputs)
    for index, value in zip([*carried, *counted.stacks], loop.results, strict=True):
        results[index] = value
    for index, start in counted.counters.items():
        kind = inputs[index].tensor
        results[index] = b.constant(np.full(kind.static_shape, start + counted.trips, kind.storage.dtype), kind.storage)
    return results


def _depth(op: Operation) -> int:
    """In how many loops an operator stands."""
    above, depth = op.parent_op, 0
    while above is not None:
        depth += above.name == "tfl.while"
        above = above.parent_op
    return depth
