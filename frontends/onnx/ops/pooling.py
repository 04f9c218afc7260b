"""Pools over windows, and over all places."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ....ir import CompileError, Value
from ....ir.types import I64, Array
from ...nodes import FIX_SHAPE, expect_rank, numbers, refuse
from ...sizes import broadcast, filled, reshape, sizes_of
from ...windows import Windows, pad_same
from .registry import Lifter, lift
from .windows import expect_known_pads, windows_of

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@attrs.frozen
class PoolWindows:
    """The windows of a pool and how far they may reach beyond the padded end (ceil_mode)."""

    windows: Windows
    overhang: tuple[int, ...]

    @property
    def zero_pads(self) -> tuple[int, ...]:
        """The pads for those to whom a place beyond the end is a zero like any other."""
        w = self.windows
        rank = len(w.kernel)
        return (*w.pads[:rank], *(e + o for e, o in zip(w.pads[rank:], self.overhang, strict=True)))


def _pool_windows(op: OnnxOp, x: Value) -> PoolWindows:
    kernel = op.get("kernel_shape")
    if not kernel:
        raise refuse(op, "has no kernel_shape")
    expect_rank(op, x, len(kernel) + 2, len(kernel) + 2)
    windows = windows_of(op, x, kernel)
    rank = len(kernel)
    if op.get("ceil_mode") not in (None, 0, 1):
        raise refuse(op, f"has the ceil_mode {op.get('ceil_mode')}, which is neither 0 nor 1")
    if windows.same == "SAME_UPPER" and not op.get("count_include_pad") and _pads_end_alone(windows):
        return PoolWindows(attrs.evolve(windows, same=None), tuple(extent - 1 for extent in windows.extents))
    if not op.get("ceil_mode") or windows.same is not None:
        return PoolWindows(windows, (0,) * rank)
    ends, overhang = [], []
    for i, length in enumerate(x.tensor.dims[2:]):
        end, more = windows.pads[rank + i], windows.strides[i] - 1
        if isinstance(length, int):
            end, more = _reach(windows, i, length)
        elif more and windows.extents[i] < end + windows.strides[i]:
            raise CompileError(
                f"{op.op_type} has ceil_mode and pads that make its result depend on an open size",
                op.location,
                FIX_SHAPE,
            )
        ends.append(end)
        overhang.append(more)
    return PoolWindows(attrs.evolve(windows, pads=(*windows.pads[:rank], *ends)), tuple(overhang))


def _pads_end_alone(windows: Windows) -> bool:
    """Whether auto_pad SAME_UPPER adds one place at most, at the end: whatever the length, that is ceil_mode."""
    return all(extent <= min(stride, 2) for extent, stride in zip(windows.extents, windows.strides, strict=True))


def _reach(windows: Windows, axis: int, length: int) -> tuple[int, int]:
    """The pad at the end, and the overhang, of ceil_mode: a last window that is not whole counts as one.

    But one that would begin behind what is there and its first pad does not.
    """
    begin, end = windows.pads[axis], windows.pads[len(windows.kernel) + axis]
    stride, extent = windows.strides[axis], windows.extents[axis]
    count = -(-(length + begin + end - extent) // stride) + 1
    if (count - 1) * stride >= length + begin:
        count -= 1
    reach = (count - 1) * stride + extent - length - begin
    return min(end, max(reach, 0)), max(reach - end, 0)


@lift("MaxPool")
def max_pool(b: Lifter, op: OnnxOp, x: Value) -> tuple[Value, Value | None]:
    """The greatest element of each window, and where it was: the index in the flattened input."""
    pool = _pool_windows(op, x)
    windows = pool.windows
    has_indices = len(op.results) > 1 and op.results[1].has_uses
    if windows.same is not None:
        if has_indices:
            expect_known_pads(op, windows)
        element = x.tensor.storage
        lowest = -math.inf if element.is_float else element.limits[0]
        x = pad_same(b, x, windows, b.constant(lowest, element))
    attributes = {
        "kernel": windows.kernel,
        "strides": windows.strides,
        "pads": windows.pads,
        "dilations": windows.dilations,
        "overhang": pool.overhang,
    }
    if not has_indices:
        return b.nn.max_pool(x, **attributes), None
    y, indices = b.nn.max_pool_with_indices(x, **attributes)
    return y, _column_major(b, op, indices, x) if op.get("storage_order") else indices


def _column_major(b: Lifter, op: OnnxOp, indices: Value, x: Value) -> Value:
    """Indices in row-major order as those in column-major order: in each image, the first axis runs fastest."""
    lengths = numbers(op, x.tensor.dims[2:], "the spatial axes")
    image = math.prod(lengths)
    rest = b.nn.mod(indices, image)
    found = b.nn.sub(indices, rest)
    inner = image
    step = 1
    for length in lengths:
        inner //= length
        found = b.nn.add(found, b.nn.mul(b.nn.floor_div(rest, inner), step))
        rest = b.nn.mod(rest, inner)
        step *= length
    return found


@lift("AveragePool")
def average_pool(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """The mean of each window; pads count as zeros with count_include_pad, what is beyond them never."""
    pool = _pool_windows(op, x)
    windows = pool.windows
    include = bool(op.get("count_include_pad"))
    if windows.same is not None:
        y = _window_sums(b, op, pad_same(b, x, windows), pool)
        ones = broadcast(b, filled(b, 1, (), x.tensor.storage), [1, 1, *sizes_of(x)[2:]])
        size = filled(b, math.prod(windows.kernel), (), x.tensor.storage)
        return b.nn.div(y, size if include else _window_sums(b, op, pad_same(b, ones, windows), pool))
    if any(d != 1 for d in windows.dilations):
        counts = _counts(numbers(op, x.tensor.dims[2:], "the spatial axes"), pool, include)
        return b.nn.div(_window_sums(b, op, x, pool), b.constant(counts, x.tensor.expressed))
    return b.nn.average_pool(
        x,
        kernel=windows.kernel,
        strides=windows.strides,
        pads=windows.pads,
        overhang=pool.overhang,
        count_include_pad=include,
    )


def _counts(lengths: tuple[int, ...], pool: PoolWindows, include_pads: bool) -> Array:
    """How many elements each window has, at least 1 to divide by."""
    total: Array = np.ones((), np.int64)
    w = pool.windows
    rank = len(lengths)
    for i, length in enumerate(lengths):
        begin, end = w.pads[i], w.pads[rank + i]
        low, high = (-begin, length + end) if include_pads else (0, length)
        count = (length + begin + end + pool.overhang[i] - w.extents[i]) // w.strides[i] + 1
        starts = np.arange(count) * w.strides[i] - begin
        places = starts[:, None] + np.arange(w.kernel[i]) * w.dilations[i]
        total = total[..., None] * ((places >= low) & (places < high)).sum(1)
    return np.maximum(total, 1)


def _window_sums(b: Lifter, op: OnnxOp, x: Value, pool: PoolWindows) -> Value:
    """The sum of each window: a mean of whole windows times their size, or a convolution with ones."""
    w = pool.windows
    size = math.prod(w.kernel)
    if all(d == 1 for d in w.dilations):
        y = b.nn.average_pool(x, kernel=w.kernel, strides=w.strides, pads=pool.zero_pads, count_include_pad=True)
        return b.nn.mul(y, float(size))
    batch, channels, *lengths = sizes_of(x)
    images = reshape(b, x, [-1, 1, *lengths])
    ones = b.constant(np.ones((1, 1, *w.kernel)), x.tensor.expressed)
    y = b.nn.conv(images, ones, strides=w.strides, pads=pool.zero_pads, dilations=w.dilations)
    return reshape(b, y, [batch, channels, *sizes_of(y)[2:]])


@lift("LpPool")
def lp_pool(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """(sum of |x|^p over each window)^(1/p)"""
    pool = _pool_windows(op, x)
    if pool.windows.same is not None:
        x = pad_same(b, x, pool.windows)
    p = float(op.get("p"))
    return _root(b, op, _window_sums(b, op, _power(b, x, p), pool), p)


def _power(b: Lifter, x: Value, p: float) -> Value:
    return b.nn.square(x) if p == 2 else b.nn.abs(x) if p == 1 else b.nn.pow(b.nn.abs(x), p)


def _root(b: Lifter, op: OnnxOp, x: Value, p: float) -> Value:
    if p == 0:
        raise refuse(op, "has a p of 0")
    return b.nn.sqrt(x) if p == 2 else x if p == 1 else b.nn.pow(x, 1 / p)


@lift("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Over all spatial places of each channel."""
    axes = tuple(range(2, expect_rank(op, x, 2)))
    if op.op_type == "GlobalAveragePool":
        return b.nn.reduce_mean(x, axes=axes, keep_dims=True)
    if op.op_type == "GlobalMaxPool":
        return b.nn.reduce_max(x, axes=axes, keep_dims=True)
    p = float(op.get("p"))
    return _root(b, op, b.nn.reduce_sum(_power(b, x, p), axes=axes, keep_dims=True), p)


@lift("MaxUnpool")
def max_unpool(b: Lifter, op: OnnxOp, x: Value, indices: Value, output_shape: Value | None = None) -> Value:
    """Zeros, but the elements of x where the indices say.

    These are flat indices of a tensor as large as a MaxPool with these attributes could have had; a larger
    ``output_shape`` adds zeros at the ends of that.
    """
    kernel = op.get("kernel_shape")
    rank = expect_rank(op, x, len(kernel) + 2, len(kernel) + 2) - 2
    windows = windows_of(op, x, kernel)
    dims = numbers(op, x.tensor.dims, "its input")
    inner = tuple(
        (n - 1) * windows.strides[i] - windows.pads[i] - windows.pads[rank + i] + kernel[i]
        for i, n in enumerate(dims[2:])
    )
    shape = (*dims[:2], *inner)
    zeros = broadcast(b, filled(b, 0, (1,), x.tensor.storage), [math.prod(shape)])
    flat = b.nn.scatter_nd(zeros, reshape(b, indices, [-1, 1]), reshape(b, x, [-1]))
    y = reshape(b, flat, list(shape))
    if output_shape is None:
        return y
    wanted = b.array(output_shape)
    if wanted is not None:
        added = wanted.reshape(-1) - np.array(shape)
        return b.nn.pad(y, pads=(*(0,) * len(shape), *map(int, added)))
    added_by_operand = b.nn.sub(output_shape, b.constant(shape, I64))
    return b.nn.dynamic_pad(y, b.nn.concat([b.constant(np.zeros(len(shape)), I64), added_by_operand], axis=0))
