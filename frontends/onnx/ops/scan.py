"""Lifts of Scan, of every version, and of SequenceMap: loops over the slices of tensors and over sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ....ir import Block, Value
from ...nodes import refuse
from .control import build_loop, graph_of, scalar, yielded_by
from .registry import Lifted, Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_FROM_START, _FROM_END = 0, 1
"""The directions in which a tensor is scanned."""


@lift("Scan")
def scan(b: Lifter, op: OnnxOp, *inputs: Value | None) -> Sequence[Value]:
    return _scan_batches(b, op, *inputs) if op.version == 8 else _scan_9(b, op, inputs)


def _scan_9(b: Lifter, op: OnnxOp, inputs: Sequence[Any]) -> Sequence[Value]:
    body, count = graph_of(op, "body"), int(op.get("num_scan_inputs"))
    states, scanned = inputs[: len(inputs) - count], inputs[len(inputs) - count :]
    outputs = len(yielded_by(body)) - len(states)
    axes_in = _each(op, "scan_input_axes", count)
    axes = [axis % x.tensor.rank for axis, x in zip(axes_in, scanned, strict=True)]
    directions = _each(op, "scan_input_directions", count)
    stacks = _scan(b, op, body, states, scanned, axes, directions)
    final, stacks = stacks[: len(states)], stacks[len(states) :]
    axes_out, directions_out = (_each(op, f"scan_output_{what}", outputs) for what in ("axes", "directions"))
    return [*final, *(_placed(b, s, a, d) for s, a, d in zip(stacks, axes_out, directions_out, strict=True))]


def _scan(
    b: Lifter,
    op: OnnxOp,
    body: Block,
    states: Sequence[Value],
    scanned: Sequence[Value],
    axes: Sequence[int],
    directions: Sequence[int],
    lengths: Value | None = None,
) -> Sequence[Value]:
    """The last states, then the stacks of what every trip gives.

    With ``lengths``, a scalar, trips from there on leave the states as they are and give zeros.
    """
    trips = _size(b, scanned[0], axes[0])

    def trip(args: Sequence[Value]) -> Sequence[Value]:
        index, going, *carried = args
        from_end = None
        if _FROM_END in directions:
            from_end = b.nn.sub(b.nn.sub(trips, index), _one(b))
        pieces = [
            b.nn.gather(x, from_end if direction == _FROM_END else index, axis=axis)
            for x, axis, direction in zip(scanned, axes, directions, strict=True)
        ]
        given = b.lift_region(body, [*carried, *pieces], b.block)
        if lengths is not None:
            is_inside = b.nn.less(index, lengths)
            zeros = [b.constant(0, v.tensor.expressed) for v in given[len(carried) :]]
            old = [*carried, *zeros]
            given = [b.nn.select(is_inside, new, kept) for new, kept in zip(given, old, strict=True)]
        return [going, *given]

    return build_loop(b, op, trips, None, states, trip).results


def _scan_batches(b: Lifter, op: OnnxOp, lengths: Value | None, *inputs: Any) -> Sequence[Value]:
    """Scan of opset 8: one scan for each entry of the batch, which is dimension 0 of all inputs and outputs."""
    body, count = graph_of(op, "body"), int(op.get("num_scan_inputs"))
    directions = _each(op, "directions", count)
    if lengths is not None and _FROM_END in directions:
        raise refuse(op, "scans sequences of different lengths from their ends", "reverse the sequences before")
    states = len(inputs) - count

    def entry(args: Sequence[Value]) -> Sequence[Value]:
        index, going = args
        entries = [b.nn.gather(x, index, axis=0) for x in inputs]
        length = None if lengths is None else b.nn.gather(lengths, index, axis=0)
        made = _scan(b, op, body, entries[:states], entries[states:], [0] * count, directions, length)
        return [going, *made]

    return build_loop(b, op, _size(b, inputs[0], 0), None, (), entry).results


@lift("SequenceMap")
def sequence_map(b: Lifter, op: OnnxOp, sequence: list[Value], *others: Lifted) -> Sequence[list[Lifted]]:
    body = graph_of(op, "body")
    outputs: list[list[Lifted]] = [[] for _ in op.results]
    for i, element in enumerate(sequence):
        args = [element, *(other[i] if isinstance(other, list) else other for other in others)]
        for output, value in zip(outputs, b.lift_region(body, args, b.block), strict=True):
            output.append(value)
    return outputs


def _each(op: OnnxOp, name: str, count: int) -> Sequence[int]:
    """An attribute with a number for each input or output: zeros where it is not set."""
    numbers: Sequence[int] = op.get(name) or (0,) * count
    if len(numbers) != count:
        raise refuse(op, f"has {len(numbers)} numbers in '{name}', expected {count}")
    return numbers


def _size(b: Lifter, x: Value, axis: int) -> Value:
    """The size of an axis, an i64 scalar."""
    return scalar(b, b.nn.gather(b.nn.shape_of(x), b.constant(axis), axis=0))


def _one(b: Lifter) -> Value:
    return b.constant(1)


def _placed(b: Lifter, stack: Value, axis: int, direction: int) -> Value:
    """A stack with its first dimension where an output has it."""
    if direction == _FROM_END:
        stack = b.nn.reverse(stack, axes=(0,))
    axis %= stack.tensor.rank
    order = [*range(1, axis + 1), 0, *range(axis + 1, stack.tensor.rank)]
    return stack if axis == 0 else b.nn.transpose(stack, perm=order)
