"""Branches and loops: subgraphs, which see nothing but what is handed to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Block, BlockArgument, Region, TensorType, Value
from ...ir.dialects import nn
from ...ir.dialects.tfl.control import Yield
from ...ir.module import constant_array, constant_attribute
from ...ir.types import I32
from ..control import COUNTER, FLAG, Subgraphs, lower_if, lower_loop
from .target import Target, lowers

_MOST_SLICED = 5
"""The rank that the kernel of SLICE goes up to."""


@lowers("if")
def if_(target: Target, op: nn.If) -> Sequence[Value]:
    return lower_if(_Subgraphs(target), op)


@lowers("loop")
def loop(target: Target, op: nn.Loop) -> Sequence[Value]:
    return lower_loop(_Subgraphs(target), op)


class _Subgraphs(Subgraphs[Target]):
    """Subgraphs of a TFLite model."""

    def if_(self, condition: Value, inputs: Sequence[Value], regions: Sequence[Region]) -> Sequence[Value]:
        return self.target.build("if", condition, *inputs, regions=regions).results

    def while_(self, first: Sequence[Value], check: Block, body: Block) -> Sequence[Value]:
        types = [a.type for a in body.args]
        return self.target.build("while", *first, types=types, regions=[Region.of(check), Region.of(body)]).results

    def end(self, block: Block, values: Sequence[Value], is_loop: bool = False) -> None:
        _end(self.target, block, values, is_loop)

    def add(self, trip: Value, one: Value) -> Value:
        return self.target.value("add", trip, one, types=[COUNTER])

    def less(self, trip: Value, limit: Value) -> Value:
        return self.target.value("less", trip, limit, types=[FLAG])

    def both(self, one: Value, other: Value) -> Value:
        return self.target.value("logical_and", one, other, types=[FLAG])

    def empty_stacks(self, op: nn.Loop, ends_early: bool) -> Sequence[Value]:
        heights = _heights(self.target, op)
        return [_empty_stack(self.target, value.tensor, heights) for value in op.yielded_scanned]

    def written(self, stack: Value, part: Value, trip: Value, ends_early: bool) -> Value:
        return _written(self.target, stack, part, trip)

    def whole(self, stack: Value, like: Value, trips: Value, ends_early: bool) -> Value:
        return _written_part(self.target, stack, trips) if ends_early else stack


def _end(target: Target, block: Block, values: Sequence[Value], is_loop: bool = False) -> None:
    """Let a block be a subgraph that gives these values, each in memory of its own.

    The runtime copies the outputs of a loop's body to its inputs one after the other: an output may be an input only
    in its own place. Of constants it hands on the tensors themselves, but not views.
    """
    last = block.last_op
    assert last is not None
    inside = Target(target.module, last)
    outputs: list[Value] = []
    taken: set[Value] = set()
    for index, value in enumerate(values):
        source = _in_memory(value)
        in_place = not is_loop or value is block.args[index] or not isinstance(source, BlockArgument)
        is_view = source is not value and constant_attribute(source) is not None
        outputs.append(value if in_place and not is_view and source not in taken else _copied(inside, value))
        taken.add(source)
    block.append(Yield(outputs, location=last.location))
    last.erase()


def _in_memory(value: Value) -> Value:
    """The value whose memory a value may lie in: kernels that only look at it in another shape copy nothing."""
    while (op := value.defining_op) is not None and op.name in ("tfl.reshape", "tfl.expand_dims", "tfl.squeeze"):
        value = op.operands[0]  # type: ignore[assignment]  # it is always there
    return value


def _copied(target: Target, value: Value) -> Value:
    """A copy that is one: a slice of all."""
    rank = value.tensor.rank
    if 1 <= rank <= _MOST_SLICED:
        begin, whole = target.ints([0] * rank, "begin"), target.ints([-1] * rank, "size")
        return target.value("slice", value, begin, whole, types=[value.type])
    dims = [d if isinstance(d, int) else -1 for d in value.tensor.dims]
    if dims.count(-1) > 1:
        raise target.error(f"hands on {value.type}, of which too little is known", "give the shapes of the inputs")
    size = value.tensor.size if value.tensor.is_static else None
    line = target.value("reshape", value, target.ints([-1], "shape"), types=[value.tensor.with_shape((size,))])
    return target.value("reshape", _copied(target, line), target.ints(dims, "shape"), types=[value.type])


# Stacks: a tensor for all trips that there may be, into which each writes its part


def _heights(target: Target, op: nn.Loop) -> Value:
    """How many trips there are at most, as a vector of one i32.

    Raises VerifyError where there is no bound, or what is stacked has no known shape.
    """
    trips, limit = op.trip_count(), constant_array(op.max_trips)
    if trips is None and limit is not None:
        trips = max(int(limit.item()), 0)
    if op.max_trips is None or not all(v.tensor.is_static for v in op.yielded_scanned):
        raise target.error(
            "stacks values whose shape is not known, or without a bound for their number",
            "give 'max_trips'; --input-shape fixes shapes",
        )
    if trips is None:
        number = target.value("cast", op.max_trips, types=[TensorType((), I32)])
        least = target.value("maximum", number, target.scalar(0, "zero"), types=[TensorType((), I32)])
        return target.value("reshape", least, target.ints([1], "shape"), types=[TensorType((1,), I32)])
    size = max(v.tensor.size * v.tensor.storage.dtype.itemsize for v in op.yielded_scanned)
    if trips * size > _LARGEST_STACK:
        raise target.error(
            f"makes up to {trips} trips, and what they stack takes more than {_LARGEST_STACK} bytes",
            "lower the bound 'max_trips'",
        )
    return target.ints([trips], "height")


_LARGEST_STACK = 1 << 28
"""Bytes that a stack may take: exporters write bounds that nobody means."""


def _empty_stack(target: Target, one: TensorType, heights: Value) -> Value:
    known = constant_array(heights)
    trips = None if known is None else int(known[0])
    zero = target.constant(np.zeros((), one.storage.dtype), "zero")
    dims = _with_dims(target, heights, one.static_shape)
    return target.value("fill", dims, zero, types=[one.with_shape((trips, *one.dims))])


def _with_dims(target: Target, first: Value, dims: Sequence[int]) -> Value:
    """A vector of i32 that goes on with known numbers."""
    known = constant_array(first)
    if known is not None:
        return target.ints([*known.tolist(), *dims], "dims")
    if not dims:
        return first
    rest = target.ints(dims, "dims")
    return target.value("concatenation", first, rest, axis=0, types=[TensorType((1 + len(dims),), I32)])


def _vector(target: Target, trip: Value) -> Value:
    """A trip number as a vector of one i32."""
    number = target.value("cast", trip, types=[TensorType((), I32)])
    return target.value("reshape", number, target.ints([1], "shape"), types=[TensorType((1,), I32)])


def _written(target: Target, stack: Value, one: Value, trip: Value) -> Value:
    """The stack with the part of a trip."""
    shape = (1, *one.tensor.static_shape)
    part = target.value("reshape", one, target.ints(shape, "shape"), types=[stack.tensor.with_shape(shape)])
    number = target.value("cast", trip, types=[TensorType((), I32)])
    first_axis = target.ints([1, *[0] * one.tensor.rank], "first_axis")
    place = target.value("mul", number, first_axis, types=[first_axis.type])
    return target.value("dynamic_update_slice", stack, part, place, types=[stack.type])


def _written_part(target: Target, stack: Value, trips: Value) -> Value:
    """The stack up to where the trips that were made wrote."""
    dims = stack.tensor.dims[1:]
    begin = target.ints([0] * stack.tensor.rank, "begin")
    size = _with_dims(target, _vector(target, trips), [d for d in dims if isinstance(d, int)])
    return target.value("slice", stack, begin, size, types=[stack.tensor.with_shape((None, *dims))])
