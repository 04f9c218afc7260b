"""Convolutions: plain, of each channel alone, transposed; and those that TensorFlow's optimizer fused with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....ir import CompileError, Value
from ....ir.dialects.nn.contents import known_elements
from ...nodes import FIX_SHAPE, expect_rank, numbers, refuse
from ...sizes import reshape
from ...windows import Windows, pad_same, same_pad, split_pads
from .activations import activate
from .layout import from_channel_first, is_channel_last, spatial, to_channel_first
from .registry import Lifter, lift
from .windows import explicit_pads, windows_of

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


@lift("Conv2D", "Conv3D")
def conv(b: Lifter, op: TfOp, x: Value, weight: Value) -> Value:
    """The weight is (*k, C / groups, O)."""
    rank = 5 if op.op_type == "Conv3D" else 4
    return from_channel_first(b, op, _conv(b, op, to_channel_first(b, op, x, rank), weight, None))


def _conv(b: Lifter, op: TfOp, x: Value, weight: Value, bias: Value | None) -> Value:
    """The convolution of x, (N, C, ...), by a weight (*k, C / groups, O)."""
    rank = x.tensor.rank
    expect_rank(op, weight, rank, rank)
    kernel = numbers(op, weight.tensor.dims[:-2], "the weight")
    channels, inner = x.tensor.dims[1], weight.tensor.dims[-2]
    if not isinstance(inner, int) or (isinstance(channels, int) and (inner == 0 or channels % inner)):
        raise refuse(op, f"has {channels} channels and a weight of type {weight.type}")
    groups = channels // inner if isinstance(channels, int) else 1
    kernels = b.nn.transpose(weight, perm=(rank - 1, rank - 2, *range(rank - 2)))
    return _convolve(b, x, kernels, bias, windows_of(op, x, kernel), groups)


def _convolve(b: Lifter, x: Value, weight: Value, bias: Value | None, windows: Windows, groups: int) -> Value:
    if windows.same is not None:
        x = pad_same(b, x, windows)
    return b.nn.conv(
        x,
        weight,
        bias,
        strides=windows.strides,
        pads=windows.pads,
        dilations=windows.dilations,
        groups=groups,
    )


@lift("DepthwiseConv2dNative")
def depthwise(b: Lifter, op: TfOp, x: Value, weight: Value) -> Value:
    return from_channel_first(b, op, _depthwise(b, op, to_channel_first(b, op, x, 4), weight, None))


def _depthwise(b: Lifter, op: TfOp, x: Value, weight: Value, bias: Value | None) -> Value:
    """The weight is (kH, kW, C, M): output channel c * M + m is channel c, convolved by kernel m of its own."""
    expect_rank(op, weight, 4, 4)
    height, width, channels, multiplier = numbers(op, weight.tensor.dims, "the weight")
    kernels = b.nn.transpose(weight, perm=(2, 3, 0, 1))
    kernels = b.nn.reshape(kernels, shape=(channels * multiplier, 1, height, width))
    return _convolve(b, x, kernels, bias, windows_of(op, x, (height, width)), channels)


@lift("Conv2DBackpropInput", "Conv3DBackpropInputV2")
def transposed(b: Lifter, op: TfOp, sizes: Value, weight: Value, x: Value) -> Value:
    """The weight is (*k, O, C); ``sizes`` is the shape of the result, which decides how much is cut off."""
    rank = 5 if op.op_type.startswith("Conv3D") else 4
    x = to_channel_first(b, op, x, rank)
    expect_rank(op, weight, rank, rank)
    kernel = numbers(op, weight.tensor.dims[:-2], "the weight")
    strides, dilations = spatial(op, "strides", rank), spatial(op, "dilations", rank)
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    pads, added = _cuts(op, x, _lengths(op, sizes, rank), extents, strides)
    y = b.nn.conv_transpose(
        x,
        b.nn.transpose(weight, perm=(rank - 1, rank - 2, *range(rank - 2))),
        strides=strides,
        pads=pads,
        dilations=dilations,
        output_padding=added,
        groups=_transposed_groups(op, x, weight),
    )
    return from_channel_first(b, op, y)


def _transposed_groups(op: TfOp, x: Value, weight: Value) -> int:
    channels, expected = x.tensor.dims[1], weight.tensor.dims[-1]
    if isinstance(channels, int) and channels != expected:
        raise refuse(op, f"has {channels} channels and a weight of type {weight.type}")
    return 1


def _lengths(op: TfOp, sizes: Value, rank: int) -> tuple[int, ...]:
    """The spatial lengths of the result. Raises CompileError where they are not known."""
    known = known_elements(sizes)
    found = None if known is None else list(known.reshape(-1))
    if found is not None and len(found) == rank:
        found = found[1:-1] if is_channel_last(op) else found[2:]
    if found is None or len(found) != rank - 2 or not all(isinstance(n, int) for n in found):
        raise CompileError(f"{op.op_type} needs a result whose size is known", op.location, FIX_SHAPE)
    return tuple(found)


def _cuts(
    op: TfOp, x: Value, lengths: tuple[int, ...], extents: list[int], strides: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The pads that the result is cut by, and what is missing at its end then: those of the forward convolution."""
    if op.get("padding") == "SAME":
        totals = [same_pad(n, e, s) or 0 for n, e, s in zip(lengths, extents, strides, strict=True)]
        pads = split_pads(totals, "SAME_UPPER")
    else:
        pads = explicit_pads(op, len(lengths) + 2)
    before = numbers(op, x.tensor.dims[2:], "the spatial axes")
    cut = [pads[i] + pads[len(lengths) + i] for i in range(len(lengths))]
    made = [s * (n - 1) + e - c for s, n, e, c in zip(strides, before, extents, cut, strict=True)]
    added = tuple(n - m for n, m in zip(lengths, made, strict=True))
    if any(not 0 <= a < s for a, s in zip(added, strides, strict=True)):
        raise refuse(op, f"gives images of {lengths}, which its strides do not lead to from {before}")
    return pads, added


# Fused by TensorFlow's optimizer


@lift("_FusedConv2D", "_FusedDepthwiseConv2dNative")
def fused_conv(b: Lifter, op: TfOp, x: Value, weight: Value, *args: Value) -> Value:
    build = _conv if op.op_type == "_FusedConv2D" else _depthwise
    x = to_channel_first(b, op, x, 4)
    fused = list(op.get("fused_ops"))
    if fused[:1] == ["FusedBatchNorm"]:
        scale, offset, mean, variance = args[:4]
        y = b.nn.batch_norm(
            build(b, op, x, weight, None), scale, offset, mean, variance, epsilon=float(op.get("epsilon"))
        )
    elif fused[:1] == ["BiasAdd"]:
        y = build(b, op, x, weight, args[0])
    else:
        raise refuse(op, f"is fused with {fused}", "freeze the graph without optimizing it")
    y = activate(b, op, y, fused[1:])
    return from_channel_first(b, op, y)


@lift("_FusedMatMul")
def fused_matmul(b: Lifter, op: TfOp, x: Value, weight: Value, *args: Value) -> Value:
    fused = list(op.get("fused_ops"))
    if fused[:1] != ["BiasAdd"]:
        raise refuse(op, f"is fused with {fused}", "freeze the graph without optimizing it")
    product = b.nn.matmul(
        x, weight, transpose_lhs=bool(op.get("transpose_a")), transpose_rhs=bool(op.get("transpose_b"))
    )
    return activate(b, op, b.nn.add(product, args[0]), fused[1:])


@lift("Dilation2D")
def dilation(b: Lifter, op: TfOp, x: Value, weight: Value) -> Value:
    """In each channel, the greatest sum of an element of the window and one of the kernel, (kH, kW, C).

    The windows are gathered by slices, one for each place of the kernel.
    """
    x = to_channel_first(b, op, x, 4)
    height, width, channels = numbers(op, weight.tensor.dims, "the weight")
    kernel = (height, width)
    steps, rates = spatial(op, "strides", 4), spatial(op, "rates", 4)
    lengths = numbers(op, x.tensor.dims[2:], "the spatial axes")
    extents = [r * (k - 1) + 1 for k, r in zip(kernel, rates, strict=True)]
    totals = [same_pad(n, e, s) or 0 for n, e, s in zip(lengths, extents, steps, strict=True)]
    pads = split_pads(totals if op.get("padding") == "SAME" else [0, 0], "SAME_UPPER")
    lowest = float(np.finfo(x.tensor.storage.dtype).min)
    padded = b.nn.pad(x, pads=(0, 0, *pads[:2], 0, 0, *pads[2:]), value=lowest)
    counts = [(n + pads[i] + pads[2 + i] - extents[i]) // steps[i] + 1 for i, n in enumerate(lengths)]
    found: Value | None = None
    for row in range(height):
        for column in range(width):
            starts = (0, 0, row * rates[0], column * rates[1])
            stops = [s + (c - 1) * step + 1 for s, c, step in zip(starts[2:], counts, steps, strict=True)]
            part = b.nn.slice(padded, starts=starts, stops=(2**31 - 1, 2**31 - 1, *stops), steps=(1, 1, *steps))
            element = b.nn.slice(weight, starts=(row, column, 0), stops=(row + 1, column + 1, channels), steps=(1,) * 3)
            shifted = b.nn.add(part, reshape(b, element, [channels, 1, 1]))
            found = shifted if found is None else b.nn.maximum(found, shifted)
    assert found is not None
    return from_channel_first(b, op, found)
