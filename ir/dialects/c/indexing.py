"""Operations that index tensors by numbers which only running the program tells.

An index that is out of range ends the run with an error: nothing outside of a tensor is read or written.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...opdef import BOOL, FLOAT, INT, INTS, attribute, one_of, operand, result
from ...types import Array
from .base import KernelOp


def _check_range(indices: Array, sizes: Sequence[int]) -> None:
    """Raises IndexError where the kernel gives an error: it does not count from the end."""
    if (indices < 0).any() or (indices >= np.array(sizes)).any():
        raise IndexError(f"an index is not in the range of {tuple(sizes)} elements")


class Gather(KernelOp, name="c.gather"):
    """x seen as (batch, outer, size, inner), indices as (batch, count): y[b, o, i] = x[b, o, indices[b, i]]"""

    can_fail = True
    x = operand()
    indices = operand("i32 or i64, 0 .. size - 1")
    batch = attribute(INT)
    outer = attribute(INT)
    size = attribute(INT)
    inner = attribute(INT)
    output = result("batch * outer * count * inner elements")

    def evaluate(self, x: Array, indices: Array) -> Array:
        _check_range(indices, [self.size])
        rows = x.reshape(self.batch, self.outer, self.size, self.inner)
        chosen = [np.take(row, index, axis=1) for row, index in zip(rows, indices.reshape(self.batch, -1), strict=True)]
        return np.stack(chosen).reshape(self.output_type.static_shape)


class GatherNd(KernelOp, name="c.gather_nd"):
    """The slices of x that index vectors point at; these go over the first axes, whose lengths are ``sizes``"""

    can_fail = True
    x = operand()
    indices = operand("(count, axes), i32 or i64")
    sizes = attribute(INTS, "the lengths of the axes that are indexed")
    output = result("(count, the rest of x)")

    def evaluate(self, x: Array, indices: Array) -> Array:
        vectors = indices.reshape(-1, len(self.sizes))
        _check_range(vectors, self.sizes)
        y: Array = x[tuple(vectors.T)]
        return y.reshape(self.output_type.static_shape)


class ScatterNd(KernelOp, name="c.scatter_nd"):
    """Zeros, with the updates added where index vectors over the first axes point"""

    can_fail = True
    indices = operand("(count, axes), i32 or i64")
    updates = operand("(count, the rest of the result)")
    sizes = attribute(INTS, "the lengths of the axes that are indexed")
    output = result()

    def evaluate(self, indices: Array, updates: Array) -> Array:
        y = np.zeros(self.output_type.static_shape, updates.dtype)
        vectors = indices.reshape(-1, len(self.sizes))
        _check_range(vectors, self.sizes)
        np.add.at(y, tuple(vectors.T), updates.reshape(len(vectors), *y.shape[len(self.sizes) :]))
        return y


class OneHot(KernelOp, name="c.one_hot"):
    """indices seen as (outer, inner): y[o, d, i] = on if indices[o, i] == d, else off"""

    indices = operand("i32 or i64")
    outer = attribute(INT)
    depth = attribute(INT)
    inner = attribute(INT)
    on = attribute(FLOAT)
    off = attribute(FLOAT)
    output = result("outer * depth * inner elements")

    def evaluate(self, indices: Array) -> Array:
        hot = indices.reshape(self.outer, 1, self.inner) == np.arange(self.depth).reshape(1, -1, 1)
        y = np.where(hot, self.on, self.off).astype(self.output_type.expressed.dtype)
        return y.reshape(self.output_type.static_shape)


class ArgExtremum(KernelOp, name="c.arg_extremum"):
    """The first place of the largest or the smallest element of the middle of (outer, middle, inner)"""

    x = operand()
    kind = attribute(one_of("max", "min"), "what is looked for")
    outer = attribute(INT)
    middle = attribute(INT)
    inner = attribute(INT)
    output = result("outer * inner integers")

    def evaluate(self, x: Array) -> Array:
        find = np.argmax if self.kind == "max" else np.argmin
        y: Array = find(x.reshape(self.outer, self.middle, self.inner), axis=1)
        return y.astype(self.output_type.storage.dtype).reshape(self.output_type.static_shape)


class TopK(KernelOp, name="c.top_k"):
    """The largest elements along the last axis, falling, and their places; of equals the first comes first"""

    x = operand()
    values = result("(..., k)")
    indices = result("(..., k), i32")

    def evaluate(self, x: Array) -> tuple[Array, Array]:
        order = np.argsort(-x, axis=-1, kind="stable")[..., : self.output_type.static_shape[-1]]
        return np.take_along_axis(x, order, -1), order.astype(np.int32)


class Cumsum(KernelOp, name="c.cumsum"):
    """Running sums over the middle of (outer, middle, inner)"""

    x = operand()
    outer = attribute(INT)
    middle = attribute(INT)
    inner = attribute(INT)
    exclusive = attribute(BOOL, "the element itself does not count", default=False)
    reverse = attribute(BOOL, "from the end", default=False)
    output = result()

    def evaluate(self, x: Array) -> Array:
        rows = x.reshape(self.outer, self.middle, self.inner)
        rows = rows[:, ::-1] if self.reverse else rows
        y: Array = np.cumsum(rows, axis=1, dtype=x.dtype)
        y = np.concatenate([np.zeros_like(y[:, :1]), y[:, :-1]], axis=1) if self.exclusive else y
        turned: Array = y[:, ::-1] if self.reverse else y
        return turned.reshape(self.output_type.static_shape)


class ReverseSequence(KernelOp, name="c.reverse_sequence"):
    """x seen as (batch, steps, inner): the first ``lengths[b]`` steps in opposite order"""

    can_fail = True
    x = operand()
    lengths = operand("(batch,), i32 or i64, 0 .. steps")
    batch = attribute(INT)
    steps = attribute(INT)
    inner = attribute(INT)
    output = result()

    def evaluate(self, x: Array, lengths: Array) -> Array:
        y: Array = x.reshape(self.batch, self.steps, self.inner).copy()
        for row, length in zip(y, lengths.reshape(-1), strict=True):
            row[:length] = row[:length][::-1].copy()
        return y.reshape(self.output_type.static_shape)
