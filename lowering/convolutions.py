"""Convolutions in steps that targets have which know the padding schemes SAME and VALID."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.dialects.nn.window import Window, on_axes, spatial_axes
from ..ir.dialects.tfl.windows import padding_scheme
from ..ir.module import constant_array, constant_attribute
from ..ir.types import F32, Array, ElementType
from .expansion import reshaped, viewed

_MOST_DENSE = 1 << 20
"""Grouped transposed convolutions become dense ones while the weights have no more elements than this."""


def lengths_of(x: Value, channel_last: bool) -> tuple[int, ...] | None:
    """The spatial lengths of a value; None where one is not known."""
    dims = x.tensor.dims
    lengths = tuple(dims[a] for a in spatial_axes(len(dims), channel_last))
    return lengths if all(isinstance(n, int) for n in lengths) else None  # type: ignore[return-value]


def zero_padded(
    b: Builder, x: Value, begin: Sequence[int], end: Sequence[int], channel_last: bool, value: float = 0.0
) -> Value:
    """x with ``value`` around its spatial dimensions."""
    if not any((*begin, *end)):
        return x
    rank = x.tensor.rank
    pads = [0] * (2 * rank)
    for axis, before, behind in zip(spatial_axes(rank, channel_last), begin, end, strict=True):
        pads[axis], pads[rank + axis] = before, behind
    return b.nn.pad(x, pads=pads, value=value)


def integer_product(b: Builder, op: nn.Conv | nn.Matmul, real: ElementType = F32) -> Value | None:
    """Products of integers in floats: TFLite has none of 32 bits. Sums above 2^24 are rounded to 24 bits in f32."""
    if not op.operands[0].tensor.expressed.is_integer:  # type: ignore[union-attr]  # required
        return None
    operands = [None if v is None else b.nn.cast(v, to=real) for v in op.operands]
    made = b.create(op.name, *operands, **op.attributes).result
    return b.nn.cast(made, to=op.result.tensor.expressed)


def conv_of_pad(b: Builder, op: nn.Conv) -> Value | None:
    """A pad with zeros before a convolution that has pads too: together they are one, and may even be SAME."""
    pad = op.x.defining_op
    if not isinstance(pad, nn.Pad) or not op.x.has_one_use or pad.mode != "constant" or pad.value != 0.0:
        return None
    if any(p < 0 for p in pad.pads):
        return None
    axes = list(spatial_axes(op.x.tensor.rank, op.channel_last))
    if any(any(pair) for i, pair in enumerate(pad.pairs) if i not in axes):
        return None
    begin = [o + pad.pairs[a][0] for o, a in zip(op.window.pads_begin, axes, strict=True)]
    end = [o + pad.pairs[a][1] for o, a in zip(op.window.pads_end, axes, strict=True)]
    made = _conv_like(b, op, pad.x, op.weight, op.bias, (*begin, *end), op.groups)
    lengths = lengths_of(pad.x, op.channel_last)
    merges = any(op.pads) or (lengths is not None and padding_scheme(made.window, lengths) is not None)
    if merges:
        return made.output
    made.erase()
    return None


def _conv_like(
    b: Builder, op: nn.Conv, x: Value, weight: Value, bias: Value | None, pads: Sequence[int], groups: int
) -> nn.Conv:
    made = b.create(
        "nn.conv",
        x,
        weight,
        bias,
        strides=op.strides,
        pads=pads,
        dilations=op.dilations,
        groups=groups,
        channel_last=op.channel_last,
    )
    assert isinstance(made, nn.Conv)
    return made


def conv_pads(b: Builder, op: nn.Conv) -> Value | None:
    """Pads that are neither SAME nor VALID become an operation."""
    lengths = lengths_of(op.x, op.channel_last)
    if lengths is None or padding_scheme(op.window, lengths) is not None:
        return None
    begin, end = op.window.pads_begin, op.window.pads_end
    x = zero_padded(b, op.x, begin, end, op.channel_last)
    return _conv_like(b, op, x, op.weight, op.bias, (0,) * len(op.pads), op.groups).output


def conv_3d_groups(b: Builder, op: nn.Conv) -> Value | None:
    """CONV_3D has no groups: each becomes a convolution."""
    if op.spatial_rank != 3 or op.groups == 1:
        return None
    axis = op.x.tensor.rank - 1 if op.channel_last else 1
    parts = _by_group(b, op, op.x, axis), _by_group(b, op, op.weight, 0)
    biases = [None] * op.groups if op.bias is None else _by_group(b, op, op.bias, 0)
    made = [_conv_like(b, op, x, w, c, op.pads, 1).output for x, w, c in zip(*parts, biases, strict=True)]
    return b.nn.concat(made, axis=axis)


def _by_group(b: Builder, op: nn.ConvolutionOp, value: Value, axis: int) -> Sequence[Value]:
    length = value.tensor.dims[axis]
    assert isinstance(length, int)
    share = length // op.groups
    if axis == 0 and constant_attribute(value) is not None:
        dims = (share, *value.tensor.static_shape[1:])
        views = [
            viewed(b, value, dims, lambda w, g=g: w[g * share : (g + 1) * share])  # type: ignore[misc]
            for g in range(op.groups)
        ]
        return [v for v in views if v is not None]
    return b.nn.split(value, axis=axis, sizes=(share,) * op.groups)


# Transposed convolution


def _transpose_like(
    b: Builder, op: nn.ConvTranspose, x: Value, weight: Value | Array, bias: Value | None, **options: object
) -> Value:
    settings: dict[str, object] = {
        "strides": op.strides,
        "pads": op.pads,
        "dilations": op.dilations,
        "output_padding": op.output_padding,
        "groups": op.groups,
        "channel_last": op.channel_last,
    }
    return b.nn.conv_transpose(x, weight, bias, **(settings | options))


def _with_holes(b: Builder, op: nn.ConvolutionOp) -> Value | Array:
    """The weights with zeros where dilations leave holes."""
    weight = constant_array(op.weight)
    if weight is not None:
        full = np.zeros((*weight.shape[:2], *op.window.extents), weight.dtype)
        holes = [slice(None, None, d) for d in op.dilations]
        full[on_axes(full.ndim, range(2, full.ndim), holes)] = weight
        return full
    y = op.weight
    for axis, (dilation, extent) in enumerate(zip(op.dilations, op.window.extents, strict=True), 2):
        if dilation > 1:  # each element with its zeros behind it; those behind the last one are cut off
            dims = y.tensor.static_shape
            before, behind = math.prod(dims[:axis]), math.prod(dims[axis + 1 :])
            rows = reshaped(b, y, (before, dims[axis], 1, behind))
            rows = b.nn.pad(rows, pads=(0, 0, 0, 0, 0, 0, dilation - 1, 0))
            rows = reshaped(b, rows, (before, dims[axis] * dilation, behind))
            rows = b.nn.slice(rows, starts=(0, 0, 0), stops=(before, extent, behind), steps=(1, 1, 1))
            y = reshaped(b, rows, (*dims[:axis], extent, *dims[axis + 1 :]))
    return y


def dilations(b: Builder, op: nn.ConvolutionOp) -> Value | None:
    """TRANSPOSE_CONV has no dilations, and LiteRT 1.2 computes CONV_3D's wrong: the holes go into the weights."""
    if all(d == 1 for d in op.dilations) or (isinstance(op, nn.Conv) and op.spatial_rank != 3):
        return None
    full = _with_holes(b, op)
    plain = (1,) * len(op.dilations)
    if isinstance(op, nn.ConvTranspose):
        return _transpose_like(b, op, op.x, full, op.bias, dilations=plain)
    return b.nn.conv(
        op.x,
        full,
        op.bias,
        strides=op.strides,
        pads=op.pads,
        groups=op.groups,
        channel_last=op.channel_last,
    )


def transpose_groups(b: Builder, op: nn.ConvTranspose) -> Value | None:
    """TRANSPOSE_CONV has no groups: zeros between them while that is small, else one operation each."""
    if op.groups == 1:
        return None
    weight = constant_array(op.weight)
    inputs, per_group, *kernel = op.weight.tensor.static_shape
    outputs, groups = per_group * op.groups, op.groups
    if weight is not None and inputs * outputs * math.prod(kernel) <= _MOST_DENSE:
        dense = np.zeros((inputs, outputs, *kernel), weight.dtype)
        share = inputs // groups
        for g in range(groups):
            rows = slice(g * share, (g + 1) * share)
            dense[rows, g * per_group : (g + 1) * per_group] = weight[rows]
        return _transpose_like(b, op, op.x, dense, op.bias, groups=1)
    axis = op.x.tensor.rank - 1 if op.channel_last else 1
    parts = _by_group(b, op, op.x, axis), _by_group(b, op, op.weight, 0)
    biases = [None] * groups if op.bias is None else _by_group(b, op, op.bias, 0)
    made = [_transpose_like(b, op, x, w, c, groups=1) for x, w, c in zip(*parts, biases, strict=True)]
    return b.nn.concat(made, axis=axis)


def _is_risky(window: Window, lengths: Sequence[int]) -> bool:
    """Whether LiteRT 1.2 leaves its buffers with padding SAME: for steps longer than the kernel or the output."""
    longer = (s > k or s > n for k, s, n in zip(window.kernel, window.strides, lengths, strict=True))
    return any(longer)


def transpose_pads(b: Builder, op: nn.ConvTranspose) -> Value | None:
    """Pads that are neither SAME nor VALID: the whole is computed, and a part of it kept."""
    window, shape = op.window, op.output.tensor
    lengths, inputs = lengths_of(op.output, op.channel_last), lengths_of(op.x, op.channel_last)
    if lengths is None or inputs is None or op.groups != 1 or any(d != 1 for d in op.dilations):
        return None
    scheme = None if any(op.output_padding) else padding_scheme(window, lengths)
    if scheme == "VALID" or (scheme == "SAME" and not _is_risky(window, lengths)):
        return None
    spans = [s * (n - 1) + k for s, n, k in zip(window.strides, inputs, window.kernel, strict=True)]
    reach = [begin + n for begin, n in zip(window.pads_begin, lengths, strict=True)]
    weight = op.weight
    longer = [max(0, r - s) for r, s in zip(reach, spans, strict=True)]
    if any(longer):  # the output ends beyond the last kernel: zeros at the end of the kernel reach there
        weight = b.nn.pad(weight, pads=(0,) * (2 + len(spans)) + (0, 0, *longer))
    zeros = (0,) * len(spans)
    y = _transpose_like(b, op, op.x, weight, op.bias, pads=zeros * 2, output_padding=zeros)
    axes = spatial_axes(shape.rank, op.channel_last)
    whole = [(0, d, 1) for d in y.tensor.static_shape]
    for axis, begin, stop in zip(axes, window.pads_begin, reach, strict=True):
        whole[axis] = (begin, stop, 1)
    starts, stops, steps = zip(*whole, strict=True)
    if all(piece == (0, d, 1) for piece, d in zip(whole, y.tensor.static_shape, strict=True)):
        return y
    return b.nn.slice(y, starts=starts, stops=stops, steps=steps)
