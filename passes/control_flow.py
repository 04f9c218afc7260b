"""Taking branches and loops apart: regions in the place of their operations, trips one behind the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Block, Builder, OpResult, Value
from ..ir.dialects import nn
from ..ir.types import merge_types


def trips_in_line(b: Builder, op: nn.Loop, trips: int) -> Sequence[Value]:
    """What a loop gives after that many trips, which are made at the builder's place.

    Raises ValueError where a stack of no trips has a dimension that is not known.
    """
    carried: Sequence[Value] = op.carried
    stacks: list[list[Value]] = [[] for _ in op.yielded_scanned]
    for trip in range(trips):
        inputs = [b.constant(np.int64(trip)), b.constant(np.bool_(True)), *carried]
        _, *yielded = copied(b, op.body.block, inputs)
        carried = yielded[: len(op.arguments)]
        for stack, value in zip(stacks, yielded[len(carried) :], strict=True):
            stack.append(value)
    pairs = zip(stacks, op.yielded_scanned, strict=True)
    return [*carried, *(_stacked(b, stack) if stack else _empty_stack(b, one) for stack, one in pairs)]


def copied(b: Builder, block: Block, inputs: Sequence[Value]) -> Sequence[Value]:
    """What a block yields for these values of its arguments, by copies of its operations at the builder's place."""
    mapping: dict[Value, Value] = dict(zip(block.args, inputs, strict=True))
    last = block.last_op
    for op in block:
        if op is not last:
            b.insert(op.clone(mapping))
    assert last is not None
    return [mapping.get(v, v) for v in last.operands if v is not None]


def note_type(old: OpResult, new: Value) -> None:
    """Keep in a value what was known of the result that it replaces."""
    merged = merge_types(old.type, new.type)
    if merged is not None and isinstance(new, OpResult):
        new.type = merged


def _stacked(b: Builder, values: Sequence[Value]) -> Value:
    parts = [_with_first_axis(b, v) for v in values]
    made: Value = parts[0] if len(parts) == 1 else b.nn.concat(parts, axis=0)
    return made


def _with_first_axis(b: Builder, value: Value) -> Value:
    shape = value.tensor.shape
    dims = None if shape is None else [d if isinstance(d, int) else -1 for d in shape]
    made: Value
    if dims is None or dims.count(-1) > 1 or 0 in dims:  # a 0 would mean the dimension of the operand
        made = b.nn.dynamic_unsqueeze(value, b.constant(np.array([0], np.int64)))
    else:
        made = b.nn.reshape(value, shape=(1, *dims))
    return made


def _empty_stack(b: Builder, one: Value) -> Value:
    type = one.tensor
    return b.constant(np.zeros((0, *type.static_shape), type.storage.dtype))
