"""Pools over the last two or three axes. Windows begin before the input, by the pads, and are cut off at its ends."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ....types import Array
from ...nn.window import Window, on_axes
from .registry import FLOATS, Call


@FLOATS.computes("MaxPooling")
def max_pooling(call: Call, x: Array) -> Array:
    return window_max(call, x, -math.inf)


@FLOATS.computes("SumPooling")
def sum_pooling(call: Call, x: Array) -> Array:
    return window_sum(call, x)


@FLOATS.computes("AveragePooling")
def average_pooling(call: Call, x: Array) -> Array:
    result: Array = window_sum(call, x) / window_sizes(call, x).astype(x.dtype)
    return result


def window_max(call: Call, x: Array, lowest: float) -> Array:
    """The greatest of each window; ``lowest`` stands outside of x."""
    y: Array | None = None
    for piece in _taps(call, x, lowest):
        y = piece.copy() if y is None else np.maximum(y, piece)
    assert y is not None
    return y


def window_sum(call: Call, x: Array) -> Array:
    y: Array | None = None
    for piece in _taps(call, x, 0):
        y = piece.copy() if y is None else y + piece
    assert y is not None
    return y


def _taps(call: Call, x: Array, fill: float) -> Iterator[Array]:
    """For each place in the kernel, the elements that all windows have there."""
    rank = len(call.ints("kernel"))
    counts, lengths = call.shape_of_result[-rank:], x.shape[-rank:]
    strides = call.ints("stride") or call.ints("kernel")
    reach = [(n - 1) * s + k for n, s, k in zip(counts, strides, call.ints("kernel"), strict=True)]
    ends = [max(r - p - length, 0) for r, p, length in zip(reach, call.ints("pad"), lengths, strict=True)]
    window = Window.of(call.ints("kernel"), strides, (*call.ints("pad"), *ends))
    padded = window.padded(x, range(x.ndim - rank, x.ndim), fill)
    for _, slices in window.taps(counts):
        yield padded[on_axes(x.ndim, range(x.ndim - rank, x.ndim), slices)]


def window_sizes(call: Call, x: Array) -> Array:
    """What the sum over each window is divided by: its elements, those of pads too if these are included."""
    rank = len(call.ints("kernel"))
    sizes = np.ones((), np.int64)
    strides = call.ints("stride") or call.ints("kernel")
    for axis in range(rank):
        length, pad = x.shape[x.ndim - rank + axis], call.ints("pad")[axis]
        start = np.arange(call.shape_of_result[-rank + axis]) * strides[axis] - pad
        end = np.minimum(start + call.ints("kernel")[axis], length + pad)
        if not call.flag("including_pad"):
            start, end = np.maximum(start, 0), np.minimum(end, length)
        sizes = sizes[..., None] * (end - start)
    return sizes
