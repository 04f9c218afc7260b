"""Convolutions, plain and transposed, of images and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....ir import Value
from ....ir.dialects.tfl.windows import same_padding
from ...nodes import expect_rank, numbers, refuse
from ...windows import Windows, pad_same, same_pad, split_pads
from .lifter import activated
from .registry import Lifter, lift


def windows_of(op: Any, x: Value, kernel: Sequence[int], dilations: Sequence[int] = ()) -> Windows:
    """The windows of an operator over a channel-first x."""
    strides = tuple(int(s) for s in op.strides)
    rank = len(strides)
    dilations = tuple(int(d) for d in dilations) or (1,) * rank
    if min(*strides, *dilations, *kernel) < 1:
        raise refuse(op, f"has strides {strides}, dilations {dilations} and a kernel {tuple(kernel)}")
    windows = Windows(tuple(kernel), strides, dilations, (0,) * (2 * rank))
    if op.padding == "VALID":
        return windows
    extents = windows.extents
    totals = [same_pad(n, e, s) for n, e, s in zip(x.tensor.dims[2:], extents, strides, strict=True)]
    known = [t for t in totals if t is not None]
    if len(known) < rank:
        return Windows(windows.kernel, strides, dilations, windows.pads, "SAME_UPPER")
    return Windows(windows.kernel, strides, dilations, split_pads(known, "SAME_UPPER"))


def _kernel(op: Any, filter: Value, axes: slice) -> tuple[int, ...]:
    return numbers(op, filter.tensor.dims, "the kernel")[axes]


def _convolve(b: Lifter, op: Any, x: Value, weight: Value, bias: Value | None, groups: int) -> Value:
    """A convolution of channel-first x with weights (O, C / groups, *kernel), channel-last again."""
    windows = windows_of(op, x, numbers(op, weight.tensor.dims[2:], "the kernel"), op.dilations)
    if windows.same is not None:
        x = pad_same(b, x, windows)
    y = b.nn.conv(
        x,
        weight,
        bias,
        strides=windows.strides,
        pads=windows.pads,
        dilations=windows.dilations,
        groups=groups,
    )
    return b.channel_last(activated(b, op, y))


@lift("CONV_2D")
def conv_2d(b: Lifter, op: Any, x: Value, filter: Value, bias: Value | None = None) -> Value:
    expect_rank(op, filter, 4, 4)
    image = b.channel_first(op, x)
    channels, per_group = image.tensor.dims[1], filter.tensor.dims[3]
    groups = 1
    if isinstance(channels, int) and isinstance(per_group, int) and per_group > 0:
        groups = channels // per_group
    return _convolve(b, op, image, b.transpose(filter, (0, 3, 1, 2)), bias, groups)


@lift("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(b: Lifter, op: Any, x: Value, filter: Value, bias: Value | None = None) -> Value:
    expect_rank(op, filter, 4, 4)
    image = b.channel_first(op, x)
    (channels,) = numbers(op, image.tensor.dims[1:2], "the channels")
    return _convolve(b, op, image, b.transpose(filter, (3, 0, 1, 2)), bias, channels)


@lift("CONV_3D")
def conv_3d(b: Lifter, op: Any, x: Value, filter: Value, bias: Value | None = None) -> Value:
    expect_rank(op, filter, 5, 5)
    volume = b.channel_first(op, x, 5)
    channels, per_group = volume.tensor.dims[1], filter.tensor.dims[3]
    groups = channels // per_group if isinstance(channels, int) and isinstance(per_group, int) and per_group else 1
    return _convolve(b, op, volume, b.transpose(filter, (4, 3, 0, 1, 2)), bias, groups)


def _convolve_transposed(
    b: Lifter, op: Any, x: Value, weight: Value, bias: Value | None, lengths: Sequence[int]
) -> Value:
    """A transposed convolution of channel-first x with weights (C, O, *kernel), to these spatial lengths."""
    kernel = numbers(op, weight.tensor.dims[2:], "the kernel")
    given = numbers(op, x.tensor.dims[2:], "the image")
    strides, dilations = op.strides, getattr(op, "dilations", None) or (1,) * len(kernel)
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    begins, ends, added = [], [], []
    for old, new, extent, stride in zip(given, lengths, extents, strides, strict=True):
        begin = same_padding(new, extent, stride)[0] if op.padding == "SAME" else 0
        end = (old - 1) * stride + extent - begin - new
        begins.append(begin)
        ends.append(max(end, 0))
        added.append(max(-end, 0))
    y = b.nn.conv_transpose(
        x,
        weight,
        bias,
        strides=tuple(strides),
        dilations=tuple(dilations),
        pads=(*begins, *ends),
        output_padding=tuple(added),
    )
    return b.channel_last(activated(b, op, y))


@lift("TRANSPOSE_CONV")
def transpose_conv(
    b: Lifter, op: Any, output_shape: Value, weights: Value, x: Value, bias: Value | None = None
) -> Value:
    expect_rank(op, weights, 4, 4)
    image = b.channel_first(op, x)
    lengths = _lengths(b, op, output_shape)
    return _convolve_transposed(b, op, image, b.transpose(weights, (3, 0, 1, 2)), bias, lengths)


def _lengths(b: Lifter, op: Any, output_shape: Value) -> tuple[int, ...]:
    """The spatial lengths of the result. That of the batch may be open."""
    return numbers(op, (b.elements(output_shape) or [None, None, None])[1:-1], "the output")


@lift("CONV_3D_TRANSPOSE")
def conv_3d_transpose(
    b: Lifter, op: Any, output_shape: Value, filter: Value, x: Value, bias: Value | None = None
) -> Value:
    expect_rank(op, filter, 5, 5)
    volume = b.channel_first(op, x, 5)
    lengths = _lengths(b, op, output_shape)
    return _convolve_transposed(b, op, volume, b.transpose(filter, (4, 3, 0, 1, 2)), bias, lengths)
