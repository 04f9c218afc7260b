"""Buffers without overlap: every colouring is valid, none is larger than that of NNabla's converter."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.passes.memory.colouring import Colouring, best_fit, colour, lowest_total, walk
from nncc.passes.memory.packing import Interval, peak


@st.composite
def interval(draw: st.DrawFn) -> Interval:
    first = draw(st.integers(0, 12))
    return Interval(draw(st.integers(1, 60)), first, first + draw(st.integers(0, 6)))


def check(found: Colouring, intervals: list[Interval]) -> None:
    for i, (one, own) in enumerate(zip(intervals, found.colours, strict=True)):
        assert found.sizes[own] >= one.size
        for other, colour_of_other in zip(intervals[:i], found.colours[:i], strict=True):
            overlaps = one.first <= other.last and other.first <= one.last
            assert not (overlaps and own == colour_of_other)


@settings(deadline=None)
@given(st.lists(interval(), min_size=1, max_size=25))
def test_values_that_live_at_the_same_time_have_different_buffers(intervals: list[Interval]) -> None:
    found = colour(intervals)
    for each in (found, walk(intervals), best_fit(intervals)):
        check(each, intervals)
    assert peak(intervals) <= lowest_total(intervals) <= found.total <= walk(intervals).total


def test_largest_values_open_buffers_and_smaller_ones_share_them() -> None:
    """A chain that grows and shrinks again: 30 and 20 are the two largest that ever live together."""
    sizes = [1, 20, 30, 20, 1]
    chain = [Interval(size, i, i + 1) for i, size in enumerate(sizes)]
    assert sorted(colour(chain).sizes) == [20, 30]


def test_bound_counts_what_two_moments_ask_for() -> None:
    """At one moment 10 and 10, at another 16 and 1: buffers of 16 and 10."""
    intervals = [Interval(10, 0, 0), Interval(10, 0, 0), Interval(16, 1, 1), Interval(1, 1, 1)]
    assert peak(intervals) == 20
    assert lowest_total(intervals) == colour(intervals).total == 26


@pytest.mark.parametrize("count", [0, 100_000])
def test_many_values_are_coloured_in_seconds(count: int) -> None:
    intervals = [Interval(1 + i % 7, i, i + 2) for i in range(count)]
    started = time.perf_counter()
    found = colour(intervals)
    assert time.perf_counter() - started < 20
    assert found.total <= 7 * 3
