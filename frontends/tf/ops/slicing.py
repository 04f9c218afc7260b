"""Slices and pads: ranges of a tensor, and what lies around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from ....ir import Value
from ....ir.types import I64, Array
from ...nodes import expect_rank, refuse
from ...sizes import END, EXACT_FLOAT, as_scalar, as_vector, squeeze, unsqueeze
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


@lift("Slice")
def slice_operator(b: Lifter, op: TfOp, x: Value, begin: Value, size: Value) -> Value:
    """``size`` elements from ``begin`` on; -1 is all that are left."""
    starts, lengths = b.ints(begin), b.ints(size)
    if starts is not None and lengths is not None:
        stops = tuple(END if n == -1 else s + n for s, n in zip(starts, lengths, strict=True))
        return b.nn.slice(x, starts=starts, stops=stops, steps=(1,) * len(starts))
    first, count = as_vector(b, begin), as_vector(b, size)
    stops_vector = b.nn.select(b.nn.less(count, 0), b.constant(END, I64), b.nn.add(first, count))
    return b.nn.dynamic_slice(x, first, stops_vector)


@attrs.frozen
class _Spec:
    """The entries of a strided slice, by what each does: an axis is sliced, taken at one place, or new."""

    sliced: list[tuple[int, int]]
    """(entry, axis of x); the axes that are taken at one place as well."""
    taken: list[int]
    """Axes of x that are taken at one place, and do not stay."""
    new: list[int]
    """Places of new axes in the result."""


@lift("StridedSlice")
def strided_slice(b: Lifter, op: TfOp, x: Value, begin: Value, end: Value, strides: Value) -> Value:
    """x[begin[0]:end[0]:strides[0], ...], with masks: which bounds are open, which entries are ``...``, a new axis, or
    one place, whose axis does not stay."""
    steps = b.ints(strides)
    count = steps and len(steps)
    if count is None:
        vector = strides.tensor.shape
        if vector is None or not isinstance(vector[0], int):
            raise refuse(op, "has an unknown number of entries")
        count = vector[0]
    spec = _spec(op, expect_rank(op, x, 0), count or 0)
    starts, stops = b.ints(begin), b.ints(end)
    if starts is None or stops is None or steps is None:
        y = _dynamic(b, op, x, spec, (begin, end, strides))
    else:
        y = _static(b, op, x, spec, starts, stops, steps)
    y = squeeze(b, y, spec.taken) if spec.taken else y
    return unsqueeze(b, y, spec.new) if spec.new else y


def _bit(op: TfOp, mask: str, entry: int) -> bool:
    return bool(int(op.get(f"{mask}_mask")) >> entry & 1)


def _spec(op: TfOp, rank: int, count: int) -> _Spec:
    ellipsis = [i for i in range(count) if _bit(op, "ellipsis", i)]
    if len(ellipsis) > 1:
        raise refuse(op, "has two ellipses")
    added = sum(_bit(op, "new_axis", i) for i in range(count) if i not in ellipsis)
    skipped = rank - (count - added - len(ellipsis))
    if skipped < 0:
        raise refuse(op, f"has {count} entries for {rank} dimensions")
    found = _Spec([], [], [])
    axis = place = 0
    for entry in range(count):
        if entry in ellipsis:
            axis, place = axis + skipped, place + skipped
        elif _bit(op, "new_axis", entry):
            found.new.append(place)
            place += 1
        else:
            found.sliced.append((entry, axis))
            if _bit(op, "shrink_axis", entry):
                found.taken.append(axis)
            else:
                place += 1
            axis += 1
    return found


def _static(
    b: Lifter,
    op: TfOp,
    x: Value,
    spec: _Spec,
    starts: tuple[int, ...],
    stops: tuple[int, ...],
    steps: tuple[int, ...],
) -> Value:
    full = [(0, END, 1)] * x.tensor.rank
    for entry, axis in spec.sliced:
        start, stop, step = starts[entry], stops[entry], steps[entry]
        if axis in spec.taken:
            full[axis] = (start, END if start == -1 else start + 1, 1)
            continue
        if step == 0:
            raise refuse(op, "has a stride of 0")
        if _bit(op, "begin", entry):
            start = 0 if step > 0 else END
        if _bit(op, "end", entry):
            stop = END if step > 0 else -END
        full[axis] = (start, stop, step)
    if all(bounds == (0, END, 1) for bounds in full):
        return x
    columns = list(zip(*full, strict=True))
    return b.nn.slice(x, starts=columns[0], stops=columns[1], steps=columns[2])


def _dynamic(b: Lifter, op: TfOp, x: Value, spec: _Spec, bounds: tuple[Value, Value, Value]) -> Value:
    """With bounds that are computed; entries that the masks decide are constants."""
    begin, end, strides = (as_vector(b, v) for v in bounds)
    steps = b.ints(strides)
    if steps is None:
        raise refuse(op, "has strides that are computed", "make them constants")
    rows: list[tuple[Value, Value, int]] = []
    for entry, axis in spec.sliced:
        start, stop = (b.nn.slice(v, starts=(entry,), stops=(entry + 1,), steps=(1,)) for v in (begin, end))
        is_down = steps[entry] < 0
        if axis in spec.taken:
            behind = b.nn.add(start, 1)
            is_last = b.nn.equal(start, b.constant(-1, I64))
            rows.append((start, b.nn.select(is_last, b.constant(END, I64), behind), 1))
            continue
        if _bit(op, "begin", entry):
            start = b.constant(np.array([END if is_down else 0]), I64)
        if _bit(op, "end", entry):
            stop = b.constant(np.array([-END if is_down else END]), I64)
        rows.append((start, stop, steps[entry]))
    if not rows:
        return x
    return b.nn.dynamic_slice(
        x,
        b.nn.concat([row[0] for row in rows], axis=0),
        b.nn.concat([row[1] for row in rows], axis=0),
        b.constant(np.array([axis for _, axis in spec.sliced]), I64),
        b.constant(np.array([row[2] for row in rows]), I64),
    )


@lift("Pad", "PadV2", "MirrorPad")
def pad(b: Lifter, op: TfOp, x: Value, paddings: Value, value: Value | None = None) -> Value:
    """``paddings`` is (rank, 2): before and behind each axis."""
    mode = {"REFLECT": "reflect", "SYMMETRIC": "symmetric"}.get(op.get("mode"), "constant")
    amounts, number = b.array(paddings), b.array(value)
    if value is not None and (number is None or not _is_exact(number)):
        number = None
    elif number is None:
        number = np.zeros(())
    if amounts is None or number is None:
        vector = b.nn.reshape(b.nn.transpose(paddings, perm=(1, 0)), shape=(-1,))
        return b.nn.dynamic_pad(x, as_vector(b, vector), None if value is None else as_scalar(b, value), mode=mode)
    flat = amounts.reshape(-1, 2).T.reshape(-1)
    return b.nn.pad(x, pads=tuple(int(n) for n in flat), mode=mode, value=float(number.reshape(())))


def _is_exact(number: Array) -> bool:
    """Whether an attribute, a double, can hold it."""
    return number.dtype.kind in "biuf" and (number.dtype.kind != "i" or abs(int(number)) <= EXACT_FLOAT)
