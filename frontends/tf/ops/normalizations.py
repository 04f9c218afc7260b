"""Batch normalization, biases, local response normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....ir import Value
from ...nodes import expect_rank, refuse
from ...sizes import along
from .activations import activate
from .layout import from_channel_first, is_channel_last, to_channel_first
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


@lift("BiasAdd", "BiasAddV1")
def bias_add(b: Lifter, op: TfOp, x: Value, bias: Value) -> Value:
    """The bias lies along the channels, which are the last axis, or the second one with NCHW."""
    if op.op_type == "BiasAddV1" or is_channel_last(op):
        return b.nn.add(x, bias)
    return b.nn.add(x, along(b, bias, 1, expect_rank(op, x, 2)))


@lift("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "_FusedBatchNormEx")
def batch_norm(
    b: Lifter, op: TfOp, x: Value, scale: Value, offset: Value, mean: Value, variance: Value, *side: Value
) -> tuple[Value | None, ...]:
    """Of the results, only the first is made: the others are what training needs."""
    if op.get("is_training"):
        raise refuse(op, "is in training mode", "export the model for inference (training=False)")
    x = to_channel_first(b, op, x, 5 if op.get("data_format") in ("NDHWC", "NCDHW") else 4)
    y = b.nn.batch_norm(x, scale, offset, mean, variance, axis=1, epsilon=float(op.get("epsilon")))
    if side:
        y = b.nn.add(y, to_channel_first(b, op, side[0], y.tensor.rank))
    activation = op.get("activation_mode")
    y = activate(b, op, y, [activation] if activation not in (None, "Identity") else [])
    return from_channel_first(b, op, y), *(None,) * (len(op.results) - 1)


@lift("BatchNormWithGlobalNormalization")
def batch_norm_v1(b: Lifter, op: TfOp, x: Value, mean: Value, variance: Value, beta: Value, gamma: Value) -> Value:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis; gamma only counts where asked for."""
    last = expect_rank(op, x, 4, 4) - 1
    factor = b.nn.rsqrt(b.nn.add(variance, float(op.get("variance_epsilon"))))
    if op.get("scale_after_normalization"):
        factor = b.nn.mul(factor, gamma)
    return b.nn.add(b.nn.mul(x, along(b, factor, last, 4)), b.nn.sub(beta, b.nn.mul(mean, factor)))


@lift("LRN")
def lrn(b: Lifter, op: TfOp, x: Value) -> Value:
    """x / (bias + alpha * sum of x^2 over the nearest 2 * depth_radius + 1 channels)^beta"""
    size = 2 * int(op.get("depth_radius")) + 1
    expect_rank(op, x, 4, 4)
    first = b.nn.transpose(x, perm=(0, 3, 1, 2))
    alpha, beta, bias = (float(op.get(name)) for name in ("alpha", "beta", "bias"))
    y = b.nn.lrn(first, size=size, alpha=alpha * size, beta=beta, bias=bias, axis=1)
    return b.nn.transpose(y, perm=(0, 2, 3, 1))


@lift("L2Loss")
def l2_loss(b: Lifter, op: TfOp, x: Value) -> Value:
    """Half the sum of the squares"""
    rank = expect_rank(op, x, 0)
    return b.nn.mul(b.nn.reduce_sum(b.nn.square(x), axes=tuple(range(rank)), keep_dims=False), 0.5)
