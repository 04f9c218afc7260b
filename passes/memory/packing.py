"""Packing: an address for each buffer, such that no two that live at the same time overlap.

This is dynamic storage allocation, which is NP-hard (Garey and Johnson, "Computers and Intractability", problem SR2).
A best-fit allocator over time gives a first answer for any number of buffers. Where there are not too many, they are
also placed one by one in several orders, each at the lowest place that is free during its life, and orders are mixed at
random until the lower bound is reached or enough was tried (Pisarchyk and Lee, "Efficient Memory Management for Deep
Neural Net Inference", section 4, describe the order by size).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence

import attrs
import numpy as np

from ...ir.types import Array

MOST_ORDERED = 2048
"""Up to this many buffers are placed in several orders; the time for one order grows with their square."""
PLACED = 25_000
"""How many buffers are placed in random orders, all orders together."""


@attrs.frozen
class Interval:
    """A buffer: how many bytes, and the first and the last moment at which it is needed."""

    size: int
    first: int
    last: int


@attrs.frozen
class Packing:
    """The address of each buffer and the size of the memory that holds them all."""

    offsets: tuple[int, ...]
    size: int


def peak(intervals: Iterable[Interval]) -> int:
    """The largest sum of sizes at any moment: no packing is smaller."""
    changes: dict[int, int] = {}
    for interval in intervals:
        changes[interval.first] = changes.get(interval.first, 0) + interval.size
        changes[interval.last + 1] = changes.get(interval.last + 1, 0) - interval.size
    live = highest = 0
    for moment in sorted(changes):
        live += changes[moment]
        highest = max(highest, live)
    return highest


def pack(intervals: Sequence[Interval]) -> Packing:
    """A packing of the intervals, close to the smallest."""
    best = _best_fit(intervals)
    bound = peak(intervals)
    if len(intervals) > MOST_ORDERED:
        return best
    for order in _orders(intervals):
        if best.size <= bound:
            break
        found = _place(intervals, order)
        best = found if found.size < best.size else best
    return best


def _orders(intervals: Sequence[Interval]) -> Iterable[Array]:
    """Orders in which to place the buffers, the promising ones first."""
    sizes = np.array([i.size for i in intervals], np.int64)
    firsts = np.array([i.first for i in intervals], np.int64)
    lasts = np.array([i.last for i in intervals], np.int64)
    lengths = lasts - firsts + 1
    keys = [(firsts, -sizes), (-lengths, -sizes), (firsts, -sizes * lengths), (-sizes, firsts), (lasts, -sizes)]
    for minor, major in keys:
        yield np.lexsort((minor, major))
    yield np.lexsort((-sizes, -lengths))
    rng = np.random.default_rng(0)
    for _ in range(PLACED // max(len(intervals), 1)):
        yield np.argsort(-sizes * rng.uniform(0.5, 1.5, len(sizes)), kind="stable")


def _place(intervals: Sequence[Interval], order: Array) -> Packing:
    """Each buffer, in this order, at the lowest address where it fits among those already placed."""
    firsts = np.array([i.first for i in intervals], np.int64)
    lasts = np.array([i.last for i in intervals], np.int64)
    sizes = np.array([i.size for i in intervals], np.int64)
    offsets = np.full(len(intervals), -1, np.int64)
    for index in order.tolist():
        others = np.nonzero((offsets >= 0) & (firsts <= lasts[index]) & (lasts >= firsts[index]))[0]
        others = others[np.argsort(offsets[others], kind="stable")]
        at = 0
        for begin, size in zip(offsets[others].tolist(), sizes[others].tolist(), strict=True):
            if begin - at >= sizes[index]:
                break
            at = max(at, begin + size)
        offsets[index] = at
    return Packing(tuple(offsets.tolist()), int((offsets + sizes).max(initial=0)))


def _best_fit(intervals: Sequence[Interval]) -> Packing:
    """What an allocator does that sees the buffers come and go: the smallest gap that fits, else more memory."""
    offsets = [0] * len(intervals)
    events = sorted(
        (moment, kind, index)
        for index, interval in enumerate(intervals)
        for moment, kind in ((interval.first, 1), (interval.last + 1, 0))
    )
    memory = _FreeList()
    for _, is_begin, index in events:
        if is_begin:
            offsets[index] = memory.allocate(intervals[index].size)
        else:
            memory.release(offsets[index], intervals[index].size)
    return Packing(tuple(offsets), memory.size)


class _FreeList:
    """The gaps of a memory that grows at its end, by size and by address."""

    def __init__(self) -> None:
        self.size = 0
        self._by_size: list[tuple[int, int]] = []
        self._begins: list[int] = []
        self._sizes: dict[int, int] = {}

    def allocate(self, size: int) -> int:
        if size == 0:
            return 0
        at = bisect.bisect_left(self._by_size, (size, 0))
        if at < len(self._by_size):
            gap, begin = self._by_size[at]
            self._remove(begin)
            self._add(begin + size, gap - size)
            return begin
        begin = self.size
        if self._begins and self._begins[-1] + self._sizes[self._begins[-1]] == self.size:
            begin = self._begins[-1]  # the gap at the end grows
            self._remove(begin)
        self.size = begin + size
        return begin

    def release(self, begin: int, size: int) -> None:
        if size == 0:
            return
        at = bisect.bisect_left(self._begins, begin)
        if at < len(self._begins) and self._begins[at] == begin + size:
            size += self._remove(self._begins[at])
        if at and self._begins[at - 1] + self._sizes[self._begins[at - 1]] == begin:
            begin = self._begins[at - 1]
            size += self._remove(begin)
        self._add(begin, size)

    def _add(self, begin: int, size: int) -> None:
        if size:
            bisect.insort(self._by_size, (size, begin))
            bisect.insort(self._begins, begin)
            self._sizes[begin] = size

    def _remove(self, begin: int) -> int:
        size = self._sizes.pop(begin)
        del self._by_size[bisect.bisect_left(self._by_size, (size, begin))]
        del self._begins[bisect.bisect_left(self._begins, begin)]
        return size
