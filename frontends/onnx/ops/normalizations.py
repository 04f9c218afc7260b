"""Normalizations, by given statistics and by those of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.types import F32, ElementType
from ...nodes import axes_of, axis_of, expect_rank, numbers, refuse
from ...sizes import along, cast, filled, reshape, sizes_of
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

UNUSED = (None,) * 4
"""In place of the further outputs of a node where nothing uses them."""


@lift("BatchNormalization")
def batch_normalization(
    b: Lifter, op: OnnxOp, x: Value, scale: Value, bias: Value, mean: Value, variance: Value
) -> tuple[Value | None, ...]:
    """(x - mean) / sqrt(variance + epsilon) * scale + bias.

    In training mode (an attribute since version 14, before is_test or the number of outputs) with the statistics of the
    batch; further outputs are then running ones. Before version 9, spatial = 0 has statistics for each place.
    """
    rank = expect_rank(op, x, 1)
    training = _is_training(b, op)
    if op.get("spatial") == 0:
        if training:
            raise refuse(op, "is in training mode with spatial = 0", "save the model for inference")
        return (_per_place(b, op, x, scale, bias, mean, variance), *UNUSED)
    if training:
        return _train(b, op, x, scale, bias, mean, variance)
    wide = _widest(x, scale, bias, mean, variance)
    data = cast(b, x if rank > 1 else reshape(b, x, [*sizes_of(x), 1]), wide)
    y = b.nn.batch_norm(data, *(cast(b, v, wide) for v in (scale, bias, mean, variance)), epsilon=op.get("epsilon"))
    y = y if rank > 1 else reshape(b, y, sizes_of(x))
    return (cast(b, y, x.tensor.expressed), *UNUSED)


def _is_training(b: Lifter, op: OnnxOp) -> bool:
    """Before version 14 the number of outputs tells; before version 7 there is also an attribute."""
    if op.version >= 14:
        return bool(op.get("training_mode"))
    more = any(r.has_uses for r in op.results[1:])
    if op.version >= 7 or op.get("is_test"):
        return more
    if not more:
        b.warn(op, "has is_test = 0, but only the output of inference: it uses the stored statistics")
    return more


def _widest(*values: Value) -> ElementType:
    """float32 where any of float16 values is that: versions 14 and 15 let statistics be wider than x."""
    kinds = [v.tensor.expressed for v in values]
    return max(kinds, key=lambda kind: kind.bits)


def _per_place(b: Lifter, op: OnnxOp, x: Value, *parameters: Value) -> Value:
    """Statistics for every place of every channel: elementwise."""
    scale, bias, mean, variance = parameters
    centred = b.nn.sub(x, mean)
    factor = b.nn.div(scale, b.nn.sqrt(b.nn.add(variance, op.get("epsilon"))))
    return b.nn.add(b.nn.mul(centred, factor), bias)


def _train(
    b: Lifter, op: OnnxOp, x: Value, scale: Value, bias: Value, mean: Value, variance: Value
) -> tuple[Value | None, ...]:
    """With the statistics of the batch: y, and running statistics (before version 14 also those of the batch)."""
    rank = x.tensor.rank
    axes = tuple(i for i in range(rank) if i != 1)
    wide = _widest(x, mean)
    data = cast(b, x, wide)
    own_mean = b.nn.reduce_mean(data, axes=axes, keep_dims=False)
    centred = b.nn.sub(data, along(b, own_mean, 1, rank))
    own_variance = b.nn.reduce_mean(b.nn.square(centred), axes=axes, keep_dims=False)
    normal = b.nn.batch_norm(
        data, *(cast(b, v, wide) for v in (scale, bias, own_mean, own_variance)), axis=1, epsilon=op.get("epsilon")
    )
    y = cast(b, normal, x.tensor.expressed)
    if not any(r.has_uses for r in op.results[1:]):
        return (y, *UNUSED)
    momentum = float(op.get("momentum"))
    running = [
        cast(b, b.nn.add(b.nn.mul(cast(b, old, wide), momentum), b.nn.mul(new, 1 - momentum)), old.tensor.expressed)
        for old, new in ((mean, own_mean), (variance, own_variance))
    ]
    if op.version >= 14:
        return (y, *running)
    return (y, *running, own_mean, own_variance)


def normalized(b: Lifter, x: Value, axes: Sequence[int], epsilon: float) -> Value:
    """(x - mean) / sqrt(variance + epsilon) over the axes, with the biased variance."""
    return b.nn.layer_norm(x, axes=tuple(axes), epsilon=epsilon)


def scaled(b: Lifter, y: Value, scale: Value | None, bias: Value | None) -> Value:
    """y * scale + bias, where either may be left out."""
    y = y if scale is None else b.nn.mul(y, scale)
    return y if bias is None else b.nn.add(y, bias)


@lift("InstanceNormalization")
def instance_normalization(b: Lifter, op: OnnxOp, x: Value, scale: Value, bias: Value) -> Value:
    """Statistics for each channel of each element of the batch."""
    rank = expect_rank(op, x, 3)
    y = normalized(b, x, range(2, rank), op.get("epsilon"))
    return scaled(b, y, along(b, scale, 1, rank), along(b, bias, 1, rank))


@lift("GroupNormalization")
def group_normalization(b: Lifter, op: OnnxOp, x: Value, scale: Value, bias: Value) -> Value:
    """Statistics for each group of channels; scale and bias are one a group in version 18, one a channel since 21."""
    rank, groups = expect_rank(op, x, 2), int(op.get("num_groups"))
    (channels,) = numbers(op, x.tensor.dims[1:2], "the channels")
    if groups < 1 or channels % groups:
        raise refuse(op, f"has {channels} channels in {groups} groups")
    sizes = sizes_of(x)
    wide = _stash(op, x)
    split = reshape(b, cast(b, x, wide), [sizes[0], groups, channels // groups, *sizes[2:]])
    y = normalized(b, split, range(2, rank + 1), op.get("epsilon"))
    if op.version < 21:
        parameters = [along(b, cast(b, v, wide), 1, rank + 1) for v in (scale, bias)]
        return cast(b, reshape(b, scaled(b, y, *parameters), sizes), x.tensor.expressed)
    y = cast(b, reshape(b, y, sizes), x.tensor.expressed)
    return scaled(b, y, along(b, scale, 1, rank), along(b, bias, 1, rank))


def _stash(op: OnnxOp, x: Value) -> ElementType:
    """The type that a node asks its statistics to be computed in: float32 unless x has it or a wider one."""
    stash = op.get("stash_type")
    narrow = x.tensor.expressed.bits < 32
    return F32 if narrow and stash in (None, 1) else x.tensor.expressed


@lift("LayerNormalization")
def layer_normalization(
    b: Lifter, op: OnnxOp, x: Value, scale: Value, bias: Value | None = None
) -> tuple[Value | None, ...]:
    """Statistics over the axes from ``axis`` on; mean and 1 / standard deviation are outputs too.

    The operator is there since version 17, but onnxruntime's optimizer writes it into models of any opset.
    """
    rank = expect_rank(op, x, 1)
    axis, epsilon = op.get("axis"), op.get("epsilon")
    axes = tuple(range(axis_of(op, -1 if axis is None else axis, rank), rank))
    epsilon = 1e-5 if epsilon is None else epsilon
    wide, element = _stash(op, x), x.tensor.expressed
    data = cast(b, x, wide)
    y = normalized(b, data, axes, epsilon)
    if wide == element:
        y = b.nn.layer_norm(data, scale, bias, axes=axes, epsilon=epsilon)
    else:
        y = scaled(b, cast(b, y, element), scale, bias)
    return (y, *_statistics(b, op, data, axes, epsilon))


def _statistics(b: Lifter, op: OnnxOp, x: Value, axes: tuple[int, ...], epsilon: float) -> tuple[Value | None, ...]:
    """Mean and 1 / standard deviation, if anything uses them."""
    if not any(r.has_uses for r in op.results[1:]):
        return UNUSED
    mean = b.nn.reduce_mean(x, axes=axes, keep_dims=True)
    variance = b.nn.reduce_mean(b.nn.square(b.nn.sub(x, mean)), axes=axes, keep_dims=True)
    return mean, b.nn.rsqrt(b.nn.add(variance, epsilon))


@lift("RMSNormalization")
def rms_normalization(b: Lifter, op: OnnxOp, x: Value, scale: Value) -> Value:
    """x / sqrt(mean of x^2 + epsilon) * scale, over the axes from ``axis`` on."""
    rank = expect_rank(op, x, 1)
    axes = tuple(range(axis_of(op, op.get("axis"), rank), rank))
    y = root_mean_square(b, cast(b, x, _stash(op, x)), axes, op.get("epsilon"))
    return b.nn.mul(cast(b, y, x.tensor.expressed), scale)


def root_mean_square(b: Lifter, x: Value, axes: tuple[int, ...], epsilon: float) -> Value:
    """x / sqrt(mean of x^2 + epsilon) over the axes"""
    mean = b.nn.reduce_mean(b.nn.square(x), axes=axes, keep_dims=True)
    return b.nn.div(x, b.nn.sqrt(b.nn.add(mean, epsilon)))


@lift("MeanVarianceNormalization")
def mean_variance_normalization(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """(x - mean) / standard deviation over axes.

    The definition divides by the standard deviation with 1e-9 added, which makes constant data 0 instead of NaN.
    """
    axes = axes_of(op, op.get("axes"), expect_rank(op, x, 1))
    centred = b.nn.sub(x, b.nn.reduce_mean(x, axes=axes, keep_dims=True))
    variance = b.nn.reduce_mean(b.nn.square(centred), axes=axes, keep_dims=True)
    return b.nn.div(centred, b.nn.add(b.nn.sqrt(variance), 1e-9))


@lift("LRN")
def lrn(b: Lifter, op: OnnxOp, x: Value) -> Value:
    return b.nn.lrn(x, size=op.get("size"), alpha=op.get("alpha"), beta=op.get("beta"), bias=op.get("bias"))


@lift("LpNormalization")
def lp_normalization(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """x / (sum of |x|^p)^(1/p) along one axis; 0 where that is 0, as ONNX 1.21 and later define."""
    axis, p = axis_of(op, op.get("axis"), expect_rank(op, x, 1)), op.get("p")
    if p == 1:
        norm = b.nn.reduce_sum(b.nn.abs(x), axes=(axis,), keep_dims=True)
    elif p == 2:
        norm = b.nn.sqrt(b.nn.reduce_sum(b.nn.square(x), axes=(axis,), keep_dims=True))
    else:
        raise refuse(op, f"has a p of {p}, which is neither 1 nor 2")
    b.warn(op, "gives 0 where all that it normalizes is 0, as onnxruntime does; ONNX before 1.21 divides 0 by 0 there")
    zero = filled(b, 0, (), x.tensor.expressed)
    return b.nn.select(b.nn.equal(norm, zero), zero, b.nn.div(x, norm))
