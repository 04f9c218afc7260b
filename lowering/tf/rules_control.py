"""Branches and loops: functions, which see nothing but what is handed to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Block, Region, TensorType, Type, UnknownType, Value
from ...ir.dialects import nn
from ...ir.dialects.tf import UNRANKED, Yield
from ...ir.types import I32, I64
from ..control import COUNTER, FLAG, Subgraphs, lower_if, lower_loop
from .target import Target, lowers


@lowers("if")
def if_(t: Target, op: nn.If) -> Sequence[Value]:
    return lower_if(_Functions(t), op)


@lowers("loop")
def loop(t: Target, op: nn.Loop) -> Sequence[Value]:
    return lower_loop(_Functions(t), op)


class _Functions(Subgraphs[Target]):
    """Functions of a graph's library. What loops stack are lists of tensors.

    Where the trips are counted, each sets the element of its number; else each adds one at the end.
    """

    def if_(self, condition: Value, inputs: Sequence[Value], regions: Sequence[Region]) -> Sequence[Value]:
        types = [r.type for r in self.target.op.results]
        outs = tuple(r.tensor.storage for r in self.target.op.results)
        shapes = _shapes(types)
        return self.target.build("StatelessIf", condition, *inputs, regions=regions, Tout=outs, output_shapes=shapes)

    def while_(self, first: Sequence[Value], check: Block, body: Block) -> Sequence[Value]:
        types = [a.type for a in body.args]
        regions = [Region.of(check), Region.of(body)]
        return self.target.build("StatelessWhile", *first, types=types, regions=regions, output_shapes=_shapes(types))

    def end(self, block: Block, values: Sequence[Value], is_loop: bool = False) -> None:
        last = block.last_op
        assert last is not None
        block.append(Yield(values, location=last.location))
        last.erase()

    def add(self, trip: Value, one: Value) -> Value:
        return self.target.value("AddV2", trip, one, types=[COUNTER])

    def less(self, trip: Value, limit: Value) -> Value:
        return self.target.value("Less", trip, limit, types=[FLAG])

    def both(self, one: Value, other: Value) -> Value:
        return self.target.value("LogicalAnd", one, other, types=[FLAG])

    def empty_stacks(self, op: nn.Loop, ends_early: bool) -> Sequence[Value]:
        return [self._empty(op, value.tensor, ends_early) for value in op.yielded_scanned]

    def _empty(self, op: nn.Loop, one: TensorType, ends_early: bool) -> Value:
        t, element = self.target, one.storage
        shape = _element_shape(t, one)
        if ends_early or op.max_trips is None:
            most = t.scalar(-1, "any_number")
            return t.value("EmptyTensorList", shape, most, types=[UnknownType()], element_dtype=element)
        trips = op.trip_count()
        length = t.scalar(trips, "trips") if trips is not None else self._as_i32(self._at_least_0(op.max_trips))
        return t.value("TensorListReserve", shape, length, types=[UnknownType()], element_dtype=element)

    def written(self, stack: Value, part: Value, trip: Value, ends_early: bool) -> Value:
        if ends_early:
            return self.target.value("TensorListPushBack", stack, part, types=[stack.type])
        return self.target.value("TensorListSetItem", stack, self._as_i32(trip), part, types=[stack.type])

    def whole(self, stack: Value, like: Value, trips: Value, ends_early: bool) -> Value:
        one = like.tensor.with_shape(None if like.tensor.shape is None else like.tensor.dims[1:])
        shape, element = _element_shape(self.target, one), one.storage
        return self.target.value("TensorListStack", stack, shape, types=[like.type], element_dtype=element)

    def _as_i32(self, number: Value) -> Value:
        return self.target.value("Cast", number, types=[TensorType((), I32)], DstT=I32)

    def _at_least_0(self, number: Value) -> Value:
        zero = self.target.constant(np.array(0, I64.dtype), "zero")
        return self.target.value("Maximum", number, zero, types=[COUNTER])


def _element_shape(t: Target, one: TensorType) -> Value:
    """The dimensions of a list's elements, as the operators on lists take them: -1 for what is not known."""
    if one.shape is None:
        return t.scalar(-1, "any_shape")
    return t.ints([d if isinstance(d, int) else -1 for d in one.shape], "element_shape")


def _shapes(types: Sequence[Type]) -> tuple[tuple[int, ...] | str, ...]:
    """The attribute ``output_shapes``: without it, results are taken to be shaped as the arguments are. Handles of
    lists are scalars.
    """
    return tuple(_shape(type) for type in types)


def _shape(type: Type) -> tuple[int, ...] | str:
    if not isinstance(type, TensorType):
        return ()
    return UNRANKED if type.shape is None else tuple(d if isinstance(d, int) else -1 for d in type.shape)
