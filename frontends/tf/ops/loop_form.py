"""What a loop of TensorFlow does with its variables: which stay, which count trips, which lists grow by one a trip.

``While`` carries everything that its body uses, weights too, and asks a function whether it goes on. Most loops are
counted ones; an ``nn.loop`` that says so can be unrolled, and becomes a recurrent layer's loop on the targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from ....ir import Block, Value, constant_array
from ....ir.core import BlockArgument

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp

_SEEN_THROUGH = ("tf.Identity", "tf.StopGradient", "tf.PreventGradient")


def origin(value: Value | None) -> Value | None:
    """The value behind operations that give what they take."""
    while value is not None and value.defining_op is not None and value.defining_op.name in _SEEN_THROUGH:
        value = value.defining_op.operands[0]
    return value


@attrs.frozen
class Bound:
    """The loop goes on while the variable ``counter`` is below the variable ``limit``, or below ``value``."""

    counter: int
    limit: int | None
    value: Value | None
    """A constant of the condition's region."""


@attrs.frozen
class LoopForm:
    """A ``While`` whose operands are its variables, by their numbers."""

    kept: frozenset[int]
    """Variables that no trip changes."""
    counters: frozenset[int]
    """Variables that grow by 1 in each trip."""
    bounds: tuple[Bound, ...] | None
    """What all must hold for another trip; None where the condition is more than that."""
    written: Mapping[int, TfOp]
    """Lists of which each trip sets one element, and that it does not look at: by the operation that does."""

    @classmethod
    def of(cls, op: TfOp) -> LoopForm:
        condition, body = (region.block for region in op.regions)
        yielded = [origin(v) for v in _yielded(body)]
        kept = frozenset(i for i, (v, arg) in enumerate(zip(yielded, body.args, strict=True)) if v is arg)
        counters = frozenset(i for i, arg in enumerate(body.args) if _is_next(yielded[i], arg))
        bounds = _bounds(condition, kept, counters)
        written = {
            i: setter
            for i, arg in enumerate(body.args)
            if (setter := _setter(yielded[i], arg)) is not None and not condition.args[i].has_uses
        }
        return cls(kept, counters, bounds, written)


def _yielded(block: Block) -> Sequence[Value | None]:
    assert block.last_op is not None
    return block.last_op.operands


def _is_next(value: Value | None, argument: Value) -> bool:
    """Whether a value is the argument, plus 1."""
    op = value.defining_op if value is not None else None
    if op is None or op.name not in ("tf.AddV2", "tf.Add"):
        return False
    left, right = (origin(v) for v in op.operands)
    for counted, step in ((left, right), (right, left)):
        number = constant_array(step)
        if counted is argument and number is not None and number.size == 1 and number.item() == 1:
            return number.dtype.kind in "iu"
    return False


def _bounds(condition: Block, kept: frozenset[int], counters: frozenset[int]) -> tuple[Bound, ...] | None:
    pending = [_yielded(condition)[0]]
    found: list[Bound] = []
    while pending:
        value = origin(pending.pop())
        op = value.defining_op if value is not None else None
        if op is not None and op.name == "tf.LogicalAnd":
            pending += op.operands
            continue
        if op is None or op.name != "tf.Less":
            return None
        counter, limit = (origin(v) for v in op.operands)
        if not isinstance(counter, BlockArgument) or counter.index not in counters:
            return None
        if isinstance(limit, BlockArgument) and limit.index in kept:
            found.append(Bound(counter.index, limit.index, None))
        elif constant_array(limit) is not None:
            found.append(Bound(counter.index, None, limit))
        else:
            return None
    return tuple(found)


def _setter(value: Value | None, argument: Value) -> TfOp | None:
    """The operation that sets an element of a list, where that is all that happens to it in a trip."""
    op = value.defining_op if value is not None else None
    if op is None or op.name != "tf.TensorListSetItem" or origin(op.operands[0]) is not argument:
        return None
    users = list(_users(argument))
    return op if users == [op] else None  # type: ignore[return-value]  # the name says the class


def _users(value: Value) -> list[object]:
    """The operations that use a value, seen through those that give what they take."""
    found: list[object] = []
    for use in value.uses:
        found += _users(use.op.results[0]) if use.op.name in _SEEN_THROUGH else [use.op]
    return found
