"""Tensors seen through strides: element [i, j, ...] lies at begin + i * strides[0] + j * strides[1] + ... of a row."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs


@attrs.frozen
class Strided:
    """A way to see a row of elements as a tensor."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    begin: int = 0

    @classmethod
    def of(cls, shape: Sequence[int]) -> Strided:
        """All of a tensor, in row-major order."""
        return cls(tuple(shape), tuple(math.prod(shape[i + 1 :]) for i in range(len(shape))))

    def transposed(self, perm: Sequence[int]) -> Strided:
        """The axes in another order: axis i is what axis perm[i] was."""
        return attrs.evolve(
            self, shape=tuple(self.shape[p] for p in perm), strides=tuple(self.strides[p] for p in perm)
        )

    def sliced(self, axis: int, start: int, count: int, step: int = 1) -> Strided:
        """``count`` places of an axis, from ``start`` on, each ``step`` behind the one before."""
        shape, strides = list(self.shape), list(self.strides)
        begin = self.begin + start * strides[axis]
        shape[axis], strides[axis] = count, strides[axis] * step
        return Strided(tuple(shape), tuple(strides), begin)

    def broadcast(self, shape: Sequence[int]) -> Strided:
        """As numpy broadcasts it to a shape."""
        lead = len(shape) - len(self.shape)
        strides = [0] * lead + [0 if d == 1 else s for d, s in zip(self.shape, self.strides, strict=True)]
        return Strided(tuple(shape), tuple(strides), self.begin)

    def split(self, axis: int, sizes: Sequence[int]) -> Strided:
        """An axis as several, the last of which counts fastest."""
        inner = [self.strides[axis] * math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
        return Strided(
            (*self.shape[:axis], *sizes, *self.shape[axis + 1 :]),
            (*self.strides[:axis], *inner, *self.strides[axis + 1 :]),
            self.begin,
        )

    def merged(self) -> Strided:
        """The same elements in the same order, with as few axes as possible."""
        shape, (strides,) = merge_axes(self.shape, [self.strides])
        return Strided(tuple(shape), tuple(strides), self.begin)

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements lie behind each other, in order."""
        return self.merged().strides == (1,)


def merge_axes(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """Axes joined wherever all the strides allow it; axes of one place are left out. At least one axis remains."""
    sizes: list[int] = []
    kept: list[list[int]] = [[] for _ in strides]
    for axis, size in enumerate(shape):
        if size == 1:
            continue
        if sizes and all(k[-1] == s[axis] * size for k, s in zip(kept, strides, strict=True)):
            sizes[-1] *= size
            for k, s in zip(kept, strides, strict=True):
                k[-1] = s[axis]
        else:
            sizes.append(size)
            for k, s in zip(kept, strides, strict=True):
                k.append(s[axis])
    return (sizes, kept) if sizes else ([1], [[1] for _ in strides])
