"""Colouring: a buffer for each value, such that no two that live at the same time have the same one.

The graph of intervals that overlap is coloured, and a colour costs as much as the largest interval that has it: the
max-colouring problem, which is NP-hard for intervals (Pemmaraju, Raman and Varadarajan, "Buffer minimization using
max-coloring"). Placed largest first, values open buffers as large as themselves, and none grows later. Several ways to
choose among the buffers that are free are tried, then orders mixed at random, until the lower bound is reached.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs
import numpy as np

from .packing import MOST_ORDERED, PLACED, Interval


@attrs.frozen
class Colouring:
    """The number of the buffer of each interval, and the sizes of the buffers."""

    colours: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.sizes)


def colour(intervals: Sequence[Interval]) -> Colouring:
    """A colouring of the intervals, close to the smallest total."""
    best = min((walk(intervals), best_fit(intervals)), key=lambda found: found.total)
    bound = lowest_total(intervals)
    if len(intervals) > MOST_ORDERED:
        return best
    for order, choose in _attempts(intervals):
        if best.total <= bound:
            break
        found = _place(intervals, order, choose)
        best = found if found.total < best.total else best
    return best


def lowest_total(intervals: Sequence[Interval]) -> int:
    """No colouring has a smaller total: at each moment the k-th largest buffer holds the k-th largest value."""
    largest: list[int] = []
    for live in _live_at(intervals):
        sizes = sorted((intervals[i].size for i in live), reverse=True)
        largest = [max(pair) for pair in itertools.zip_longest(largest, sizes, fillvalue=0)]
    return sum(largest)


def _live_at(intervals: Sequence[Interval]) -> Iterator[list[int]]:
    """The intervals that live, at every moment at which one begins."""
    order = sorted(range(len(intervals)), key=lambda i: intervals[i].first)
    live: list[int] = []
    for moment, beginning in itertools.groupby(order, key=lambda i: intervals[i].first):
        live = [i for i in live if intervals[i].last >= moment]
        live += beginning
        yield live


# In the order of time


def walk(intervals: Sequence[Interval]) -> Colouring:
    """As NNabla's converter does it.

    There are as many buffers as ever live at once, and they have the sizes of the smallest, the second, ... that live
    at any moment. Each value gets the first free one that is large enough, else the first free one grows.
    """
    sizes: list[int] = []
    for live in _live_at(intervals):
        ascending = sorted(intervals[i].size for i in live)
        sizes = [max(pair) for pair in itertools.zip_longest(sizes, ascending, fillvalue=0)]

    def first_fit(size: int, free: Sequence[int], sizes: Sequence[int]) -> int:
        return next((k for k in free if sizes[k] >= size), free[0])

    return _walked(intervals, sizes, first_fit)


def best_fit(intervals: Sequence[Interval]) -> Colouring:
    """The smallest free buffer that is large enough, else the largest one grows; a new one where none is free."""

    def best(size: int, free: Sequence[int], sizes: Sequence[int]) -> int:
        fitting = [k for k in free if sizes[k] >= size]
        return min(fitting, key=lambda k: sizes[k]) if fitting else max(free, key=lambda k: sizes[k])

    return _walked(intervals, [], best)


def _walked(
    intervals: Sequence[Interval], sizes: list[int], choose: Callable[[int, Sequence[int], Sequence[int]], int]
) -> Colouring:
    colours = [0] * len(intervals)
    until = [-1] * len(sizes)
    for index in sorted(range(len(intervals)), key=lambda i: intervals[i].first):
        interval = intervals[index]
        free = [k for k, last in enumerate(until) if last < interval.first]
        if not free:
            free = [len(sizes)]
            sizes.append(0)
            until.append(-1)
        chosen = choose(interval.size, free, sizes)
        colours[index], until[chosen] = chosen, interval.last
        sizes[chosen] = max(sizes[chosen], interval.size)
    return _without_empty(colours, sizes)


def _without_empty(colours: Sequence[int], sizes: Sequence[int]) -> Colouring:
    used = sorted(set(colours))
    numbers = {old: new for new, old in enumerate(used)}
    return Colouring(tuple(numbers[c] for c in colours), tuple(sizes[c] for c in used))


# In other orders

_Choice = Callable[["_Buffer", Interval], float]
"""How unwelcome an interval is in a buffer where it costs nothing more; the least is taken."""


@attrs.define
class _Buffer:
    """The intervals of one colour, in order; none overlap."""

    number: int
    size: int
    firsts: list[int] = attrs.Factory(list)
    lasts: list[int] = attrs.Factory(list)

    def is_free(self, interval: Interval) -> bool:
        at = bisect.bisect_left(self.firsts, interval.first)
        before = at == 0 or self.lasts[at - 1] < interval.first
        return before and (at == len(self.firsts) or self.firsts[at] > interval.last)

    def gap(self, interval: Interval) -> int:
        """How long the buffer is idle before and behind the interval."""
        at = bisect.bisect_left(self.firsts, interval.first)
        before = interval.first - (self.lasts[at - 1] if at else -1)
        behind = (self.firsts[at] if at < len(self.firsts) else interval.last + before) - interval.last
        return before + behind

    def add(self, interval: Interval) -> None:
        at = bisect.bisect_left(self.firsts, interval.first)
        self.firsts.insert(at, interval.first)
        self.lasts.insert(at, interval.last)
        self.size = max(self.size, interval.size)


_CHOICES: tuple[_Choice, ...] = (
    lambda buffer, interval: buffer.number,
    lambda buffer, interval: abs(buffer.size - interval.size),
    lambda buffer, interval: buffer.gap(interval),
)


def _attempts(intervals: Sequence[Interval]) -> Iterable[tuple[Sequence[int], _Choice]]:
    """Orders in which to place the intervals, and ways to choose a buffer, the promising ones first."""
    sizes = np.array([i.size for i in intervals], np.int64)
    firsts = np.array([i.first for i in intervals], np.int64)
    lengths = np.array([i.last - i.first for i in intervals], np.int64)
    for minor in (firsts, -lengths):
        for choice in _CHOICES:
            yield np.lexsort((minor, -sizes)).tolist(), choice
    rng = np.random.default_rng(0)
    for attempt in range(PLACED // max(len(intervals), 1)):
        weight = sizes * rng.uniform(0.7, 1.3, len(sizes)) if attempt % 2 else sizes + rng.uniform(0, 1, len(sizes))
        yield np.argsort(-weight, kind="stable").tolist(), _CHOICES[attempt % len(_CHOICES)]


def _place(intervals: Sequence[Interval], order: Sequence[int], choose: _Choice) -> Colouring:
    """Each interval, in this order, where it makes the total grow least."""
    buffers: list[_Buffer] = []
    colours = [0] * len(intervals)
    for index in order:
        interval = intervals[index]
        free = [b for b in buffers if b.is_free(interval)]
        if free:
            chosen = min(free, key=lambda b: (max(interval.size - b.size, 0), choose(b, interval)))
        else:
            chosen = _Buffer(len(buffers), 0)
            buffers.append(chosen)
        chosen.add(interval)
        colours[index] = chosen.number
    return Colouring(tuple(colours), tuple(b.size for b in buffers))
