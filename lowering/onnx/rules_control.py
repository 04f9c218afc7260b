"""Branches and loops: graphs as attributes of nodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Block, Operation, TensorType, Type, Value
from ...ir.dialects import nn
from ...ir.dialects.onnx import Yield
from ...ir.types import I64
from .target import Target, lowers


@lowers("if")
def if_(t: Target, op: nn.If) -> Sequence[Value]:
    return _with_graphs(t, "If", [op.condition], op)


@lowers("loop")
def loop(t: Target, op: nn.Loop) -> Sequence[Value]:
    carried = list(op.carried)
    spare = not carried and t.since("Loop") < _MAY_CARRY_NOTHING
    if spare:  # the trip number, which nobody looks at
        carried = [t.scalar(0, "zero")]
        end = op.body.block.last_op
        assert end is not None
        argument = op.body.block.add_argument(TensorType((), I64))
        end.set_operands([end.operands[0], argument, *end.operands[1:]])
    condition = op.condition
    if condition is None and not carried:  # a node ends in an operand that is there, and Loop has two at least
        condition = t.constant(np.array(True), "true")
    results = _with_graphs(t, "Loop", [op.max_trips, condition, *carried], op, [c.type for c in carried if spare])
    return results[1:] if spare else results


_MAY_CARRY_NOTHING = 11
"""The opset from which on a Loop need not carry anything."""


def _with_graphs(
    t: Target, name: str, operands: Sequence[Value | None], op: Operation, more: Sequence[Type] = ()
) -> Sequence[Value]:
    """The node with the regions of an operation, whose operations are ONNX's already."""
    regions = list(op.regions)
    op.regions.clear()
    for region in regions:
        _end(t, region.block)
    types = [*more, *(r.type for r in op.results)]
    return t.insert(name, operands, types, {"regions": regions}).results


def _end(t: Target, block: Block) -> None:
    """Let a block end as graphs do: every output is the result of a node in it, and no two are the same."""
    last = block.last_op
    assert last is not None
    inside = Target(t.module, last, t.version)
    outputs: list[Value] = []
    for value in last.operands:
        assert value is not None
        op = value.defining_op
        is_own = op is not None and op.parent is block and value not in outputs
        outputs.append(value if is_own else inside.value("Identity", value, types=[value.type]))
    block.append(Yield(outputs, location=last.location))
    last.erase()
