"""Pooling and its opposite: over the last dimensions, one a number in ``kernel``."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from ....ir import Value
from ....ir.types import Dim
from .layers import is_channel_last
from .registry import Call, Lifter, lift, refuse
from .shapes import numbers, product, reshape


@attrs.frozen
class Windows:
    """Where the windows lie, in the terms of the nn dialect; one number a spatial dimension."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    pad_begin: tuple[int, ...]
    pad_end: tuple[int, ...]
    overhang: tuple[int, ...]

    @property
    def pads(self) -> tuple[int, ...]:
        return (*self.pad_begin, *self.pad_end)


def windows_of(op: Call, sizes: Sequence[int]) -> Windows:
    """NNabla's windows. With ignore_border there are as many as fit into the padded input, and one where it is smaller
    than the window by less than a stride. Without it there are floor((L + p - 1) / s) + 1, so that the last ones reach
    beyond the padding at the end (or do not use all of it)."""
    kernel: tuple[int, ...] = op.kernel
    strides, pad = op.stride or kernel, op.pad or (0,) * len(kernel)
    if not len(kernel) == len(strides) == len(pad):
        raise refuse(op, f"has kernel {kernel}, stride {strides} and pad {pad}")
    if min((*kernel, *strides), default=1) < 1 or min(pad, default=0) < 0:
        raise refuse(op, f"has kernel {kernel}, stride {strides} and pad {pad}")
    if any(p >= k for p, k in zip(pad, kernel, strict=True)):
        raise refuse(op, f"has windows that lie in the padding alone: pad {pad}, kernel {kernel}")
    if op.ignore_border:
        beyond = [_lacking(k - n - 2 * p, s) for n, k, s, p in zip(sizes, kernel, strides, pad, strict=True)]
    else:
        beyond = [
            (size + p - 1) // s * s + k - size - 2 * p
            for size, k, s, p in zip(sizes, kernel, strides, pad, strict=True)
        ]
    pad_end = tuple(max(p + min(o, 0), 0) for p, o in zip(pad, beyond, strict=True))
    return Windows(kernel, strides, pad, pad_end, tuple(max(o, 0) for o in beyond))


def _lacking(size: int, stride: int) -> int:
    """How far the only window of a small input reaches beyond it (C rounds the number of windows towards 0)."""
    return size if 0 < size < stride else 0


def as_image(b: Lifter, op: Call, x: Value, count: int, channel_last: bool) -> tuple[Value, tuple[Dim, ...]]:
    """``x`` as (batch, channel, *spatial), or with the channel last; and the dimensions before the spatial ones."""
    dims = x.tensor.dims
    channels = dims[-1:] if channel_last else ()
    first = len(dims) - count - len(channels)
    if first < 0:
        raise refuse(op, f"has a kernel of {count} dimensions for {x.type}")
    lead, space = dims[:first], dims[first : first + count]
    if channel_last:
        return reshape(b, op, x, (product(lead), *space, *channels)), lead
    return reshape(b, op, x, (*(lead[:1] or (1,)), product(lead[1:]), *space)), lead


def from_image(b: Lifter, op: Call, y: Value, lead: Sequence[Dim], channel_last: bool) -> Value:
    """The opposite of :func:`as_image`."""
    return reshape(b, op, y, (*lead, *y.tensor.dims[1 if channel_last else 2 :]))


def spatial_sizes(op: Call, image: Value, channel_last: bool) -> tuple[int, ...]:
    dims = image.tensor.dims
    return numbers(op, dims[1:-1] if channel_last else dims[2:], "the spatial dimensions")


def _max(b: Lifter, op: Call, x: Value, windows: Windows, channel_last: bool) -> Value:
    return b.nn.max_pool(
        x,
        kernel=windows.kernel,
        strides=windows.strides,
        pads=windows.pads,
        overhang=windows.overhang,
        channel_last=channel_last,
    )


def _average(b: Lifter, op: Call, x: Value, windows: Windows, channel_last: bool) -> Value:
    return b.nn.average_pool(
        x,
        kernel=windows.kernel,
        strides=windows.strides,
        pads=windows.pads,
        overhang=windows.overhang,
        count_include_pad=op.including_pad,
        channel_last=channel_last,
    )


def _sum(b: Lifter, op: Call, x: Value, windows: Windows, channel_last: bool) -> Value:
    """The average times the count: with the overhang taken as padding, every window counts all its elements."""
    end = (p + o for p, o in zip(windows.pad_end, windows.overhang, strict=True))
    average = b.nn.average_pool(
        x,
        kernel=windows.kernel,
        strides=windows.strides,
        pads=(*windows.pad_begin, *end),
        count_include_pad=True,
        channel_last=channel_last,
    )
    return b.nn.mul(average, float(math.prod(windows.kernel)))


_POOLS = {"MaxPooling": _max, "AveragePooling": _average, "SumPooling": _sum}


@lift(*_POOLS)
def pooling(b: Lifter, op: Call, x: Value) -> Value:
    channel_last = is_channel_last(op)
    image, lead = as_image(b, op, x, len(op.kernel), channel_last)
    windows = windows_of(op, spatial_sizes(op, image, channel_last))
    return from_image(b, op, _POOLS[op.function_type.name](b, op, image, windows, channel_last), lead, channel_last)


@lift("GlobalAveragePooling")
def global_average_pooling(b: Lifter, op: Call, x: Value) -> Value:
    if x.tensor.rank != 4:
        raise refuse(op, f"is defined for four dimensions, got {x.type}", "use Mean over the spatial axes")
    return b.nn.reduce_mean(x, axes=(2, 3), keep_dims=True)


@lift("Unpooling")
def unpooling(b: Lifter, op: Call, x: Value) -> Value:
    """Repeats every element ``kernel`` times along the last dimensions."""
    kernel, channel_last = list(op.kernel), is_channel_last(op)
    while kernel and kernel[0] == 1 and len(kernel) > x.tensor.rank - 2:
        del kernel[0]  # so that the batch and the channels need not be spatial dimensions
    if all(k == 1 for k in kernel):
        return x
    image, lead = as_image(b, op, x, len(kernel), channel_last)
    sizes = (n * k for n, k in zip(spatial_sizes(op, image, channel_last), kernel, strict=True))
    y = b.nn.resize(
        image, sizes=tuple(sizes), mode="nearest", coordinate="asymmetric", rounding="floor", channel_last=channel_last
    )
    return from_image(b, op, y, lead, channel_last)
