"""WHILE loops that count: how often they run, what they stack up trip by trip, and what they only hand on.

    i, x, y, w = WHILE(0, x, y, w):  condition  i < N
                                     body       i + 1, f(x, w), DYNAMIC_UPDATE_SLICE(y, g(x), [i, 0, ...]), w

makes N trips; the counter is the number of the trip, y is what g gives in each of them, and w is always the same.
TensorFlow writes y as the concatenation of what is before i, of g(x), and of what is behind. That much has to be known
to unroll a loop, and to write it with scanned outputs. What is found becomes an attribute of the operation; a stack is
yielded by its body as one trip's part from then on.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from ...ir import Block, Operation, Value, constant_array
from ...ir.dialects.tfl.constant import Cast
from ...ir.dialects.tfl.control import While
from ...ir.dialects.tfl.elementwise import Add, Binary, Mul
from ...ir.dialects.tfl.movement import Concatenation, Pack, Reshape, Slice
from ...ir.dialects.tfl.segments import DynamicUpdateSlice
from ...ir.types import Array

COUNTED = "tfl.counted"
"""Of a loop: what :class:`Counted` says, as a dict."""


@attrs.frozen
class Counted:
    """What is known of a loop that counts: its values by their numbers."""

    trips: int
    counters: dict[int, int]
    """The counters, and what they start with."""
    invariants: tuple[int, ...]
    stacks: tuple[int, ...]


def counted_of(op: Operation) -> Counted | None:
    """What was found of a loop."""
    found = op.attributes.get(COUNTED)
    if found is None:
        return None
    counters = dict(zip(found["counters"], found["starts"], strict=True))
    return Counted(found["trips"], counters, found["invariants"], found["stacks"])


def mark_counted_loops(block: Block) -> int:
    """Note what is found of the loops in a block; how many count."""
    return sum(_mark(op) for op in block if isinstance(op, While))


def _mark(op: While) -> bool:
    body = op.body_subgraph.block
    end = body.last_op
    assert end is not None
    invariants = tuple(i for i, arg in enumerate(body.args) if end.operands[i] is arg)
    limits = _limits(op, invariants)
    starts = {i: _number(op.operands[i]) for i in limits}
    if not limits or None in starts.values() or not all(_counts(body, i) for i in limits):
        return False
    counters = {i: int(start) for i, start in starts.items() if start is not None}
    trips = max(0, min(limits[i] - start for i, start in counters.items()))
    parts = {i: _stacked(op, i, trips, counters) for i in range(len(body.args))}
    stacks = tuple(i for i, part in parts.items() if part is not None)
    for i in stacks:
        end.set_operand(i, parts[i])
    facts = {
        "trips": trips,
        "counters": tuple(counters),
        "starts": tuple(counters.values()),
        "invariants": tuple(i for i in invariants if i not in counters),
        "stacks": stacks,
    }
    op.set_attribute(COUNTED, facts)
    return True


def _limits(op: While, invariants: tuple[int, ...]) -> dict[int, int]:
    """The values that are compared with a number, and that number; empty where the condition says anything else."""
    block = op.cond_subgraph.block
    end = block.last_op
    assert end is not None
    found: dict[int, int] = {}
    for test in _all_of(end.operands[0]):
        if test is None or test.name != "tfl.less":
            return {}
        index = _argument(block, test.operands[0])
        other = _argument(block, test.operands[1])
        limit = _number(op.operands[other] if other in invariants and other is not None else test.operands[1])
        if index is None or limit is None:
            return {}
        found[index] = min(limit, found.get(index, limit))
    return found


def _all_of(value: Value | None) -> Iterator[Operation | None]:
    """The conditions that must all hold."""
    op = value.defining_op if value is not None else None
    if isinstance(op, Binary) and op.name == "tfl.logical_and":
        for operand in op.operands:
            yield from _all_of(operand)
    else:
        yield op


def _argument(block: Block, value: Value | None) -> int | None:
    return next((i for i, arg in enumerate(block.args) if arg is value), None)


def _number(value: Value | None) -> int | None:
    array = constant_array(value)
    return int(array.item()) if array is not None and array.size == 1 and array.dtype.kind in "iu" else None


def _counts(body: Block, index: int) -> bool:
    """Whether a value is one more behind each trip."""
    end = body.last_op
    value = end.operands[index] if end is not None else None
    op = value.defining_op if value is not None else None
    if not isinstance(op, Add) or op.fused_activation_function != "NONE":
        return False
    pairs = ((op.lhs, op.rhs), (op.rhs, op.lhs))
    return any(a is body.args[index] and _number(b) == 1 for a, b in pairs)


def _stacked(op: While, index: int, trips: int, counters: dict[int, int]) -> Value | None:
    """What a trip writes behind the parts of the trips before, if that is all that happens to a value, and all of it is
    written in the end; else None."""
    body = op.body_subgraph.block
    argument, end = body.args[index], body.last_op
    whole = argument.tensor
    value = end.operands[index] if end is not None else None
    write = value.defining_op if value is not None else None
    found = _update(write, argument) or _insertion(write, argument)
    if found is None or not trips or not whole.is_static or not found.part.tensor.is_static:
        return None
    counter = _argument(body, found.place)
    is_whole = whole.static_shape == (trips, *found.part.tensor.static_shape[1:])
    is_one = found.part.tensor.static_shape[0] == 1 and len(argument.uses) == found.uses
    return found.part if is_whole and is_one and counter in counters and counters[counter] == 0 else None


@attrs.frozen
class _Write:
    """A part that is written at a place along the first axis; ``uses`` are those that writing makes of the whole."""

    part: Value
    place: Value | None
    uses: int


def _update(op: Operation | None, whole: Value) -> _Write | None:
    """DYNAMIC_UPDATE_SLICE(whole, part, [place, 0, ...])."""
    if not isinstance(op, DynamicUpdateSlice) or op.input is not whole:
        return None
    return _Write(op.update, _place(op.start_indices, whole.tensor.rank, 0), 1)


def _insertion(op: Operation | None, whole: Value) -> _Write | None:
    """CONCATENATION(SLICE(whole, [0, ...], [place, -1, ...]), part, SLICE(whole, [place + 1, 0, ...], [-1, ...]))."""
    if not isinstance(op, Concatenation) or op.axis != 0 or len(op.values) != 3:
        return None
    before, part, behind = op.values
    first, last = before.defining_op, behind.defining_op
    if not (isinstance(first, Slice) and isinstance(last, Slice)) or {first.input, last.input} != {whole}:
        return None
    rank = whole.tensor.rank
    place, following = _place(first.size, rank, -1), _place(last.begin, rank, 0)
    is_all = _equals(first.begin, np.zeros(1)) and _equals(last.size, np.full(1, -1))
    is_next = following is not None and place is not None and _is_next(following, place)
    return _Write(part, place, 2) if is_all and is_next else None


def _is_next(value: Value, place: Value) -> bool:
    op = value.defining_op
    return isinstance(op, Add) and op.lhs is place and _number(op.rhs) == 1


def _place(vector: Value, rank: int, rest: int) -> Value | None:
    """The number that a vector begins with, all others being ``rest``; None where it is no such vector."""
    op = vector.defining_op
    if isinstance(op, Mul) and rest == 0:
        first = np.eye(1, rank, dtype=np.int64)[0]
        return next((_source(a) for a, b in ((op.lhs, op.rhs), (op.rhs, op.lhs)) if _equals(b, first)), None)
    if isinstance(op, Pack | Concatenation):
        head, *others = op.values
        return _source(head) if all(_equals(v, np.full(1, rest)) for v in others) else None
    return None


def _source(value: Value) -> Value:
    """A number before it is cast and reshaped."""
    op = value.defining_op
    while isinstance(op, Cast | Reshape):
        value = op.input
        op = value.defining_op
    return value


def _equals(value: Value, wanted: Array) -> bool:
    array = constant_array(value)
    return array is not None and bool(np.array_equal(np.unique(array) if wanted.size == 1 else array, wanted))
