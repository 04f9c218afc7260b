"""Affine and convolutional layers and Embed."""

from __future__ import annotations

from ....ir import Value
from .movement import pad_pairs
from .normalization import nonlinearity, normalize_batch
from .registry import Call, Lifter, lift, refuse
from .shapes import as_index, base_axis_of, expect_rank, product, reshape


@lift("Affine")
def affine(b: Lifter, op: Call, x: Value, weight: Value, bias: Value | None) -> Value:
    """Dimensions before base_axis are rows, the others columns; the weight is (columns, *output)."""
    dims, base = x.tensor.dims, base_axis_of(op, x.tensor.rank)
    columns, (taken, *output) = product(dims[base:]), weight.tensor.dims or (None,)
    if columns != taken:
        raise refuse(op, f"has a weight of type {weight.type} for {columns or '?'} columns of {x.type}")
    rows = dims[:-1] if dims[-1:] == (taken,) else dims[:base] or (1,)  # dimensions of 1 need not be flattened
    y = b.nn.affine(
        reshape(b, op, x, (*rows, taken)),
        reshape(b, op, weight, (taken, product(output))),
        None if bias is None else reshape(b, op, bias, (product(output),)),
    )
    return reshape(b, op, y, (*dims[:base], *output))


@lift("Embed")
def embed(b: Lifter, op: Call, indices: Value, table: Value) -> Value:
    return b.nn.gather(table, as_index(b, indices), axis=0)


@lift("Convolution")
def convolution(b: Lifter, op: Call, x: Value, weight: Value, bias: Value | None) -> Value:
    pad = spatial(op, "pad", weight.tensor.rank - 2, 0)
    return convolve(b, op, x, weight, bias, (*pad, *pad))


def convolve(b: Lifter, op: Call, x: Value, weight: Value, bias: Value | None, pads: tuple[int, ...]) -> Value:
    """The weight is (O, C / group, *kernel), with channel_last (O, *kernel, C / group)."""
    channel_last = is_channel_last(op)
    if channel_last:
        weight = channel_second(b, weight)
    count = weight.tensor.rank - 2
    y = b.nn.conv(
        as_batch(b, op, x, count),
        weight,
        bias,
        strides=spatial(op, "stride", count, 1),
        pads=pads,
        dilations=spatial(op, "dilation", count, 1),
        groups=op.group,
        channel_last=channel_last,
    )
    return restore_batch(b, op, y, x)


@lift("DepthwiseConvolution")
def depthwise_convolution(b: Lifter, op: Call, x: Value, weight: Value, bias: Value | None) -> Value:
    """Output channel o reads input channel o // multiplier; the weight is (O, *kernel)."""
    outputs, *kernel = weight.tensor.dims or (None,)
    base = base_axis_of(op, x.tensor.rank)
    channels = x.tensor.dims[base] if base < x.tensor.rank else None
    if not isinstance(channels, int) or outputs != channels * op.multiplier:
        raise refuse(op, f"has a weight of type {weight.type} for {channels} channels times {op.multiplier}")
    pad = spatial(op, "pad", len(kernel), 0)
    y = b.nn.conv(
        as_batch(b, op, x, len(kernel)),
        reshape(b, op, weight, (outputs, 1, *kernel)),
        bias,
        strides=spatial(op, "stride", len(kernel), 1),
        pads=(*pad, *pad),
        dilations=spatial(op, "dilation", len(kernel), 1),
        groups=channels,
    )
    return restore_batch(b, op, y, x)


@lift("Deconvolution")
def deconvolution(b: Lifter, op: Call, x: Value, weight: Value, bias: Value | None) -> Value:
    """The weight is (C, O / group, *kernel), with channel_last (C, *kernel, O / group)."""
    channel_last = is_channel_last(op)
    if channel_last:
        weight = channel_second(b, weight)
    count = weight.tensor.rank - 2
    pad = spatial(op, "pad", count, 0)
    y = b.nn.conv_transpose(
        as_batch(b, op, x, count),
        weight,
        bias,
        strides=spatial(op, "stride", count, 1),
        pads=(*pad, *pad),
        dilations=spatial(op, "dilation", count, 1),
        groups=op.group,
        output_padding=spatial(op, "output_padding", count, 0),
        channel_last=channel_last,
    )
    return restore_batch(b, op, y, x)


@lift("DepthwiseDeconvolution")
def depthwise_deconvolution(b: Lifter, op: Call, x: Value, weight: Value, bias: Value | None) -> Value:
    """Input channel c adds to output channel c // divisor; the weight is (C, *kernel)."""
    channels, *kernel = weight.tensor.dims or (None,)
    if not isinstance(channels, int) or op.divisor < 1 or channels % op.divisor:
        raise refuse(op, f"has a divisor of {op.divisor} for {channels} channels")
    pad = spatial(op, "pad", len(kernel), 0)
    y = b.nn.conv_transpose(
        as_batch(b, op, x, len(kernel)),
        reshape(b, op, weight, (channels, 1, *kernel)),
        bias,
        strides=spatial(op, "stride", len(kernel), 1),
        pads=(*pad, *pad),
        dilations=spatial(op, "dilation", len(kernel), 1),
        groups=channels // op.divisor,
        output_padding=(0,) * len(kernel),
    )
    return restore_batch(b, op, y, x)


@lift("FusedConvolution")
def fused_convolution(
    b: Lifter,
    op: Call,
    x: Value,
    weight: Value,
    bias: Value | None,
    beta: Value | None,
    gamma: Value | None,
    mean: Value | None,
    variance: Value | None,
    z: Value | None,
) -> Value:
    """Padding, convolution, batch normalization, + z, nonlinearity; what is not given is left out."""
    channel_last = is_channel_last(op)
    count = weight.tensor.rank - 2
    expect_rank(op, x, base_axis_of(op, x.tensor.rank) + count + 1)
    pads = op.pad if len(op.pad) == 2 * count else tuple(p for p in spatial(op, "pad", count, 0) for _ in range(2))
    first = x.tensor.rank - count - (1 if channel_last else 0)
    width = (*(0,) * (2 * first), *pads, *((0, 0) if channel_last else ()))
    padded = pad_pairs(b, op, x, width, op.pad_mode, op.constant_value)
    y = convolve(b, op, padded, weight, bias, (0,) * (2 * count))
    if beta is not None:
        axis = x.tensor.rank - 1 if channel_last else base_axis_of(op, x.tensor.rank)
        y = normalize_batch(b, op, y, (axis,), beta, gamma, mean, variance)
    return nonlinearity(b, op, y if z is None else b.nn.add(y, z))


def is_channel_last(op: Call) -> bool:
    return "channel_last" in op.argument_names and bool(op.channel_last)


def channel_second(b: Lifter, weight: Value) -> Value:
    """A weight (A, *kernel, B) as (A, B, *kernel)."""
    last = weight.tensor.rank - 1
    return b.nn.transpose(weight, perm=(0, last, *range(1, last)))


def spatial(op: Call, name: str, count: int, default: int) -> tuple[int, ...]:
    """An argument with one number a spatial dimension; one that the file leaves out is its default everywhere."""
    given: tuple[int, ...] = getattr(op, name) or (default,) * count
    if len(given) != count or min(given, default=default) < min(default, 1):
        raise refuse(op, f"has {name} {given} for {count} spatial dimensions")
    return given


def as_batch(b: Lifter, op: Call, x: Value, spatial_rank: int) -> Value:
    """``x`` with one batch dimension in place of all before base_axis."""
    dims, base = x.tensor.dims, base_axis_of(op, x.tensor.rank)
    if len(dims) - base != spatial_rank + 1:
        raise refuse(op, f"has a kernel of {spatial_rank} dimensions for {x.type} with base_axis {op.base_axis}")
    return x if base == 1 else reshape(b, op, x, (product(dims[:base]), *dims[base:]))


def restore_batch(b: Lifter, op: Call, y: Value, x: Value) -> Value:
    """``y`` with the dimensions that ``x`` has before base_axis."""
    base = base_axis_of(op, x.tensor.rank)
    return y if base == 1 else reshape(b, op, y, (*x.tensor.dims[:base], *y.tensor.dims[1:]))
