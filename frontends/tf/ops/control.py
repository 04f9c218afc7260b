"""Branches and loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ....ir import Block, Region, Value, constant_array
from ....ir.types import I1, I64, join_types
from ...loops import build_loop
from ...nodes import expect_rank, refuse
from ...sizes import as_scalar, cast, take
from .lists import NewElement, TensorList
from .loop_form import LoopForm, origin
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp

_ALIKE = "let all branches give the same types"


@lift("If", "StatelessIf")
def if_(b: Lifter, op: TfOp, condition: Value, *inputs: Any) -> Sequence[Any]:
    chosen = _truth(b, op, condition)
    return _branch(b, op, chosen, op.regions[0].block, op.regions[1].block, inputs)


def _branch(b: Lifter, op: TfOp, condition: Value, then: Block, other: Block, inputs: Sequence[Any]) -> list[Any]:
    """One of two regions, which see the inputs themselves; the one that is taken where that is known."""
    known = b.array(condition)
    if known is not None:
        return b.lift_region(then if known.item() else other, inputs, b.block)
    blocks = Block(), Block()
    lifted = [b.lift_region(branch, inputs, block) for branch, block in zip((then, other), blocks, strict=True)]
    return _join(b, op, condition, blocks, lifted)


def _join(b: Lifter, op: TfOp, condition: Value, blocks: Sequence[Block], lifted: Sequence[Sequence[Any]]) -> list[Any]:
    flat: list[list[Value]] = []
    for block, values in zip(blocks, lifted, strict=True):
        with b.inside(block):
            flat.append([_tensor(b, op, value) for value in values])
            b.create("nn.yield", flat[-1])
    for number, (one, two) in enumerate(zip(*flat, strict=True)):
        if join_types(one.type, two.type) is None:
            raise refuse(op, f"has branches whose outputs {number} are {one.type} and {two.type}", _ALIKE)
    made = b.create("nn.if", condition, regions=[Region.of(block) for block in blocks])
    return [_shaped(value, tensor) for value, tensor in zip(lifted[0], made.results, strict=True)]


@lift("Case", "StatelessCase")
def case(b: Lifter, op: TfOp, number: Value, *inputs: Any) -> Sequence[Any]:
    """The branch of a number; the last one for a number that is out of range."""
    place = as_scalar(b, number)
    blocks = [region.block for region in op.regions]
    known = b.ints(place)
    if known is not None:
        return b.lift_region(blocks[known[0] if 0 <= known[0] < len(blocks) else -1], inputs, b.block)
    return _cases(b, op, place, 0, blocks, inputs)


def _cases(b: Lifter, op: TfOp, place: Value, first: int, blocks: Sequence[Block], inputs: Sequence[Any]) -> list[Any]:
    """The branches from the first of these on, as branches in branches."""
    if len(blocks) == 1:
        return b.lift_region(blocks[0], inputs, b.block)
    then, other = Block(), Block()
    condition = b.nn.equal(place, b.constant(first, place.tensor.storage))
    taken = b.lift_region(blocks[0], inputs, then)
    with b.inside(other):
        rest = _cases(b, op, place, first + 1, blocks[1:], inputs)
    return _join(b, op, condition, (then, other), (taken, rest))


def _truth(b: Lifter, op: TfOp, condition: Value) -> Value:
    """A condition as a boolean: a number is true unless it is 0, any other tensor if it has elements."""
    if expect_rank(op, condition, 0) > 0:
        condition = b.nn.reduce_prod(b.nn.shape_of(condition), axes=(0,), keep_dims=False)
    return cast(b, condition, I1)


# Loops


@lift("While", "StatelessWhile")
def while_(b: Lifter, op: TfOp, *inputs: Any) -> Sequence[Any]:
    return _Loop(b, op, LoopForm.of(op), inputs).build()


class _Loop:
    """A loop on its way. Variables that no trip changes are used in the body as they are; the others are carried, but
    for lists of which trip t sets element t (or the only one): these are stacks of what the trips give."""

    def __init__(self, b: Lifter, op: TfOp, form: LoopForm, inputs: Sequence[Any]) -> None:
        self.b, self.op, self.form, self.inputs = b, op, form, inputs
        self.condition, self.body = (region.block for region in op.regions)
        self.trips = self._trips()
        self.scanned = [i for i in form.written if self._is_scanned(i)]
        self.carried = [i for i in range(len(inputs)) if i not in form.kept and i not in self.scanned]

    def build(self) -> list[Any]:
        b = self.b
        first = [_tensor(b, self.op, self.inputs[i]) for i in self.carried]
        going = None if self.trips is not None else self._goes_on(self.inputs)
        loop = build_loop(b, b.diagnostics, self.op, self.trips, going, first, self._trip, _depth(self.op))
        results = list(self.inputs)
        for index, value in zip(self.carried, loop.results, strict=False):
            results[index] = _shaped(self.inputs[index], value)
        for index, stack in zip(self.scanned, loop.results[len(self.carried) :], strict=True):
            results[index] = self._list(index, stack)
        return results

    def _trip(self, args: Sequence[Value]) -> list[Value]:
        """One trip: from trip, condition and carried values to condition, carried and scanned values."""
        b = self.b
        values: list[Any] = list(self.inputs)
        for index in self.scanned:
            values[index] = NewElement()
        for index, arg in zip(self.carried, args[2:], strict=True):
            values[index] = _shaped(self.inputs[index], arg)
        after = b.lift_region(self.body, values, b.block)
        condition = args[1] if self.trips is not None else self._goes_on(after)
        carried = [_tensor(b, self.op, after[i]) for i in self.carried]
        return [condition, *carried, *(after[i].item for i in self.scanned)]

    def _goes_on(self, values: Sequence[Any]) -> Value:
        (condition,) = self.b.lift_region(self.condition, values, self.b.block)
        return _truth(self.b, self.op, condition)

    def _trips(self) -> Value | None:
        """How many trips there are, where the condition is that counters are below limits; None where it is more."""
        if not self.form.bounds:
            return None
        b = self.b
        found: Value | None = None
        for bound in self.form.bounds:
            start = self.inputs[bound.counter]
            limit = self.inputs[bound.limit] if bound.limit is not None else _constant(b, bound.value)
            left = cast(b, as_scalar(b, b.nn.sub(limit, start)), I64)
            found = left if found is None else b.nn.minimum(found, left)
        return b.nn.maximum(found, b.constant(0, I64))

    def _is_scanned(self, index: int) -> bool:
        """Whether trip t sets element t of a new list that is as long as there are trips, or the one that it has."""
        items, place = self.inputs[index], self.form.written[index].operands[1]
        if not isinstance(items, TensorList) or items.stack is not None or self.trips is None:
            return False
        length, trips = self.b.ints(items.length), self.b.ints(self.trips)
        source = origin(place)
        if source is not None and source.defining_op is not None and source.defining_op.name == "tf.Cast":
            source = origin(source.defining_op.operands[0])
        numbers = [i for i, arg in enumerate(self.body.args) if arg is source]
        if numbers and numbers[0] in self.form.counters:
            starts_at_0 = self.b.ints(self.inputs[numbers[0]]) == (0,)
            return starts_at_0 and (items.length is self.trips or (length is not None and length == trips))
        constant = _constant_ints(source)
        return length == (1,) and constant == (0,) and trips is not None and trips[0] > 0

    def _list(self, index: int, stack: Value) -> TensorList:
        """A list from what all trips gave: of a list of one element, the last."""
        items = self.inputs[index]
        if self.b.ints(items.length) == (1,) and self.b.ints(self.trips) != (1,):
            stack = take(self.b, stack, 0, -1, 2**31 - 1)
        return TensorList(items.element, stack)


def _tensor(b: Lifter, op: TfOp, value: Any) -> Value:
    """A value as the tensor that it is made of."""
    if isinstance(value, TensorList):
        return value.filled(b, op)
    if not isinstance(value, Value):
        raise refuse(op, "carries what is no tensor", "export the model again")
    return value


def _shaped(like: Any, tensor: Value) -> Any:
    """A tensor in the place of a value: the inverse of :func:`_tensor`."""
    return attrs.evolve(like, stack=tensor) if isinstance(like, TensorList) else tensor


def _constant(b: Lifter, value: Value | None) -> Value:
    assert value is not None and value.defining_op is not None
    return b.nn.constant(value=value.defining_op.attributes["value"])


def _constant_ints(value: Value | None) -> tuple[int, ...] | None:
    array = constant_array(value)
    return None if array is None else tuple(int(n) for n in np.asarray(array).reshape(-1))


def _depth(op: TfOp) -> int:
    """In how many loops an operation stands."""
    above, depth = op.parent_op, 0
    while above is not None:
        depth += above.name in ("tf.While", "tf.StatelessWhile")
        above = above.parent_op
    return depth
