"""Losses of classification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....ir import Value
from ...nodes import expect_rank, refuse
from ...sizes import filled, reshape, sizes_of
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@lift("NegativeLogLikelihoodLoss")
def negative_log_likelihood(b: Lifter, op: OnnxOp, x: Value, target: Value, weight: Value | None = None) -> Value:
    """-x[n, target[n, ...], ...] times the weight of the class; classes stand along axis 1."""
    return _likelihood_loss(b, op, x, target, weight)


@lift("SoftmaxCrossEntropyLoss")
def softmax_cross_entropy(
    b: Lifter, op: OnnxOp, scores: Value, labels: Value, weight: Value | None = None
) -> tuple[Value, Value]:
    """The loss of the logarithms of the probabilities, which are the second output."""
    logarithms = b.nn.log_softmax(scores, axis=1)
    return _likelihood_loss(b, op, logarithms, labels, weight), logarithms


def _likelihood_loss(b: Lifter, op: OnnxOp, x: Value, target: Value, weight: Value | None) -> Value:
    """Samples of the class ``ignore_index`` have no loss and no weight.

    The mean is that of the weighted losses, over the sum of the weights.
    """
    rank = expect_rank(op, x, 2)
    sizes = sizes_of(target)
    ignored = op.get("ignore_index")
    zero = filled(b, 0, (), x.tensor.storage)
    is_ignored = None
    if ignored is not None:
        is_ignored = b.nn.equal(target, ignored)
        target = b.nn.select(is_ignored, filled(b, 0, (), target.tensor.storage), target)
    places = reshape(b, target, [sizes[0], 1, *sizes[1:]])
    loss = b.nn.neg(reshape(b, b.nn.gather_elements(x, places, axis=1), sizes))
    weights = None if weight is None else b.nn.gather(weight, target, axis=0)
    if is_ignored is not None:
        one = filled(b, 1, (), x.tensor.storage)
        weights = b.nn.select(is_ignored, zero, one if weights is None else weights)
        loss = b.nn.select(is_ignored, zero, loss)
    if weights is not None:
        loss = b.nn.mul(loss, weights)
    axes = tuple(range(rank - 1))
    reduction = op.get("reduction")
    if reduction == "none":
        return loss
    if reduction == "sum":
        return b.nn.reduce_sum(loss, axes=axes, keep_dims=False)
    if reduction != "mean":
        raise refuse(op, f"has the unknown reduction '{reduction}'")
    if weights is None:
        return b.nn.reduce_mean(loss, axes=axes, keep_dims=False)
    sums = (b.nn.reduce_sum(v, axes=axes, keep_dims=False) for v in (loss, weights))
    return b.nn.div(*sums)
