"""Channel-first and channel-last: the permutations between them, and what they do to shapes, axes and arrays.

Channel-first is (N, C, spatial...), channel-last is (N, spatial..., C). Below rank 3 both are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")

PORT_LAYOUT = "nncc.layout"
"""The attribute of a function's port whose layout differs from the source's; its value is CHANNEL_LAST."""
CHANNEL_LAST = "channel_last"


def to_last(rank: int) -> tuple[int, ...]:
    """The permutation (as numpy's transpose takes it) from channel-first to channel-last."""
    return tuple(range(rank)) if rank < 3 else (0, *range(2, rank), 1)


def to_first(rank: int) -> tuple[int, ...]:
    """The permutation from channel-last to channel-first."""
    return tuple(range(rank)) if rank < 3 else (0, rank - 1, *range(1, rank - 1))


def permute(items: Sequence[_T], permutation: Sequence[int]) -> tuple[_T, ...]:
    """What a transpose does to a shape: item i of the result is item permutation[i]."""
    return tuple(items[i] for i in permutation)


def inverse(permutation: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes another."""
    undone = [0] * len(permutation)
    for position, axis in enumerate(permutation):
        undone[axis] = position
    return tuple(undone)


def compose(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    """The permutation that does ``first`` and then ``second``."""
    return tuple(first[axis] for axis in second)


def is_identity(permutation: Sequence[int]) -> bool:
    """Whether a permutation changes nothing."""
    return all(i == axis for i, axis in enumerate(permutation))


def moves_only_units(shape: Sequence[object], permutation: Sequence[int]) -> bool:
    """Whether a transpose leaves the elements where they are in memory: only dimensions of size 1 change places."""
    kept = [axis for axis in permutation if shape[axis] != 1]
    return kept == sorted(kept)
