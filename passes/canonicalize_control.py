"""Rules of ``canonicalize`` for branches and loops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Operation, Region, Value
from ..ir.dialects import nn
from ..ir.regions import operands_within
from ..ir.rewrite import OpRewrite, Rewriter, known_array, rewrite
from .control_flow import copied, note_type, trips_in_line

NAME = "canonicalize"
NEVER = 1 << 62
"""Nobody waits for so many trips: exporters write such bounds where there is none."""


@rewrite(NAME)
class IfOfConstant(OpRewrite):
    """if(true) {x} {y}   →   x"""

    def match_and_rewrite(self, op: nn.If, rw: Rewriter) -> bool:
        condition = known_array(op.condition)
        if condition is None:
            return False
        branch = op.then_branch if condition.item() else op.else_branch
        return _replace(rw, op, copied(rw.builder(op), branch.block, ()))


@rewrite(NAME)
class IfGivesWhatIsUsed(OpRewrite):
    """if(c) {x, y, z} {x, v, w} whose last result nobody uses   →   x, if(c) {y} {v}"""

    def match_and_rewrite(self, op: nn.If, rw: Rewriter) -> bool:
        yielded = [branch.block.last_op for branch in op.regions]
        pairs = list(zip(*(y.operands for y in yielded if y is not None), strict=True))
        kept = [i for i, (a, b) in enumerate(pairs) if a is not b and op.results[i].has_uses]
        if len(kept) == len(pairs):
            return False
        for end in yielded:
            assert end is not None
            rw.changed(end)
            end.set_operands([end.operands[i] for i in kept])
        values: list[Value | None] = [a if a is b else None for a, b in pairs]
        made = rw.builder(op).create("nn.if", op.condition, regions=_taken(op)).results if kept else ()
        for i, result in zip(kept, made, strict=True):
            values[i] = result
        return _replace(rw, op, values)


@rewrite(NAME)
class LoopOfFewTrips(OpRewrite):
    """loop(1, x) {body}   →   body(x), and without a trip   →   x"""

    def match_and_rewrite(self, op: nn.Loop, rw: Rewriter) -> bool:
        trips = op.trip_count()
        if trips is None or trips > 1:
            return False
        if trips == 0 and not all(v.tensor.is_static for v in op.yielded_scanned):
            return rw.refuse(op, "the shape of an empty stack is not known")
        return _replace(rw, op, trips_in_line(rw.builder(op), op, trips))


@rewrite(NAME)
class LoopConditionIsTrue(OpRewrite):
    """loop(n, true, x) {c} whose body uses c   →   loop(n, none, x) {c} whose body uses true: it runs only if c is"""

    def match_and_rewrite(self, op: nn.Loop, rw: Rewriter) -> bool:
        block = op.body.block
        first, changed = known_array(op.condition), False
        if first is not None and first.item() and op.condition is not None:
            changed = rw.set_operand(op, 1, None)
        if block.args[1].has_uses:
            assert block.first_op is not None
            true = rw.builder(block.first_op).constant(np.bool_(True), name="true")
            changed = rw.replace_uses(block.args[1], true)
        return changed


@rewrite(NAME)
class LoopWithoutBound(OpRewrite):
    """loop(2^63 - 1, c, x), whose condition ends it   →   loop(none, c, x)"""

    def match_and_rewrite(self, op: nn.Loop, rw: Rewriter) -> bool:
        limit = known_array(op.max_trips)
        if limit is None or limit.item() < NEVER or op.trip_count() is not None:
            return False
        return rw.set_operand(op, 0, None)


@rewrite(NAME)
class LoopCarriesWhatChanges(OpRewrite):
    """A loop that hands a value on as it is   →   the body uses the value from outside"""

    def match_and_rewrite(self, op: nn.Loop, rw: Rewriter) -> bool:
        same = [i for i, (a, y) in enumerate(zip(op.arguments, op.yielded_carried, strict=True)) if a is y]
        if not same:
            return False
        given = {i: op.carried[i] for i in same}
        for i, value in given.items():
            rw.replace_uses(op.arguments[i], value)
        return _without(rw, op, given, set())


@rewrite(NAME)
class LoopComputesWhatIsUsed(OpRewrite):
    """A loop that carries or stacks what nobody needs   →   one that does not"""

    def match_and_rewrite(self, op: nn.Loop, rw: Rewriter) -> bool:
        count = len(op.carried)
        needed = _needed_carried(op)
        unused = {i for i in range(count) if i not in needed}
        dropped = {i for i in range(count, len(op.results)) if not op.results[i].has_uses}
        if not unused and not dropped:
            return False
        given = {i: op.carried[i] for i in unused}  # stands for the results, which nobody uses
        return _without(rw, op, given, dropped)


def _needed_carried(op: nn.Loop) -> set[int]:
    """The carried values that results in use, or the condition, depend on in any trip."""
    numbers = {argument: i for i, argument in enumerate(op.arguments)}
    yielded, count = op.yielded_carried, len(op.carried)
    needed = {i for i in range(count) if op.results[i].has_uses}
    scanned = [v for v, r in zip(op.yielded_scanned, op.results[count:], strict=True) if r.has_uses]
    waiting: list[Value] = [op.yielded_condition, *scanned, *(yielded[i] for i in needed)]
    seen: set[Value] = set()
    while waiting:
        value = waiting.pop()
        if value in seen:
            continue
        seen.add(value)
        number = numbers.get(value)
        maker = value.defining_op
        if number is not None:
            needed.add(number)
            waiting.append(yielded[number])
        elif maker is not None and maker.parent is op.body.block:
            waiting += operands_within(maker)
    return needed


def _without(rw: Rewriter, op: nn.Loop, given: dict[int, Value], dropped: set[int]) -> bool:
    """The loop without some carried values (by number, with what stands for the result) and some stacks."""
    block = op.body.block
    gone = given.keys() | dropped
    end = block.last_op
    assert end is not None
    rw.changed(end)
    end.set_operands([end.operands[0], *(v for i, v in enumerate(end.operands[1:]) if i not in gone)])
    for i in sorted(given, reverse=True):
        argument = block.args[2 + i]
        if argument.has_uses:  # what computes it is not needed either, and goes with this
            argument.replace_all_uses_with(given[i])
        block.erase_argument(2 + i)
    carried = [v for i, v in enumerate(op.carried) if i not in given]
    values: list[Value | None] = [given.get(i) for i in range(len(op.results))]
    kept = [i for i in range(len(op.results)) if i not in gone]
    if kept:
        made = rw.builder(op).create("nn.loop", op.max_trips, op.condition, carried, regions=_taken(op))
        for i, result in zip(kept, made.results, strict=True):
            values[i] = result
    return _replace(rw, op, values)


def _taken(op: Operation) -> list[Region]:
    """The regions of an operation that is about to go, for one that takes its place."""
    regions = list(op.regions)
    op.regions.clear()
    return regions


def _replace(rw: Rewriter, op: Operation, values: Sequence[Value | None]) -> bool:
    """Let users take these values, one a result (None: nobody uses it), and erase the operation. Gives True."""
    for old, new in zip(op.results, values, strict=True):
        if new is not None:
            note_type(old, new)
            rw.replace_uses(old, new)
    return rw.erase(op)
