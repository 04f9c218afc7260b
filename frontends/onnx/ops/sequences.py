"""Sequences and optionals. A sequence is a list of values here: its length and the places in it have to be known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....ir import Value
from ....ir.types import I64, Array
from ...nodes import axis_of, expect_rank, numbers, refuse
from ...sizes import squeeze, take, unsqueeze
from .registry import ABSENT, DYNAMIC, Absent, Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_MOST_PIECES = 1024
"""A tensor is not split into more pieces."""


@lift("SequenceConstruct")
def construct(b: Lifter, op: OnnxOp, *items: Value) -> list[Value]:
    return list(items)


@lift("SequenceEmpty")
def empty(b: Lifter, op: OnnxOp) -> list[Value]:
    return []


@lift("SequenceLength")
def length(b: Lifter, op: OnnxOp, sequence: list[Value]) -> Value:
    return b.constant(np.int64(len(sequence)))


@lift("SequenceAt")
def at(b: Lifter, op: OnnxOp, sequence: list[Value], position: Value) -> Value:
    """Among tensors of one type, the position may be computed."""
    array = b.array(position)
    if array is not None:
        return sequence[_place(op, array, len(sequence), len(sequence) - 1)]
    if not sequence or any(item.type != sequence[0].type for item in sequence) or not sequence[0].tensor.is_static:
        raise refuse(op, "has a computed position, and tensors of several types", "make the position constant")
    stacked = b.nn.concat([unsqueeze(b, item, [0]) for item in sequence], axis=0)
    return b.nn.gather(stacked, position, axis=0)


@lift("SequenceInsert")
def insert(b: Lifter, op: OnnxOp, sequence: list[Value], item: Value, position: Value | None = None) -> list[Value]:
    """In front of the element at the position; at the end, if none is given or it is the length."""
    count = len(sequence)
    place = count if position is None else _place(op, _constant(b, op, position), count, count)
    return [*sequence[:place], item, *sequence[place:]]


@lift("SequenceErase")
def erase(b: Lifter, op: OnnxOp, sequence: list[Value], position: Value | None = None) -> list[Value]:
    last = len(sequence) - 1
    place = last if position is None else _place(op, _constant(b, op, position), len(sequence), last)
    return [*sequence[:place], *sequence[place + 1 :]]


def _constant(b: Lifter, op: OnnxOp, position: Value) -> Array:
    array = b.array(position)
    if array is None:
        raise refuse(op, "has a computed position", "make the position constant")
    return array


def _place(op: OnnxOp, position: Array, count: int, last: int) -> int:
    """A position counted from the front. Raises CompileError for one outside of -count .. last."""
    place = int(position.reshape(()))
    if not -count <= place <= last:
        raise refuse(op, f"has position {place} in a sequence of {count}")
    return place + count if place < 0 else place


@lift("SplitToSequence")
def split_to_sequence(b: Lifter, op: OnnxOp, x: Value, split: Value | None = None) -> list[Value]:
    """Pieces of one length (a scalar), of given lengths (a vector), or of 1, whose axis may go."""
    axis = axis_of(op, op.get("axis"), expect_rank(op, x, 1))
    sizes = b.ints(op, "split", split)
    if split is not None and sizes is DYNAMIC:
        if split.tensor.shape == () or not split.tensor.is_static:
            raise refuse(op, "splits a tensor into a computed number of pieces", "make the lengths constant")
        made = b.nn.dynamic_split(x, b.nn.cast(split, to=I64), axis=axis)
        return list(made) if isinstance(made, tuple) else [made]
    (total,) = numbers(op, x.tensor.dims[axis : axis + 1], "the axis that is split")
    lengths = _lengths(op, total, sizes if isinstance(sizes, tuple) else (1,), split is None or not split.tensor.rank)
    starts = np.cumsum([0, *lengths])
    pieces = [take(b, x, axis, int(start), int(start) + n) for start, n in zip(starts, lengths, strict=False)]
    return pieces if split is not None or op.get("keepdims") else [squeeze(b, piece, [axis]) for piece in pieces]


def _lengths(op: OnnxOp, total: int, sizes: tuple[int, ...], is_scalar: bool) -> list[int]:
    if is_scalar:
        (size,) = sizes
        if size < 1 or total > size * _MOST_PIECES:
            raise refuse(op, f"splits {total} elements into pieces of {size}; {_MOST_PIECES} pieces are the limit")
        return [min(size, total - start) for start in range(0, total, size)]
    if sum(sizes) != total:
        raise refuse(op, f"splits {total} elements into pieces of {sizes}")
    return list(sizes)


@lift("ConcatFromSequence")
def concat_from_sequence(b: Lifter, op: OnnxOp, sequence: list[Value]) -> Value:
    """The elements behind each other, or, with ``new_axis``, along an axis of their own."""
    if not sequence:
        raise refuse(op, "has an empty sequence")
    axis = op.get("axis")
    if not op.get("new_axis"):
        return b.nn.concat(sequence, axis=axis)
    axis = axis_of(op, axis, expect_rank(op, sequence[0], 0) + 1)
    return b.nn.concat([unsqueeze(b, item, [axis]) for item in sequence], axis=axis)


@lift("Optional")
def optional(b: Lifter, op: OnnxOp, value: Any = None) -> Any:
    return ABSENT if value is None else value


@lift("OptionalHasElement")
def has_element(b: Lifter, op: OnnxOp, value: Any = None) -> Value:
    return b.constant(np.bool_(value is not None and not isinstance(value, Absent)))


@lift("OptionalGetElement")
def get_element(b: Lifter, op: OnnxOp, value: Any) -> Any:
    if isinstance(value, Absent):
        raise refuse(op, "takes the element of an optional that holds nothing")
    return value
