"""Rounding of weights that knows the inputs: what one weight loses, the later ones make up for.

E. Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", ICLR 2023: the
weights of an output are rounded one after the other, and each rounding error is spread over those that are left, so
that the sum over the inputs that were seen changes least.
"""

from __future__ import annotations

import numpy as np

from ...ir.types import Array

DAMPING = 0.01
"""What is added to the diagonal of the inputs' covariance, as a part of its mean: few samples say little."""


def round_weights(weights: Array, scales: Array, covariance: Array, limits: tuple[int, int]) -> Array:
    """Integers q for weights (G, K, O), such that the outputs of x @ (q * scales) are near those of x @ weights.

    scales (G, O) or one that broadcasts to it; covariance (G, K, K) of the inputs x, group by group.
    """
    groups, inputs, _ = weights.shape
    damped = covariance + _damping(covariance) * np.eye(inputs)
    order = np.argsort(-np.diagonal(damped, axis1=1, axis2=2), axis=1)  # the inputs that matter most come first
    damped = np.take_along_axis(np.take_along_axis(damped, order[:, :, None], 1), order[:, None, :], 2)
    left = np.take_along_axis(weights.astype(np.float64), order[:, :, None], 1)
    spread = np.swapaxes(np.linalg.cholesky(np.linalg.inv(damped)), 1, 2)
    rounded = np.empty_like(left)
    for i in range(inputs):
        rounded[:, i] = np.clip(np.rint(left[:, i] / scales), *limits)
        error = (left[:, i] - rounded[:, i] * scales) / spread[:, i, i, None]
        left[:, i + 1 :] -= spread[:, i, i + 1 :, None] * error[:, None, :]
    result = np.empty_like(rounded)
    np.put_along_axis(result, np.broadcast_to(order[:, :, None], rounded.shape), rounded, 1)
    assert result.shape == (groups, inputs, weights.shape[2])
    return result


def _damping(covariance: Array) -> Array:
    mean: Array = np.diagonal(covariance, axis1=1, axis2=2).mean(axis=1)
    return np.maximum(DAMPING * mean, 1e-12)[:, None, None]
