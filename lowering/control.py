"""Branches and loops for targets whose regions are subgraphs: they see nothing but what is handed to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs
import numpy as np

from ..ir import Block, BlockArgument, Operation, Region, TensorType, Type, Value
from ..ir.dialects import nn
from ..ir.module import constant_array, constant_attribute
from ..ir.regions import captured_values, outer_values, replace_inside
from ..ir.types import I1, I64
from .constants import ConstantMaker

COUNTER, FLAG = TensorType((), I64), TensorType((), I1)
_T = TypeVar("_T", bound=ConstantMaker)


@attrs.frozen
class Subgraphs(ABC, Generic[_T]):
    """How a target writes branches and loops; ``target`` builds before the operation that is being lowered."""

    target: _T

    def before(self, op: Operation) -> Any:
        """The same for building before another operation."""
        return type(self)(type(self.target)(self.target.module, op))

    @abstractmethod
    def if_(self, condition: Value, inputs: Sequence[Value], regions: Sequence[Region]) -> Sequence[Value]:
        """Build the operation that is one of two branches."""

    @abstractmethod
    def while_(self, first: Sequence[Value], check: Block, body: Block) -> Sequence[Value]:
        """Build the operation that repeats ``body`` as long as ``check`` is true, on the same arguments."""

    @abstractmethod
    def end(self, block: Block, values: Sequence[Value], is_loop: bool = False) -> None:
        """Let a block give these values, in the place of its terminator."""

    @abstractmethod
    def add(self, trip: Value, one: Value) -> Value:
        """The sum of two scalars of i64."""

    @abstractmethod
    def less(self, trip: Value, limit: Value) -> Value:
        """Whether a scalar of i64 is below another."""

    @abstractmethod
    def both(self, one: Value, other: Value) -> Value:
        """Whether two scalars of i1 are true."""

    @abstractmethod
    def empty_stacks(self, op: nn.Loop, ends_early: bool) -> Sequence[Value]:
        """For each scanned value, what takes one part in each trip."""

    @abstractmethod
    def written(self, stack: Value, part: Value, trip: Value, ends_early: bool) -> Value:
        """A stack with the part of a trip."""

    @abstractmethod
    def whole(self, stack: Value, like: Value, trips: Value, ends_early: bool) -> Value:
        """The parts of all trips that were made as one tensor, which stands for ``like``."""


def lower_if(s: Subgraphs[_T], op: nn.If) -> Sequence[Value]:
    """A branch. Its regions are lowered already."""
    inputs = _variables(op)
    regions = list(op.regions)
    for branch in regions:
        block = branch.block
        _isolate(block, {v: block.add_argument(v.type, v.name) for v in inputs})
        s.end(block, nn.yielded_values(op, branch))
    op.regions.clear()
    return s.if_(op.condition, inputs, regions)


def lower_loop(s: Subgraphs[_T], op: nn.Loop) -> Sequence[Value]:
    """A loop: a counter, the condition where it is not always true, and stacks are carried beside its own values.

    Its region is lowered already.
    """
    target, limit = s.target, op.max_trips
    ends_early = not op.goes_on() or not _is_true(op.condition)
    empty = s.empty_stacks(op, ends_early) if op.yielded_scanned else ()
    state = _State()
    counter = state.carry(target.constant(np.array(0, np.int64), "trip"), COUNTER, "trip")
    condition = state.carry(op.condition or _true(target), FLAG, "condition") if ends_early else None
    carried = [state.carry(v, a.type, a.name) for v, a in zip(op.carried, op.arguments, strict=True)]
    scanned = op.results[len(carried) :]
    stacks = [state.carry(first, first.type, result.name) for first, result in zip(empty, scanned, strict=True)]
    variables = [v for v in (*_variables(op), limit) if v is not None and constant_attribute(v) is None]
    inputs: dict[Value, Value] = {v: state.carry(v, v.type, v.name) for v in dict.fromkeys(variables)}

    inside = state.take_over(s, op.body.block, [counter, _true(target), *carried], inputs)
    goes_on, *yielded = (v for v in inside.target.op.operands if v is not None)
    one = inside.target.constant(np.array(1, np.int64), "one")
    state.following[counter] = inside.add(counter, one)
    if condition is not None:
        state.following[condition] = goes_on
    state.following.update(zip(carried, yielded, strict=False))
    for stack, value in zip(stacks, yielded[len(carried) :], strict=True):
        state.following[stack] = inside.written(stack, value, counter, ends_early)
    s.end(state.body, [state.following.get(a, a) for a in state.body.args], is_loop=True)

    check = _check(s, state.body, counter, condition, inputs.get(limit, limit) if limit is not None else None)
    made = s.while_(state.first, check, state.body)
    trips = made[counter.index]
    found = [made[a.index] for a in carried]
    return [*found, *(s.whole(made[a.index], r, trips, ends_early) for a, r in zip(stacks, scanned, strict=True))]


@attrs.define
class _State:
    """What a loop hands on: the first values, the body that knows them as arguments, and what follows."""

    first: list[Value] = attrs.Factory(list)
    body: Block = attrs.Factory(Block)
    following: dict[Value, Value] = attrs.Factory(dict)
    """What an argument is in the next trip; what is not in here stays as it is."""

    def carry(self, first: Value, type: Type, name: str | None = None) -> BlockArgument:
        self.first.append(first)
        return self.body.add_argument(type, name)

    def take_over(
        self, s: Subgraphs[_T], block: Block, arguments: Sequence[Value], outer: Mapping[Value, Value]
    ) -> Subgraphs[_T]:
        """Let the body be what a block does, with values in the place of its arguments and of those from outside.

        Gives what builds at the end of the body, before its terminator.
        """
        for old, new in zip(block.args, arguments, strict=True):
            old.replace_all_uses_with(new)
        for op in block:
            op.unlink()
            self.body.append(op)
        _isolate(self.body, outer)
        assert self.body.last_op is not None
        made: Subgraphs[_T] = s.before(self.body.last_op)
        return made


def _check(
    s: Subgraphs[_T], body: Block, counter: BlockArgument, condition: BlockArgument | None, limit: Value | None
) -> Block:
    """The subgraph that says whether there is another trip, on the same arguments as the body."""
    block = Block.of([a.type for a in body.args], [a.name for a in body.args])
    inside = s.before(block.append(nn.Yield([], location=s.target.op.location)))
    wanted: Value | None = None if condition is None else block.args[condition.index]
    if limit is not None:
        bound = block.args[limit.index] if isinstance(limit, BlockArgument) and limit.block is body else limit
        is_below = inside.less(block.args[counter.index], bound)
        wanted = is_below if wanted is None else inside.both(is_below, wanted)
    assert wanted is not None  # a loop without both never ends, which the verifier refuses
    s.end(block, [wanted])
    _isolate(block, {})
    return block


def _variables(op: Operation) -> Sequence[Value]:
    """What the regions use from outside, constants left out: each subgraph has its own."""
    return [v for v in captured_values(op) if constant_attribute(v) is None]


def _isolate(block: Block, inside: Mapping[Value, Value]) -> None:
    """Let a block use these values for those from outside, and constants of its own."""
    for outer, inner in inside.items():
        replace_inside(block, outer, inner)
    for constant in outer_values(block):
        maker = constant.defining_op
        assert maker is not None and block.first_op is not None
        copy = block.insert_before(block.first_op, maker.clone())
        replace_inside(block, constant, copy.results[0])


def _true(target: ConstantMaker) -> Value:
    return target.constant(np.array(True), "true")


def _is_true(value: Value | None) -> bool:
    """Whether a condition is left out, or constant and true."""
    array = constant_array(value)
    return value is None or (array is not None and bool(array.item()))
