"""Rules for what moves elements: all of it is views, copies by strides, joining and padding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Type, Value
from ...ir.strides import Strided
from .rules_indexing import around
from .target import Target, lowers, static


@lowers("reshape", "squeeze", "expand_dims")
def reshape(t: Target, op: Any) -> Value:
    return t.value("view", op.input)


def seen(t: Target, x: Value, strided: Strided, type: Type | None = None) -> Value:
    """x as it is seen through strides: a view where the elements lie in order, else a copy."""
    if strided.is_contiguous:
        return t.value("view", x, begin=strided.begin, type=type)
    merged = strided.merged()
    return t.value("copy", x, shape=merged.shape, strides=merged.strides, begin=merged.begin, type=type)


@lowers("transpose")
def transpose(t: Target, op: Any) -> Value:
    return seen(t, op.input, Strided.of(static(op.input)).transposed(t.ints(op.perm, "permutation")))


@lowers("slice")
def slice_(t: Target, op: Any) -> Value:
    strided = Strided.of(static(op.input))
    for axis, (start, count) in enumerate(zip(t.ints(op.begin, "begin"), static(op.results[0]), strict=True)):
        strided = strided.sliced(axis, start, count)
    return seen(t, op.input, strided)


@lowers("strided_slice")
def strided_slice(t: Target, op: Any) -> Value:
    if op.ellipsis_mask or op.new_axis_mask or op.offset:
        raise t.error("has an ellipsis or new axes", "write it as slices and reshapes")
    begins, ends, steps = t.ints(op.begin, "begin"), t.ints(op.end, "end"), t.ints(op.strides, "strides")
    strided = Strided.of(static(op.input))
    for axis, (begin, end, step) in enumerate(zip(begins, ends, steps, strict=True)):
        bit, size = 1 << axis, static(op.input)[axis]
        if op.shrink_axis_mask & bit:
            strided = strided.sliced(axis, begin % size, 1)
            continue
        first = None if op.begin_mask & bit else begin
        last = None if op.end_mask & bit else end
        places = range(size)[slice(first, last, step)]
        strided = strided.sliced(axis, places.start, len(places), step)
    return seen(t, op.input, strided)


@lowers("split", "split_v")
def split(t: Target, op: Any) -> Sequence[Value]:
    (axis,) = t.ints(op.split_dim, "axis")
    axis %= op.value.tensor.rank
    return _pieces(t, op.value, axis, [static(r)[axis] for r in op.results], op.results)


@lowers("unpack")
def unpack(t: Target, op: Any) -> Sequence[Value]:
    axis = op.axis % op.input.tensor.rank
    return _pieces(t, op.input, axis, [1] * len(op.results), op.results)


def _pieces(t: Target, x: Value, axis: int, sizes: Sequence[int], results: Sequence[Value]) -> list[Value]:
    whole, starts = Strided.of(static(x)), [sum(sizes[:i]) for i in range(len(sizes))]
    rows = zip(starts, sizes, results, strict=True)
    return [seen(t, x, whole.sliced(axis, start, size), type=r.type) for start, size, r in rows]


@lowers("reverse_v2")
def reverse(t: Target, op: Any) -> Value:
    strided = Strided.of(static(op.input))
    for axis in t.ints(op.axis, "axes"):
        axis %= op.input.tensor.rank
        strided = strided.sliced(axis, strided.shape[axis] - 1, strided.shape[axis], -1)
    return seen(t, op.input, strided)


@lowers("broadcast_to")
def broadcast_to(t: Target, op: Any) -> Value:
    return seen(t, op.input, Strided.of(static(op.input)).broadcast(static(op.results[0])))


@lowers("tile")
def tile(t: Target, op: Any) -> Value:
    strided = Strided.of(static(op.input))
    for axis, times in reversed(list(enumerate(t.ints(op.multiples, "multiples")))):
        strided = strided.split(axis, (1, strided.shape[axis])).sliced(axis, 0, times, 0)
    return seen(t, op.input, strided)


@lowers("concatenation", "pack")
def concatenation(t: Target, op: Any) -> Value:
    rank = op.results[0].tensor.rank
    axis = op.axis % rank
    kept = [v for v in op.values if v.tensor.size]
    y = t.value("concat", kept, outer=math.prod(static(op.results[0])[:axis]))
    activation = getattr(op, "fused_activation_function", "NONE")
    return y if activation == "NONE" else t.value("unary", y, function="identity", **t.clamp(op))


@lowers("pad", "padv2")
def pad(t: Target, op: Any) -> Value:
    pairs = np.asarray(t.known(op.paddings, "paddings")).reshape(-1, 2)
    value = 0.0 if op.name == "tfl.pad" else float(t.known(op.constant_values, "padding value").reshape(-1)[0])
    return t.value("pad", op.input, pads=tuple(int(n) for n in pairs.T.reshape(-1)), value=value)


@lowers("depth_to_space")
def depth_to_space(t: Target, op: Any) -> Value:
    b = op.block_size
    blocks = Strided.of(static(op.input)).split(3, (b, b, static(op.input)[3] // (b * b)))
    return seen(t, op.input, blocks.transposed((0, 1, 3, 2, 4, 5)))


@lowers("space_to_depth")
def space_to_depth(t: Target, op: Any) -> Value:
    b = op.block_size
    _, h, w, _ = static(op.input)
    blocks = Strided.of(static(op.input)).split(2, (w // b, b)).split(1, (h // b, b))
    return seen(t, op.input, blocks.transposed((0, 1, 3, 2, 4, 5)))


@lowers("mirror_pad")
def mirror_pad(t: Target, op: Any) -> Value:
    """Axis by axis, elements at places that are known."""
    x, shape = op.input, list(static(op.input))
    mode = "reflect" if op.mode == "REFLECT" else "symmetric"
    for axis, (before, behind) in enumerate(np.asarray(t.known(op.paddings, "paddings")).reshape(-1, 2).tolist()):
        if before or behind:
            places = np.pad(np.arange(shape[axis]), (before, behind), mode=mode)  # type: ignore[call-overload]
            extents = around(shape, axis)
            shape[axis] = len(places)
            type = x.tensor.with_shape(tuple(shape))
            x = t.value("take", x, places=tuple(int(p) for p in places), type=type, **extents)
    return x


@lowers("space_to_batch_nd")
def space_to_batch(t: Target, op: Any) -> Value:
    blocks = t.ints(op.block_shape, "block shape")
    pairs = np.asarray(t.known(op.paddings, "paddings")).reshape(-1, 2)
    rest = op.input.tensor.rank - 1 - len(blocks)
    pads = tuple(int(n) for column in pairs.T for n in (0, *column, *[0] * rest))
    shape = tuple(n + a + b for n, a, b in zip(static(op.input), pads, pads[op.input.tensor.rank :], strict=False))
    padded = t.value("pad", op.input, pads=pads, type=op.input.tensor.with_shape(shape))
    strided = Strided.of(shape)
    for axis in reversed(range(len(blocks))):
        strided = strided.split(axis + 1, (shape[axis + 1] // blocks[axis], blocks[axis]))
    n = len(blocks)
    perm = (*range(2, 2 * n + 1, 2), 0, *range(1, 2 * n + 1, 2), *range(2 * n + 1, 2 * n + 1 + rest))
    return seen(t, padded, strided.transposed(perm))


@lowers("batch_to_space_nd")
def batch_to_space(t: Target, op: Any) -> Value:
    blocks = t.ints(op.block_shape, "block shape")
    pairs = np.asarray(t.known(op.crops, "crops")).reshape(-1, 2)
    n, shape = len(blocks), static(op.input)
    batch = shape[0] // math.prod(blocks)
    strided = Strided.of((*blocks, batch, *shape[1:]))
    order = (n, *(i for k in range(n) for i in (n + 1 + k, k)), *range(2 * n + 1, n + len(shape)))
    whole_shape = (batch, *(s * b for s, b in zip(shape[1:], blocks, strict=False)), *shape[1 + n :])
    if not pairs.any():
        return seen(t, op.input, strided.transposed(order))
    whole = seen(t, op.input, strided.transposed(order), op.input.tensor.with_shape(whole_shape))
    kept = Strided.of(whole_shape)
    for axis, before in enumerate(pairs[:, 0].tolist(), 1):
        kept = kept.sliced(axis, before, static(op.results[0])[axis])
    return seen(t, whole, kept)
