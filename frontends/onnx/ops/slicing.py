"""Slice and pad: ranges of a tensor, and what lies around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.types import I64
from ...nodes import axis_of, expect_rank, refuse
from ...sizes import END, EXACT_FLOAT, as_scalar, as_vector
from .registry import DYNAMIC, Dynamic, Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@lift("Slice")
def slice_operator(
    b: Lifter,
    op: OnnxOp,
    x: Value,
    starts: Value | None = None,
    ends: Value | None = None,
    axes: Value | None = None,
    steps: Value | None = None,
) -> Value:
    operands = {"starts": starts, "ends": ends, "axes": axes, "steps": steps}
    found = {name: b.ints(op, name, value) for name, value in operands.items()}
    if x.tensor.shape is None or DYNAMIC in found.values():
        vectors = {name: _vector(b, operands[name], found[name]) for name in operands}
        return b.nn.dynamic_slice(x, vectors["starts"], vectors["ends"], vectors["axes"], vectors["steps"])
    first, last = _numbers(op, found["starts"]), _numbers(op, found["ends"])
    places = _places(op, found["axes"], len(first), x.tensor.rank)
    jumps = (1,) * len(first) if found["steps"] is None else _numbers(op, found["steps"])
    if not len(first) == len(last) == len(places) == len(jumps):
        raise refuse(op, f"has {len(first)} starts, {len(last)} ends, {len(places)} axes and {len(jumps)} steps")
    full = [(0, END, 1)] * x.tensor.rank
    for place, start, stop, step in zip(places, first, last, jumps, strict=True):
        full[place] = (start, stop, step)
    columns = list(zip(*full, strict=True)) or [(), (), ()]
    return b.nn.slice(x, starts=columns[0], stops=columns[1], steps=columns[2])


def _vector(b: Lifter, operand: Value | None, found: tuple[int, ...] | Dynamic | None) -> Value | None:
    """An operand, or the attribute that it was in old versions, as a vector."""
    if operand is not None:
        return as_vector(b, operand)
    return b.constant(found, I64) if isinstance(found, tuple) else None


def _numbers(op: OnnxOp, found: tuple[int, ...] | Dynamic | None) -> tuple[int, ...]:
    if not isinstance(found, tuple):
        raise refuse(op, "has no starts or ends")
    return found


def _places(op: OnnxOp, axes: tuple[int, ...] | Dynamic | None, count: int, rank: int) -> tuple[int, ...]:
    """The axes counted from the front, in the order of the numbers that belong to them."""
    given = axes if isinstance(axes, tuple) else range(count)
    places = tuple(axis_of(op, a, rank) for a in given)
    if len(set(places)) != len(places):
        raise refuse(op, f"names an axis twice: {tuple(given)}")
    return places


@lift("Pad")
def pad(
    b: Lifter, op: OnnxOp, x: Value, pads: Value | None = None, value: Value | None = None, axes: Value | None = None
) -> Value:
    mode = op.get("mode")
    amounts = b.ints(op, "paddings" if op.version == 1 else "pads", pads)
    places = b.ints(op, "axes", axes)
    filler = _filler(b, op, value) if mode == "constant" else 0.0
    if DYNAMIC in (amounts, places) or filler is DYNAMIC or x.tensor.shape is None:
        one = as_scalar(b, value) if value is not None and mode == "constant" else None
        return b.nn.dynamic_pad(x, _vector(b, pads, amounts), one, _vector(b, axes, places), mode=mode)
    rank, given = expect_rank(op, x, 0), _numbers(op, amounts)
    chosen = tuple(range(rank)) if places is None else _places(op, places, 0, rank)
    if len(given) != 2 * len(chosen):
        raise refuse(op, f"has {len(given)} pads for {len(chosen)} axes")
    full = [0] * (2 * rank)
    for number, place in enumerate(chosen):
        full[place], full[rank + place] = given[number], given[len(chosen) + number]
    return b.nn.pad(x, pads=tuple(full), mode=mode, value=filler)


def _filler(b: Lifter, op: OnnxOp, value: Value | None) -> float | Dynamic:
    """What is padded with; DYNAMIC where no attribute can hold it."""
    if value is None:
        return float(op.get("value") or 0.0)  # an attribute below version 11
    array = b.array(value)
    if array is None or array.size != 1 or array.dtype.kind not in "biuf":
        return DYNAMIC
    number = array.reshape(()).item()
    return DYNAMIC if isinstance(number, int) and abs(number) > EXACT_FLOAT else float(number)
