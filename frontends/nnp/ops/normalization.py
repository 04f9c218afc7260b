"""Normalizations of data, and of weights where networks compute them."""

from __future__ import annotations

from collections.abc import Sequence

from ....ir import Value
from .registry import Call, Lifter, lift, refuse
from .shapes import axes_of, axis_of, base_axis_of, expect_at_most, filled, numbers, per_channel, product, reshape


@lift("BatchNormalization", "SyncBatchNormalization", "FusedBatchNormalization")
def batch_normalization(
    b: Lifter,
    op: Call,
    x: Value,
    beta: Value | None,
    gamma: Value | None,
    mean: Value | None,
    variance: Value | None,
    z: Value | None = None,
) -> Value:
    """(x - mean) / sqrt(variance + eps) * gamma + beta; the fused form then adds z and applies its nonlinearity."""
    y = normalize_batch(b, op, x, op.axes, beta, gamma, mean, variance)
    if z is not None:
        y = b.nn.add(y, z)
    return nonlinearity(b, op, y) if "nonlinearity" in op.argument_names else y


def nonlinearity(b: Lifter, op: Call, x: Value) -> Value:
    """The activation that a fused function names; leaky_relu and elu have an alpha."""
    kind: str = op.nonlinearity
    arguments: tuple[float, ...] = getattr(op, "nonlinearity_args", ())
    if kind in ("identity", ""):
        return x
    if kind in ("relu", "sigmoid", "tanh"):
        return b.create(f"nn.{kind}", x).result
    if kind == "relu6":
        return b.nn.clip(x, min=0.0, max=6.0)
    if kind in ("leaky_relu", "elu") and len(arguments) == 1:
        return b.create(f"nn.{kind}", x, alpha=arguments[0]).result
    raise refuse(op, f"has the nonlinearity '{kind}' with the arguments {arguments}")


def normalize_batch(
    b: Lifter,
    op: Call,
    x: Value,
    axes: Sequence[int],
    beta: Value | None,
    gamma: Value | None,
    mean: Value | None,
    variance: Value | None,
) -> Value:
    """A batch normalization along one axis, with stored statistics or those of the batch."""
    if len(axes) != 1:
        raise refuse(op, f"has axes {tuple(axes)}; NNabla computes it along one axis only")
    axis = axis_of(op, axes[0], x.tensor.rank)
    if op.batch_stat:
        b.warn(op, "has batch_stat: it is computed from the statistics of each batch", "save the network for inference")
        others = tuple(i for i in range(x.tensor.rank) if i != axis)
        return scale_and_shift(b, normalized(b, x, others, op.eps), *(_along(b, op, v, x, axis) for v in (gamma, beta)))
    if mean is None or variance is None:
        raise refuse(op, "has no mean and variance")
    channels = numbers(op, x.tensor.dims[axis : axis + 1], "the normalized dimension")
    scale = filled(b, 1.0, channels) if gamma is None else reshape(b, op, gamma, channels)
    shift = filled(b, 0.0, channels) if beta is None else reshape(b, op, beta, channels)
    statistics = (reshape(b, op, v, channels) for v in (mean, variance))
    return b.nn.batch_norm(x, scale, shift, *statistics, axis=axis, epsilon=op.eps)


def _along(b: Lifter, op: Call, parameter: Value | None, x: Value, axis: int) -> Value | None:
    if parameter is None:
        return None
    return reshape(b, op, parameter, tuple(d if i == axis else 1 for i, d in enumerate(x.tensor.dims)))


def normalized(b: Lifter, x: Value, axes: Sequence[int], epsilon: float) -> Value:
    """(x - mean) / sqrt(variance + epsilon), the statistics (variance biased) taken over the axes."""
    return b.nn.layer_norm(x, axes=tuple(axes), epsilon=epsilon)


def scale_and_shift(b: Lifter, y: Value, gamma: Value | None, beta: Value | None) -> Value:
    """y * gamma + beta, where either may be left out."""
    y = y if gamma is None else b.nn.mul(y, gamma)
    return y if beta is None else b.nn.add(y, beta)


@lift("LayerNormalization")
def layer_normalization(b: Lifter, op: Call, x: Value, beta: Value | None, gamma: Value | None) -> Value:
    """Statistics over all axes that are not batch axes."""
    batch = axes_of(op, op.batch_axis, x.tensor.rank)
    axes = tuple(i for i in range(x.tensor.rank) if i not in batch)
    return b.nn.layer_norm(x, gamma, beta, axes=axes, epsilon=op.eps)


@lift("InstanceNormalization")
def instance_normalization(b: Lifter, op: Call, x: Value, beta: Value | None, gamma: Value | None) -> Value:
    """Statistics for every channel of every element of the batch."""
    kept = axes_of(op, (*op.batch_axis, op.channel_axis), x.tensor.rank)
    axes = tuple(i for i in range(x.tensor.rank) if i not in kept)
    return scale_and_shift(b, normalized(b, x, axes, op.eps), gamma, beta)


@lift("TensorNormalization")
def tensor_normalization(b: Lifter, op: Call, x: Value, beta: Value | None, gamma: Value | None) -> Value:
    """Statistics over the dimensions that are not in axes."""
    kept = axes_of(op, op.axes, x.tensor.rank)
    axes = tuple(i for i in range(x.tensor.rank) if i not in kept)
    return scale_and_shift(b, normalized(b, x, axes, op.eps), gamma, beta)


@lift("GroupNormalization")
def group_normalization(b: Lifter, op: Call, x: Value, beta: Value | None, gamma: Value | None) -> Value:
    """Statistics for every group of adjacent channels of every element of the batch."""
    dims = x.tensor.dims
    if not dims:
        raise refuse(op, "needs channels, got a number")
    channel = axis_of(op, op.channel_axis, len(dims))
    (channels,) = numbers(op, dims[channel : channel + 1], "the channel dimension")
    if op.num_groups < 1 or channels % op.num_groups:
        raise refuse(op, f"has {channels} channels in {op.num_groups} groups")
    split = (*dims[:channel], op.num_groups, channels // op.num_groups, *dims[channel + 1 :])
    kept = {a if a < channel else a + 1 for a in axes_of(op, op.batch_axis, len(dims))} | {channel}
    axes = tuple(i for i in range(len(split)) if i not in kept)
    y = normalized(b, reshape(b, op, x, split), axes, op.eps)
    return scale_and_shift(b, reshape(b, op, y, dims), gamma, beta)


@lift("WeightStandardization")
def weight_standardization(b: Lifter, op: Call, weight: Value) -> Value:
    channel = axis_of(op, op.channel_axis, weight.tensor.rank)
    return normalized(b, weight, [i for i in range(weight.tensor.rank) if i != channel], op.eps)


@lift("WeightNormalization")
def weight_normalization(b: Lifter, op: Call, weight: Value, scale: Value) -> Value:
    """w * g / sqrt(sum of w^2 over the other dimensions + eps)"""
    axis = axis_of(op, op.dim, weight.tensor.rank)
    others = tuple(i for i in range(weight.tensor.rank) if i != axis)
    squares = b.nn.reduce_sum(b.nn.square(weight), axes=others, keep_dims=True)
    scale = per_channel(b, op, scale, axis, weight.tensor.rank)
    return b.nn.mul(b.nn.mul(weight, scale), b.nn.rsqrt(b.nn.add(squares, op.eps)))


@lift("NormNormalization")
def norm_normalization(b: Lifter, op: Call, x: Value) -> Value:
    """x / norm(x); NNabla does not use eps."""
    return b.nn.div(x, norm(b, op, x, op.axes, keep_dims=True))


@lift("Norm")
def norm_over_axes(b: Lifter, op: Call, x: Value) -> Value:
    return norm(b, op, x, op.axes, keep_dims=op.keep_dims)


def norm(b: Lifter, op: Call, x: Value, axes: Sequence[int], keep_dims: bool) -> Value:
    """(sum of abs(x)^p over the axes)^(1/p); a p of 0 is one that the file leaves out: 2."""
    p = op.p or 2.0
    power = b.nn.square(x) if p == 2 else b.nn.abs(x) if p == 1 else b.nn.pow(b.nn.abs(x), p)
    total = b.nn.reduce_sum(power, axes=axes_of(op, axes, x.tensor.rank), keep_dims=keep_dims)
    return b.nn.sqrt(total) if p == 2 else total if p == 1 else b.nn.pow(total, 1 / p)


@lift("SpectralNorm")
def spectral_norm(b: Lifter, op: Call, weight: Value, u: Value) -> tuple[Value, Value]:
    """w / sigma, and u; sigma is the largest singular value after ``itr`` rounds of the power iteration from u."""
    expect_at_most(op, "rounds", op.itr, 1000)
    axis = axis_of(op, op.dim, weight.tensor.rank)
    perm = (axis, *(i for i in range(weight.tensor.rank) if i != axis))
    moved = b.nn.transpose(weight, perm=perm)
    rows, *columns = moved.tensor.dims
    matrix = reshape(b, op, moved, (rows, product(columns)))
    left = reshape(b, op, u, (1, rows))
    right = left
    for _ in range(op.itr):
        right = _unit(b, b.nn.matmul(left, matrix), op.eps)
        left = _unit(b, b.nn.matmul(right, matrix, transpose_rhs=True), op.eps)
    sigma = b.nn.matmul(b.nn.matmul(left, matrix), right, transpose_rhs=True)
    scaled = b.nn.div(weight, reshape(b, op, sigma, (1,) * weight.tensor.rank))
    return scaled, u


def _unit(b: Lifter, row: Value, epsilon: float) -> Value:
    squares = b.nn.reduce_sum(b.nn.square(row), axes=(1,), keep_dims=True)
    return b.nn.mul(row, b.nn.rsqrt(b.nn.add(squares, epsilon)))


@lift("MeanSubtraction")
def mean_subtraction(b: Lifter, op: Call, x: Value, running_mean: Value, t: Value) -> Value:
    """x - mean. With update_running_mean, NNabla first moves the stored mean towards that of the batch."""
    base = base_axis_of(op, x.tensor.rank)
    mean = reshape(b, op, running_mean, x.tensor.dims[base:])
    if op.update_running_mean:
        b.warn(op, "updates its mean at every run; here each run starts from the stored one", "save it for inference")
        batch = b.nn.reduce_mean(x, axes=tuple(range(base)), keep_dims=False) if base else x
        count = b.nn.add(reshape(b, op, t, ()), 1.0)
        mean = b.nn.add(mean, b.nn.div(b.nn.sub(batch, mean), count))
    return b.nn.sub(x, mean)
