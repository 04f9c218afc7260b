"""What moves elements as they are: shapes, joins, cuts, pads, repetition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....ir import Value
from ....ir.types import I64
from ...nodes import axes_of, axis_of, expect_rank, numbers
from ...sizes import as_vector, squeeze, unsqueeze
from .lifter import activated
from .registry import Lifter, lift, refuse


@lift("RESHAPE")
def reshape_(b: Lifter, op: Any, x: Value, shape: Value) -> Value:
    wanted = b.ints(shape)
    if wanted is None:
        made: Value = b.nn.dynamic_reshape(x, as_vector(b, shape), allow_zero=True)
        return made
    declared = op.results[0].tensor
    if not wanted and shape.tensor.rank == 1 and declared.is_static and declared.rank:
        wanted = declared.static_shape  # old files leave the shape out where the result says it
    if 0 in wanted:
        made = b.nn.dynamic_reshape(x, b.constant(np.array(wanted, np.int64)), allow_zero=True)
        return made
    made = b.nn.reshape(x, shape=wanted)
    return made


@lift("TRANSPOSE")
def transpose(b: Lifter, op: Any, x: Value, perm: Value) -> Value:
    rank = expect_rank(op, x, 0)
    order = [axis_of(op, p, rank) for p in b.known_ints(op, perm, "the order of the axes")]
    return b.transpose(x, order)


@lift("SQUEEZE")
def squeeze_(b: Lifter, op: Any, x: Value) -> Value:
    rank = expect_rank(op, x, 0)
    axes = axes_of(op, op.squeeze_dims, rank) or [i for i, d in enumerate(x.tensor.dims) if d == 1]
    return squeeze(b, x, list(axes))


@lift("EXPAND_DIMS")
def expand_dims(b: Lifter, op: Any, x: Value, dim: Value) -> Value:
    (axis,) = b.known_ints(op, dim, "the axis")
    return unsqueeze(b, x, [axis_of(op, axis, expect_rank(op, x, 0) + 1)])


@lift("CONCATENATION")
def concatenation(b: Lifter, op: Any, *values: Value) -> Value:
    axis = axis_of(op, op.axis, expect_rank(op, values[0], 1))
    return activated(b, op, b.nn.concat(list(values), axis=axis))


@lift("PACK")
def pack(b: Lifter, op: Any, *values: Value) -> Value:
    axis = axis_of(op, op.axis, expect_rank(op, values[0], 0) + 1)
    made: Value = b.nn.concat([unsqueeze(b, v, [axis]) for v in values], axis=axis)
    return made


@lift("UNPACK")
def unpack(b: Lifter, op: Any, x: Value) -> list[Value]:
    axis = axis_of(op, op.axis, expect_rank(op, x, 1))
    return [squeeze(b, part, [axis]) for part in _split(b, x, axis, [1] * len(op.results))]


@lift("SPLIT")
def split(b: Lifter, op: Any, dim: Value, x: Value) -> list[Value]:
    (axis,) = b.known_ints(op, dim, "the axis")
    axis = axis_of(op, axis, expect_rank(op, x, 1))
    (length,) = numbers(op, x.tensor.dims[axis : axis + 1], "the axis that is cut")
    if length % len(op.results):
        raise refuse(op, f"cuts {length} elements into {len(op.results)} equal parts")
    return _split(b, x, axis, [length // len(op.results)] * len(op.results))


@lift("SPLIT_V")
def split_v(b: Lifter, op: Any, x: Value, sizes: Value, dim: Value) -> list[Value]:
    (axis,) = b.known_ints(op, dim, "the axis")
    axis = axis_of(op, axis, expect_rank(op, x, 1))
    lengths = list(b.known_ints(op, sizes, "the sizes of the parts"))
    if -1 in lengths:
        (length,) = numbers(op, x.tensor.dims[axis : axis + 1], "the axis that is cut")
        lengths[lengths.index(-1)] = length - sum(lengths) - 1
    return _split(b, x, axis, lengths)


def _split(b: Lifter, x: Value, axis: int, sizes: Sequence[int]) -> list[Value]:
    parts = b.nn.split(x, axis=axis, sizes=tuple(sizes))
    return list(parts) if isinstance(parts, tuple | list) else [parts]


@lift("PAD", "PADV2")
def pad(b: Lifter, op: Any, x: Value, paddings: Value, value: Value | None = None) -> Value:
    number = 0.0 if value is None else b.array(value)
    pads = b.array(paddings)
    made: Value
    if pads is None or number is None:
        flat = b.nn.reshape(b.transpose(b.nn.cast(paddings, to=I64), (1, 0)), shape=(-1,))
        made = b.nn.dynamic_pad(x, flat, None if value is None else b.nn.reshape(value, shape=()))
        return made
    element: Any = np.asarray(number).reshape(-1)[0]
    made = b.nn.pad(x, pads=tuple(int(p) for p in pads.reshape(-1, 2).T.reshape(-1)), value=float(element))
    return made


@lift("MIRROR_PAD")
def mirror_pad(b: Lifter, op: Any, x: Value, paddings: Value) -> Value:
    pads = np.array(b.known_ints(op, paddings, "the paddings")).reshape(-1, 2)
    made: Value = b.nn.pad(x, pads=tuple(int(p) for p in pads.T.reshape(-1)), mode=op.mode.lower())
    return made


@lift("TILE")
def tile(b: Lifter, op: Any, x: Value, multiples: Value) -> Value:
    reps = b.ints(multiples)
    made: Value = b.nn.dynamic_tile(x, as_vector(b, multiples)) if reps is None else b.nn.tile(x, reps=reps)
    return made


@lift("BROADCAST_TO")
def broadcast_to(b: Lifter, op: Any, x: Value, shape: Value) -> Value:
    wanted = b.ints(shape)
    made: Value
    if wanted is None:
        made = b.nn.dynamic_broadcast_to(x, as_vector(b, shape))
    else:
        made = b.nn.broadcast_to(x, shape=wanted)
    return made


@lift("REVERSE_V2")
def reverse_v2(b: Lifter, op: Any, x: Value, axis: Value) -> Value:
    axes = axes_of(op, b.known_ints(op, axis, "the axes"), expect_rank(op, x, 1))
    made: Value = b.nn.reverse(x, axes=axes) if axes else x
    return made
