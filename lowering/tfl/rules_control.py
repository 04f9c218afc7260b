"""Branches and loops: subgraphs, which see nothing but what is handed to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from ...ir import Block, BlockArgument, Operation, OpResult, Region, TensorType, Type, Value
from ...ir.dialects import nn
from ...ir.dialects.tfl.control import Yield
from ...ir.module import constant_array, constant_attribute
from ...ir.regions import captured_values, outer_values, replace_inside
from ...ir.types import I1, I32, I64
from .target import Target, lowers

_MOST_SLICED = 5
"""The rank that the kernel of SLICE goes up to."""
_COUNTER, _FLAG = TensorType((), I64), TensorType((), I1)


@lowers("if")
def if_(target: Target, op: nn.If) -> Sequence[OpResult]:
    inputs = _variables(op)
    regions = list(op.regions)
    for branch in regions:
        block = branch.block
        _isolate(block, {v: block.add_argument(v.type, v.name) for v in inputs})
        _end(target, block, nn.yielded_values(op, branch))
    op.regions.clear()
    return target.build("if", op.condition, *inputs, regions=regions).results


@lowers("loop")
def loop(target: Target, op: nn.Loop) -> Sequence[Value]:
    limit, heights = op.max_trips, _heights(target, op)
    state = _State()
    counter = state.carry(target.constant(np.array(0, np.int64), "trip"), _COUNTER, "trip")
    condition = None
    if not op.goes_on() or not _is_true(op.condition):
        condition = state.carry(op.condition or _true(target), _FLAG, "condition")
    carried = [state.carry(v, a.type, a.name) for v, a in zip(op.carried, op.arguments, strict=True)]
    stacks = []
    for value, result in zip(op.yielded_scanned, op.results[len(carried) :], strict=True):
        empty = _empty_stack(target, value.tensor, heights)
        stacks.append(state.carry(empty, empty.type, result.name))
    variables = [v for v in (*_variables(op), limit) if v is not None and constant_attribute(v) is None]
    inputs: dict[Value, Value] = {v: state.carry(v, v.type, v.name) for v in dict.fromkeys(variables)}

    inside = state.take_over(target, op.body.block, [counter, _true(target), *carried], inputs)
    goes_on, *yielded = (v for v in inside.op.operands if v is not None)
    one = inside.constant(np.array(1, np.int64), "one")
    state.following[counter] = inside.value("add", counter, one, types=[_COUNTER])
    if condition is not None:
        state.following[condition] = goes_on
    state.following.update(zip(carried, yielded, strict=False))
    for stack, value in zip(stacks, yielded[len(carried) :], strict=True):
        state.following[stack] = _written(inside, stack, value, counter)
    _end(target, state.body, [state.following.get(a, a) for a in state.body.args], is_loop=True)

    check = _check(target, state.body, counter, condition, inputs.get(limit, limit) if limit is not None else None)
    types = [a.type for a in state.body.args]
    made = target.build("while", *state.first, types=types, regions=[Region.of(check), Region.of(state.body)])
    found: list[Value] = [made.results[a.index] for a in carried]
    for stack in stacks:
        whole, made_trips = made.results[stack.index], made.results[counter.index]
        found.append(whole if condition is None else _written_part(target, whole, made_trips))
    return found


@attrs.define
class _State:
    """What a while operation hands on: the first values, the body that knows them as arguments, and what follows."""

    first: list[Value] = attrs.Factory(list)
    body: Block = attrs.Factory(Block)
    following: dict[Value, Value] = attrs.Factory(dict)
    """What an argument is in the next trip; what is not in here stays as it is."""

    def carry(self, first: Value, type: Type, name: str | None = None) -> BlockArgument:
        self.first.append(first)
        return self.body.add_argument(type, name)

    def take_over(
        self, target: Target, block: Block, arguments: Sequence[Value], outer: Mapping[Value, Value]
    ) -> Target:
        """Let the body be what a block does, with values in the place of its arguments and of those from outside.

        Gives the target to build at the end of the body, before its terminator.
        """
        for old, new in zip(block.args, arguments, strict=True):
            old.replace_all_uses_with(new)
        for op in block:
            op.unlink()
            self.body.append(op)
        _isolate(self.body, outer)
        assert self.body.last_op is not None
        return Target(target.module, self.body.last_op)


def _check(
    target: Target, body: Block, counter: BlockArgument, condition: BlockArgument | None, limit: Value | None
) -> Block:
    """The subgraph that says whether there is another trip, on the same arguments as the body."""
    block = Block.of([a.type for a in body.args], [a.name for a in body.args])
    end = block.append(Yield([], location=target.op.location))
    inside = Target(target.module, end)
    wanted: Value | None = None if condition is None else block.args[condition.index]
    if limit is not None:
        bound = block.args[limit.index] if isinstance(limit, BlockArgument) and limit.block is body else limit
        is_below = inside.value("less", block.args[counter.index], bound, types=[_FLAG])
        wanted = is_below if wanted is None else inside.value("logical_and", is_below, wanted, types=[_FLAG])
    assert wanted is not None  # a loop without both never ends, which the verifier refuses
    end.set_operands([wanted])
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


def _true(target: Target) -> Value:
    return target.constant(np.array(True), "true")


def _is_true(value: Value | None) -> bool:
    """Whether a condition is left out, or constant and true."""
    array = constant_array(value)
    return value is None or (array is not None and bool(array.item()))


# Stacks: a tensor for all trips that there may be, into which each writes its part


def _heights(target: Target, op: nn.Loop) -> Value | None:
    """How many trips there are at most, as a vector of one i32; None where nothing is stacked.

    Raises VerifyError where there is no bound, or what is stacked has no known shape.
    """
    if not op.yielded_scanned:
        return None
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


def _empty_stack(target: Target, one: TensorType, heights: Value | None) -> Value:
    assert heights is not None
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
