"""Functions that compare or weigh neighbourhoods, written out over their offsets."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np

from ....ir import Value
from .layers import is_channel_last
from .pooling import Windows, as_image, from_image, spatial_sizes, windows_of
from .registry import Call, Lifter, lift, refuse
from .shapes import END, expect_rank, numbers, reshape

MOST_OFFSETS = 1024
"""More are refused: each is a handful of operations."""


def _check_count(op: Call, count: int) -> None:
    if count > MOST_OFFSETS:
        raise refuse(op, f"would be written out over {count} offsets; {MOST_OFFSETS} are the limit")


@lift("AdaptiveSeparableConvolution")
def adaptive_separable_convolution(b: Lifter, op: Call, x: Value, vertical: Value, horizontal: Value) -> Value:
    """y[c, h, w] = sum over j, i of vertical[j, h, w] horizontal[i, h, w] x[c, h + j, w + i]"""
    for value in (x, vertical, horizontal):
        expect_rank(op, value, 4)
    rows, height, width = numbers(op, vertical.tensor.dims[1:], "the kernels")
    columns = numbers(op, horizontal.tensor.dims[1:2], "the kernels")[0]
    _check_count(op, rows * columns)

    def one(kernel: Value, index: int) -> Value:
        return b.nn.slice(kernel, starts=(0, index, 0, 0), stops=(END, index + 1, height, width), steps=(1, 1, 1, 1))

    terms = []
    for j in range(rows):
        parts = []
        for i in range(columns):
            seen = b.nn.slice(x, starts=(0, 0, j, i), stops=(END, END, j + height, i + width), steps=(1, 1, 1, 1))
            parts.append(b.nn.mul(seen, one(horizontal, i)))
        terms.append(b.nn.mul(functools.reduce(b.nn.add, parts), one(vertical, j)))
    return functools.reduce(b.nn.add, terms)


@lift("PatchCorrelation")
def patch_correlation(b: Lifter, op: Call, x1: Value, x2: Value) -> Value:
    """The scalar products of patches of x1 with shifted patches of x2: (N, H, W, C) to (N, H', W', shifts y, shifts x).

    For every shift the products of pixels are summed over the channels; the sum over a patch is a pooling.
    """
    expect_rank(op, x1, 4)
    expect_rank(op, x2, 4)
    if [len(v) for v in (op.patch, op.shift, op.patch_step, op.shift_step, op.padding)] != [2, 2, 2, 2, 4]:
        raise refuse(op, "needs two numbers each for patch, shift and their steps, and four for padding")
    if min(*op.shift, *op.padding) < 0 or min(*op.patch, *op.patch_step, *op.shift_step) < 1:
        raise refuse(op, f"has patch {op.patch}, shift {op.shift}, steps {op.patch_step} and {op.shift_step}")
    height, width, _ = numbers(op, x1.tensor.dims[1:], "the images")
    shift, patch = op.shift, op.patch
    top, bottom, left, right = op.padding
    shifts = [range(-n, n + 1, s) for n, s in zip(shift, op.shift_step, strict=True)]
    _check_count(op, len(shifts[0]) * len(shifts[1]))
    padded = b.nn.pad(x2, pads=(0, *shift, 0, 0, *shift, 0))
    products = []
    for dy, dx in itertools.product(*shifts):
        y, x = dy + shift[0], dx + shift[1]
        moved = b.nn.slice(padded, starts=(0, y, x, 0), stops=(END, y + height, x + width, END), steps=(1, 1, 1, 1))
        product = b.nn.reduce_sum(b.nn.mul(x1, moved), axes=(3,), keep_dims=False)
        products.append(reshape(b, op, product, (x1.tensor.dims[0], 1, height, width)))
    mean = b.nn.average_pool(
        b.nn.concat(products, axis=1) if len(products) > 1 else products[0],
        kernel=patch,
        strides=op.patch_step,
        pads=(top, left, bottom, right),
        count_include_pad=True,
    )
    total = b.nn.transpose(b.nn.mul(mean, float(math.prod(patch))), perm=(0, 2, 3, 1))
    return reshape(b, op, total, (*total.tensor.dims[:3], *map(len, shifts)))


@lift("MaxPoolingBackward")
def max_pooling_backward(b: Lifter, op: Call, dy: Value, x: Value) -> Value:
    """Each dy added at the first maximum of its window of x.

    For each place of the kernel, dy is kept where the maximum is there; a transposed convolution whose weights are
    single ones puts these back into their places.
    """
    count = len(op.kernel)
    if is_channel_last(op):
        raise refuse(op, "is lifted for channels before the spatial dimensions")
    image, lead = as_image(b, op, x, count, False)
    gradient, _ = as_image(b, op, dy, count, False)
    sizes, outputs = spatial_sizes(op, image, False), spatial_sizes(op, gradient, False)
    windows = windows_of(op, sizes)
    taps = math.prod(windows.kernel)
    _check_count(op, taps)
    batch = image.tensor.dims[0]
    (channels,) = numbers(op, image.tensor.dims[1:2], "the channels")
    first = b.nn.argmax(_window_elements(b, op, image, windows, outputs), axis=2, keep_dims=False)
    kept = b.nn.mul(b.nn.one_hot(first, depth=taps, axis=2), reshape(b, op, gradient, (batch, channels, 1, *outputs)))
    weight = np.tile(np.eye(taps, dtype=np.float32), (channels, 1)).reshape(-1, 1, *windows.kernel)
    flat = reshape(b, op, kept, (batch, channels * taps, *outputs))
    spread = b.nn.conv_transpose(flat, b.constant(weight), strides=windows.strides, groups=channels)
    return from_image(b, op, _crop(b, op, spread, windows.pad_begin, sizes), lead, False)


def _window_elements(b: Lifter, op: Call, image: Value, windows: Windows, outputs: tuple[int, ...]) -> Value:
    """What each window sees: (N, C, places of the kernel, *windows), outside of the image -inf."""
    batch, channels = image.tensor.dims[:2]
    ends = (p + o for p, o in zip(windows.pad_end, windows.overhang, strict=True))
    padded = b.nn.pad(image, pads=(0, 0, *windows.pad_begin, 0, 0, *ends), value=float("-inf"))
    seen = []
    for place in itertools.product(*map(range, windows.kernel)):
        stops = (p + (n - 1) * s + 1 for p, n, s in zip(place, outputs, windows.strides, strict=True))
        element = b.nn.slice(padded, starts=(0, 0, *place), stops=(END, END, *stops), steps=(1, 1, *windows.strides))
        seen.append(reshape(b, op, element, (batch, channels, 1, *outputs)))
    return b.nn.concat(seen, axis=2)


def _crop(b: Lifter, op: Call, x: Value, begin: tuple[int, ...], sizes: tuple[int, ...]) -> Value:
    """``x`` (N, C, *spatial) from ``begin`` on, in these sizes; what it lacks at the end is 0."""
    stops = tuple(p + n for p, n in zip(begin, sizes, strict=True))
    lacking = (max(s - n, 0) for s, n in zip(stops, numbers(op, x.tensor.dims[2:], "the windows"), strict=True))
    whole = b.nn.pad(x, pads=(*(0,) * (2 + len(begin)), 0, 0, *lacking))
    return b.nn.slice(whole, starts=(0, 0, *begin), stops=(END, END, *stops), steps=(1,) * (2 + len(begin)))
