"""Rounding of weights that knows the inputs: what one weight loses, the later ones make up for.

E. Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", ICLR 2023: the
weights of an output are rounded one after the other, and each rounding error is spread over those that are left, so
that the sum over the inputs that were seen changes least.
"""

from __future__ import annotations

import numpy as np

from ...ir.types import Array

DAMPING = 0.01
"""What is added to the squares of the inputs, as a part of their mean: some may be 0."""

BLOCK = 64
"""So many inputs are done before their errors are spread over the rest, in one matrix product (section 3.3 there)."""


def round_weights(weights: Array, scales: Array, rows: Array, limits: tuple[int, int]) -> Array:
    """Integers q for weights (G, K, O), such that the outputs rows @ (q * scales) are near those of rows @ weights.

    scales (G, O) or one that broadcasts to it; rows (G, n, K) are inputs, group by group.
    """
    groups, inputs, _ = weights.shape
    damped = _covariance(rows)
    order = np.argsort(-np.diagonal(damped, axis1=1, axis2=2), axis=1)  # the inputs that matter most come first
    damped = np.take_along_axis(np.take_along_axis(damped, order[:, :, None], 1), order[:, None, :], 2)
    left = np.take_along_axis(weights.astype(np.float64), order[:, :, None], 1)
    spread = np.swapaxes(np.linalg.cholesky(np.linalg.inv(damped)), 1, 2)
    rounded, errors = np.empty_like(left), np.empty_like(left)
    for start in range(0, inputs, BLOCK):
        stop = min(start + BLOCK, inputs)
        for i in range(start, stop):
            rounded[:, i] = np.clip(np.rint(left[:, i] / scales), *limits)
            errors[:, i] = (left[:, i] - rounded[:, i] * scales) / spread[:, i, i, None]
            left[:, i + 1 : stop] -= spread[:, i, i + 1 : stop, None] * errors[:, i, None, :]
        left[:, stop:] -= spread[:, start:stop, stop:].swapaxes(1, 2) @ errors[:, start:stop]
    result = np.empty_like(rounded)
    np.put_along_axis(result, np.broadcast_to(order[:, :, None], rounded.shape), rounded, 1)
    assert result.shape == (groups, inputs, weights.shape[2])
    return result


def _covariance(rows: Array) -> Array:
    """The second moments (G, K, K) of the inputs, made sure of where the samples are few.

    n rows say little about products of K inputs: these shrink by n / (n + K), while the squares stay (a shrinkage
    towards the diagonal as by O. Ledoit and M. Wolf, 2004).
    """
    _, count, inputs = rows.shape
    reals = rows.astype(np.float64)
    products = reals.swapaxes(1, 2) @ reals / max(count, 1)
    squares = np.diagonal(products, axis1=1, axis2=2)
    damping = np.maximum(DAMPING * squares.mean(axis=1), 1e-12)
    result: Array = products * (count / (count + inputs))
    result[:, np.arange(inputs), np.arange(inputs)] = squares + damping[:, None]
    return result
