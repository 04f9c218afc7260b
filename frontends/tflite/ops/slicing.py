"""Parts of tensors: slices, and slices that are written."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import attrs
import numpy as np

from ....ir import Value
from ....ir.types import I64
from ...nodes import expect_affordable, expect_rank, numbers, refuse
from ...sizes import END, as_vector, squeeze, unsqueeze
from .registry import Lifter, lift


@lift("SLICE")
def slice_(b: Lifter, op: Any, x: Value, begin: Value, size: Value) -> Value:
    """``size`` elements from ``begin``; -1 takes the rest."""
    starts, sizes = b.ints(begin), b.ints(size)
    made: Value
    if starts is None and sizes is not None and -1 not in sizes:
        return _moving_slice(b, x, begin, sizes)
    if starts is None or sizes is None:
        first, count = as_vector(b, begin), as_vector(b, size)
        rest = b.nn.equal(count, b.constant(np.int64(-1)))
        stops = b.nn.select(rest, b.constant(np.int64(END)), b.nn.add(first, count))
        made = b.nn.dynamic_slice(x, first, stops)
        return made
    ends = tuple(END if n == -1 else s + n for s, n in zip(starts, sizes, strict=True))
    made = b.nn.slice(x, starts=starts, stops=ends, steps=(1,) * len(starts))
    return made


def _moving_slice(b: Lifter, x: Value, begin: Value, sizes: Sequence[int]) -> Value:
    """Slices of known lengths whose starts are computed: in a loop, those of the trip."""
    starts, y = as_vector(b, begin), x
    for axis, size in enumerate(sizes):
        if x.tensor.dims[axis] == size:
            continue
        first = b.nn.slice(starts, starts=(axis,), stops=(axis + 1,), steps=(1,))
        y = b.nn.gather(y, b.nn.add(first, b.constant(np.arange(size, dtype=np.int64))), axis=axis)
    return y


@attrs.frozen
class _Range:
    """What one entry of STRIDED_SLICE does to its axis."""

    start: int
    stop: int
    step: int


@lift("STRIDED_SLICE")
def strided_slice(b: Lifter, op: Any, x: Value, begin: Value, end: Value, strides: Value) -> Value:
    """Slices as Python's, an entry an axis, but for an ellipsis and for new axes."""
    steps = b.known_ints(op, strides, "the strides")
    if 0 in steps:
        raise refuse(op, f"has the strides {steps}")
    first, last = b.ints(begin), b.ints(end)
    if first is None or last is None:
        return _computed_slice(b, op, x, begin, end, steps)
    rank = expect_rank(op, x, 0)
    ranges: list[_Range] = []
    new, gone = [], []
    made = 0  # axes of the result, those that go away included
    for i, (start, stop, step) in enumerate(zip(first, last, steps, strict=True)):
        bit = 1 << i
        if op.ellipsis_mask & bit:
            later = sum(1 for j in range(i + 1, len(steps)) if not op.new_axis_mask >> j & 1)
            whole = rank - len(ranges) - later
            ranges += [_Range(0, END, 1)] * whole
            made += whole
        elif op.new_axis_mask & bit:
            new.append(made)
            made += 1
        else:
            if op.shrink_axis_mask & bit:
                gone.append(made)
            ranges.append(_range(op, bit, start, stop, step))
            made += 1
    ranges += [_Range(0, END, 1)] * (rank - len(ranges))
    if len(ranges) != rank:
        raise refuse(op, f"has {len(ranges)} entries for {rank} dimensions")
    y = x
    if any(r != _Range(0, END, 1) for r in ranges):
        y = b.nn.slice(
            x,
            starts=tuple(r.start for r in ranges),
            stops=tuple(r.stop for r in ranges),
            steps=tuple(r.step for r in ranges),
        )
    y = unsqueeze(b, y, new) if new else y
    return squeeze(b, y, gone) if gone else y


def _range(op: Any, bit: int, start: int, stop: int, step: int) -> _Range:
    if op.shrink_axis_mask & bit:
        return _Range(start, start + 1 if start != -1 else END, 1)
    stop = start + stop if op.offset else stop
    if op.begin_mask & bit:
        start = 0 if step > 0 else END
    if op.end_mask & bit:
        stop = END if step > 0 else -END
    return _Range(start, stop, step)


def _computed_slice(b: Lifter, op: Any, x: Value, begin: Value, end: Value, steps: Sequence[int]) -> Value:
    """With ranges that are known only when the model runs."""
    if op.ellipsis_mask or op.new_axis_mask:
        raise refuse(op, "has an ellipsis or new axes, and ranges that are computed", "make the ranges constant")
    rank = expect_rank(op, x, len(steps))
    count = range(len(steps))

    def masked(vector: Value, mask: int, forwards: int, backwards: int) -> Value:
        if not mask:
            return vector
        chosen = b.constant(np.array([bool(mask >> i & 1) for i in count]))
        instead = b.constant(np.array([forwards if s > 0 else backwards for s in steps], np.int64))
        made: Value = b.nn.select(chosen, instead, vector)
        return made

    starts = masked(as_vector(b, begin), op.begin_mask & ~op.shrink_axis_mask, 0, END)
    stops = as_vector(b, end)
    stops = masked(b.nn.add(starts, stops) if op.offset else stops, op.end_mask, END, -END)
    if op.shrink_axis_mask:
        single = b.constant(np.array([bool(op.shrink_axis_mask >> i & 1) for i in count]))
        last = b.nn.equal(starts, b.constant(np.int64(-1)))
        behind = b.nn.select(last, b.constant(np.int64(END)), b.nn.add(starts, 1))
        stops = b.nn.select(single, behind, stops)
    axes = b.constant(np.arange(len(steps)), I64)
    y = b.nn.dynamic_slice(x, starts, stops, axes, b.constant(np.array(steps), I64))
    gone = [i for i in count if op.shrink_axis_mask >> i & 1]
    if not gone:
        made: Value = y
        return made
    y.type = y.tensor.with_shape(tuple(1 if i in gone else y.tensor.dims[i] for i in range(rank)))
    return squeeze(b, y, gone)


@lift("DYNAMIC_UPDATE_SLICE")
def dynamic_update_slice(b: Lifter, op: Any, x: Value, update: Value, start: Value) -> Value:
    """The update lies so that it fits: starts are moved."""
    lengths, size = (numbers(op, v.tensor.dims, "its operands") for v in (x, update))
    expect_affordable(op, "an update", prod(size) * len(size))
    room = b.constant(np.array([n - m for n, m in zip(lengths, size, strict=True)], np.int64))
    place = b.nn.minimum(b.nn.maximum(as_vector(b, start), 0), room)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"), -1).astype(np.int64)
    made: Value = b.nn.scatter_nd(x, b.nn.add(b.constant(grid), place), update)
    return made
