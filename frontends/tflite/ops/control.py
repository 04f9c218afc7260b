"""Branches and loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....ir import Block, Operation, Region, Value
from ....ir.types import join_types
from ...loops import build_loop
from ...sizes import as_scalar
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

    def goes_on(values: Sequence[Value]) -> Value:
        (condition,) = b.lift_region(op.cond_subgraph.block, values, b.block)
        return as_scalar(b, condition)

    def trip(args: Sequence[Value]) -> Sequence[Value]:
        values = b.lift_region(op.body_subgraph.block, args[2:], b.block)
        return [goes_on(values), *values]

    loop = build_loop(b, b.diagnostics, op, None, goes_on(inputs), inputs, trip, _depth(op))
    return list(loop.results)


def _depth(op: Operation) -> int:
    """In how many loops an operator stands."""
    above, depth = op.parent_op, 0
    while above is not None:
        depth += above.name == "tfl.while"
        above = above.parent_op
    return depth
