"""Lifts of control flow: If, Loop, Scan and SequenceMap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ....ir import Block, Operation, Region, TensorType, Value
from ....ir.diagnostics import Severity
from ....ir.dialects.nn.contents import known_elements
from ....ir.types import join_types
from ... import loops
from ...lifting import Reported
from ...loops import Body
from ...nodes import FIT, refuse
from .registry import Absent, Lifted, Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

LOOPS = ("onnx.Loop", "onnx.Scan")
_MOST_TRIPS = 1024
"""Loops that carry sequences whose lengths change are unrolled up to this many trips."""


@lift("If")
def if_(b: Lifter, op: OnnxOp, condition: Value) -> Sequence[Lifted]:
    branches = [graph_of(op, "then_branch"), graph_of(op, "else_branch")]
    condition = scalar(b, condition)
    known = b.array(condition)
    if known is not None:
        return b.lift_region(branches[0 if known.item() else 1], (), b.block)
    blocks = Block(), Block()
    lifted = [_lift_branch(b, branch, block) for branch, block in zip(branches, blocks, strict=True)]
    yielded = [values for values in lifted if values is not None]
    if len(yielded) < 2:
        return _only_branch(b, op, blocks[lifted[0] is None], yielded)
    for i, (a, c) in enumerate(zip(*yielded, strict=True)):
        if not _alike(a, c):
            raise refuse(op, f"has branches whose outputs {i} differ in type, or in the length of a sequence", ALIKE)
    for block, values in zip(blocks, yielded, strict=True):
        with b.inside(block):
            b.create("nn.yield", _flat(values))
    made = b.create("nn.if", condition, regions=[Region.of(block) for block in blocks])
    return _shaped(yielded[0], made.results)


def _lift_branch(b: Lifter, branch: Block, block: Block) -> list[Lifted] | None:
    """What a branch yields; None where its nodes contradict each other, or the shapes of what they take.

    What it lacks is then a warning. Raises Reported where the branch cannot be lifted for any other reason.
    """
    items = b.diagnostics.items
    before = len(items)
    try:
        return b.lift_region(branch, (), block)
    except Reported:
        new = items[before:]
        if any(d.severity is Severity.ERROR and d.remedy != FIT for d in new):
            raise
        items[before:] = [attrs.evolve(d, severity=Severity.WARNING) for d in new]
        for each in block:
            each.drop_references()
        return None


def _only_branch(b: Lifter, op: OnnxOp, block: Block, yielded: list[list[Lifted]]) -> Sequence[Lifted]:
    """The one branch that can run, in the place of the operation: where the model takes the other, it fails.

    As where a model holds a network for each of two sampling rates, and the shape of the input is that of one.
    """
    if not yielded:
        raise refuse(op, "has two branches that do not fit the shapes of what they use")
    b.warn(op, "always takes the one branch that fits the shapes of its inputs", "give it shapes that both can take")
    for made in list(block):
        made.unlink()
        b.insert(made)
    return yielded[0]


ALIKE = "let both branches give the same type, and sequences of one length"


@lift("Loop")
def loop(
    b: Lifter, op: OnnxOp, max_trips: Value | None = None, condition: Value | None = None, *carried: Lifted
) -> Sequence[Lifted]:
    body = graph_of(op, "body")
    limit = None if max_trips is None else scalar(b, max_trips)
    going = None if condition is None else scalar(b, condition)

    def trip(args: Sequence[Value]) -> Sequence[Value]:
        first = [_as_declared(b, value, arg) for value, arg in zip(args[:2], body.args[:2], strict=True)]
        given = _shaped(list(carried), args[2:])
        results = b.lift_region(body, [*first, *given], b.block)
        if not all(map(_alike_in_form, results[1 : 1 + len(given)], given)):
            raise refuse(op, "carries a sequence whose length changes, or an optional that comes and goes", UNROLLABLE)
        return [scalar(b, results[0]), *_flat(results[1:])]

    if any(not isinstance(v, Value) for v in carried) and _is_bounded(b, limit, going):
        return _unrolled(b, op, body, limit, going, carried)
    tensors = _flat(carried)
    made = build_loop(b, op, limit, going, tensors, trip)
    return [*_shaped(list(carried), made.results[: len(tensors)]), *made.results[len(tensors) :]]


UNROLLABLE = "let the number of trips and the conditions be constants: then the loop is unrolled"


def build_loop(
    b: Lifter, op: OnnxOp, limit: Value | None, going: Value | None, carried: Sequence[Value], body: Body
) -> Operation:
    """An ``nn.loop`` for a node; see :mod:`nncc.frontends.loops`."""
    return loops.build_loop(b, b.diagnostics, op, limit, going, carried, body, loop_depth(op))


def loop_depth(op: Operation) -> int:
    """In how many loops an operation stands."""
    depth, above = 0, op.parent_op
    while above is not None:
        depth += above.name in LOOPS
        above = above.parent_op
    return depth


def _unrolled(
    b: Lifter,
    op: OnnxOp,
    body: Block,
    max_trips: Value | None,
    condition: Value | None,
    carried: Sequence[Lifted],
) -> Sequence[Lifted]:
    """The trips of a loop one behind the other, where constants tell how many they are."""
    limit = _MOST_TRIPS + 1 if max_trips is None else _known(b, op, max_trips)
    going = True if condition is None else bool(_known(b, op, condition))
    scanned: list[list[Value]] = [[] for _ in range(len(yielded_by(body)) - 1 - len(carried))]
    trip, values = 0, list(carried)
    while going and trip < limit:
        if trip == _MOST_TRIPS:
            raise refuse(op, f"carries sequences over more than {_MOST_TRIPS} trips", "make fewer trips")
        counter, is_going = b.constant(np.int64(trip)), b.constant(np.bool_(True))
        first = [_as_declared(b, v, arg) for v, arg in zip((counter, is_going), body.args[:2], strict=True)]
        results = b.lift_region(body, [*first, *values], b.block)
        going = bool(_known(b, op, results[0]))
        values = results[1 : 1 + len(carried)]
        for stack, value in zip(scanned, results[1 + len(carried) :], strict=True):
            stack.append(value)
        trip += 1
    return [*values, *(_stack(b, op, stack) for stack in scanned)]


def _stack(b: Lifter, op: OnnxOp, values: Sequence[Value]) -> Value:
    if not values:
        raise refuse(op, "makes no trip, so that the shape of its scan outputs is not known", "take the loop out")
    first = b.constant(np.array([0], np.int64))
    stacked: Value = b.nn.concat([b.nn.dynamic_unsqueeze(v, first) for v in values], axis=0)
    return stacked


def _known(b: Lifter, op: OnnxOp, value: Value) -> Any:
    """The number that a scalar is. Raises CompileError where it is no constant."""
    array = b.array(value)
    if array is None:
        raise refuse(op, "carries a sequence, and depends on data in how often it runs", UNROLLABLE)
    return array.item()


def _is_bounded(b: Lifter, limit: Value | None, going: Value | None) -> bool:
    """Whether constants say how many trips there are at most, and whether there is a first one."""
    return b.array(limit) is not None and (going is None or b.array(going) is not None)


# Sequences and optionals: lists and Absent among values


def _flat(values: Sequence[Lifted]) -> list[Value]:
    """The tensors in lifted values, in order."""
    found: list[Value] = []
    for value in values:
        if isinstance(value, list):
            found += _flat(value)
        elif not isinstance(value, Absent):
            found.append(value)
    return found


def _shaped(like: Sequence[Lifted], tensors: Sequence[Value]) -> list[Any]:
    """Tensors in the places of those in other lifted values: the inverse of :func:`_flat`."""
    waiting = iter(tensors)

    def place(value: Lifted) -> Any:
        if isinstance(value, list):
            return [place(v) for v in value]
        return value if isinstance(value, Absent) else next(waiting)

    return [place(value) for value in like]


def _alike(a: Lifted, b: Lifted) -> bool:
    """Whether two lifted values can be what one value of ONNX may be."""
    if isinstance(a, Value) and isinstance(b, Value):
        return join_types(a.type, b.type) is not None
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_alike, a, b))
    return isinstance(a, Absent) and isinstance(b, Absent)


def _alike_in_form(a: Lifted, b: Lifted) -> bool:
    """:func:`_alike` for tensors of any types."""
    return (isinstance(a, Value) and isinstance(b, Value)) or _alike(a, b)


# Small things


def graph_of(op: OnnxOp, name: str) -> Block:
    """The block of a graph. Raises CompileError where the node has none."""
    region = op.graph(name)
    if region is None:
        raise refuse(op, f"has no graph '{name}'", "save the model again")
    return region.block


def yielded_by(block: Block) -> Sequence[Value | None]:
    assert block.last_op is not None
    return block.last_op.operands


def scalar(b: Lifter, value: Value) -> Value:
    """A tensor of one element without dimensions; a constant if it follows from dimensions that are known."""
    elements = known_elements(value)
    if elements is not None and elements.size == 1 and isinstance(elements.item(), bool | int):
        return b.constant(np.asarray(elements.item(), value.tensor.storage.dtype))
    if value.tensor.shape == ():
        return value
    reshaped: Value = b.nn.reshape(value, shape=())
    return reshaped


def _as_declared(b: Lifter, value: Value, argument: Value) -> Value:
    """A scalar as the argument of a body takes it: models declare vectors of one element, too."""
    declared = argument.type
    if isinstance(declared, TensorType) and declared.shape is not None and len(declared.shape) == 1:
        reshaped: Value = b.nn.reshape(value, shape=(1,))
        return reshaped
    return value
