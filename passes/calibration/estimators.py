"""How a range is chosen from a histogram: what it leaves out saturates, what it holds is rounded more coarsely.

All ranges contain 0 and lie inside the range that was seen.
"""

from __future__ import annotations

import numpy as np

from ...ir.types import Array
from .histogram import HALF, Histogram

Range = tuple[float, float]
LEVELS = 255
"""Steps of an 8-bit range."""
UNLIKELY = 1e-6
"""The probability, instead of 0, of a bin that holds saturated numbers only."""
CANDIDATES = 64
"""Thresholds that are tried on each side."""


def percentile_range(histogram: Histogram, percentile: float) -> Range:
    """The range that leaves out (100 - percentile) % of all numbers, at most, at each end."""
    counts = histogram.counts.astype(np.float64)
    counts[HALF] += histogram.zeros
    allowed = histogram.total * (1 - percentile / 100)
    edges = histogram.edges
    above = np.cumsum(counts[::-1])[::-1]  # above[i]: numbers in the bins from i on
    below = np.cumsum(counts)
    high = edges[1:][np.flatnonzero(above > allowed)[-1]]
    low = edges[:-1][np.flatnonzero(below > allowed)[0]]
    return _inside(histogram, low, high)


def mse_range(histogram: Histogram) -> Range:
    """The range with the least mean square of rounding and saturation errors.

    A number inside is off by step² / 12 in the mean, one outside by its distance; 0 is always exact.
    """
    lows, highs = _candidates(histogram)
    inside_low, error_low = _tail(histogram, -1, lows)
    inside_high, error_high = _tail(histogram, +1, highs)
    step = (highs[None, :] + lows[:, None]) / LEVELS
    rounding = step**2 / 12 * (inside_low[:, None] + inside_high[None, :])
    cost = rounding + error_low[:, None] + error_high[None, :]
    i, j = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return _inside(histogram, -float(lows[i]), float(highs[j]))


def entropy_range(histogram: Histogram) -> Range:
    """The symmetric threshold whose quantized distribution tells most of the original one, applied at both ends.

    Kullback-Leibler divergence between the histogram of |x|, saturated at a threshold, and what 128 levels keep of it
    (S. Migacz, "8-bit Inference with TensorRT", GTC 2017).
    """
    counts = histogram.counts[HALF:] + histogram.counts[:HALF][::-1]
    used = int(np.flatnonzero(counts)[-1]) + 1 if counts.any() else 0
    levels = 128
    if used <= levels:
        return _inside(histogram, -np.inf, np.inf)
    sizes = np.unique(np.linspace(levels, used, 2 * CANDIDATES).astype(int))
    divergences = [_divergence(counts, int(size), levels) for size in sizes]
    threshold = float(sizes[int(np.argmin(divergences))]) * histogram.width
    return _inside(histogram, -threshold, threshold)


def _divergence(counts: Array, size: int, levels: int) -> float:
    """KL divergence between the first ``size`` bins (the rest saturated into the last) and its ``levels`` levels."""
    reference = counts[:size].astype(np.float64)
    occupied = reference > 0
    level = np.arange(size) * levels // size
    sums = np.bincount(level, reference, levels)
    members = np.bincount(level, occupied, levels)
    kept = np.where(occupied, sums[level] / np.maximum(members[level], 1), 0.0)
    reference[-1] += counts[size:].sum()
    p, q = reference / reference.sum(), kept / max(kept.sum(), 1.0)
    held = p > 0
    return float(np.sum(p[held] * np.log(p[held] / np.maximum(q[held], UNLIKELY))))


def _candidates(histogram: Histogram) -> tuple[Array, Array]:
    """Distances of the thresholds from 0, below and above: from the extremes down to a twentieth of them."""
    shrink = np.linspace(1.0, 0.05, CANDIDATES)
    low, high = max(-histogram.low, 0.0), max(histogram.high, 0.0)
    return low * shrink if low else np.zeros(1), high * shrink if high else np.zeros(1)


def _tail(histogram: Histogram, sign: int, thresholds: Array) -> tuple[Array, Array]:
    """For thresholds on one side of 0: how many numbers lie within, and the summed squared distance of the others."""
    counts = (histogram.counts[HALF:] if sign > 0 else histogram.counts[:HALF][::-1]).astype(np.float64)
    centres = (np.arange(HALF) + 0.5) * histogram.width
    # sum over bins beyond t of n (c - t)² = Σ n c² - 2 t Σ n c + t² Σ n, all from sums over the bins beyond t
    beyond = np.searchsorted(centres, thresholds, side="right")
    n, c, c2 = (
        np.append(np.cumsum(v[::-1])[::-1], 0.0)[beyond] for v in (counts, counts * centres, counts * centres**2)
    )
    return counts.sum() - n, c2 - 2 * thresholds * c + thresholds**2 * n


def _inside(histogram: Histogram, low: float, high: float) -> Range:
    return min(max(low, histogram.low), 0.0), max(min(high, histogram.high), 0.0)
