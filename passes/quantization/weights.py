"""Weights and biases as integers."""

from __future__ import annotations

import numpy as np

from ...ir.types import Array, QuantizedType
from .parameters import weight_type

LARGEST_BIAS = 2.0**30
"""A bias takes at most half of the i32 accumulator."""
SMALLEST_MULTIPLIER = 2.0**-20
"""The least scale(input) * scale(weight) / scale(output): kernels keep it as 31 bits and a shift, and flush less to 0.

At this bound a full output range is still 2^28 units of the accumulator.
"""
BLOCK = 1 << 22
"""Elements that are converted at once: the temporary arrays are some times as large as the weights."""


def choose_weight_type(
    weight: Array, bias: Array | None, axis: int | None, input_scale: float, output_scale: float
) -> QuantizedType:
    """Symmetric i8 for weights, one scale along ``axis`` or (None) one for all.

    scale = max |weight| / 127, but not so small that the bias overflows the accumulator, or that the kernel's
    multiplier becomes 0. The bias has one number an output channel.
    """
    others = None if axis is None else tuple(i for i in range(weight.ndim) if i != axis)
    largest = np.maximum(weight.max(axis=others, initial=0.0), -weight.min(axis=others, initial=0.0))
    scales = np.atleast_1d(largest.astype(np.float64)) / 127
    least = np.asarray(SMALLEST_MULTIPLIER * output_scale / input_scale)
    if bias is not None:
        biases = np.abs(bias.astype(np.float64)) if axis is not None else np.abs(bias).max(initial=0.0)
        least = np.maximum(least, biases / (LARGEST_BIAS * input_scale))
    scales = np.where(largest > 0, np.maximum(scales, least), np.maximum(_for_zeros(scales), least))
    return weight_type(tuple(scales.reshape(-1).tolist()), axis)


def _for_zeros(scales: Array) -> float:
    """The scale of channels whose weights are all 0: that of the finest other one, so that their bias stays exact."""
    others = scales[scales > 0]
    return float(others.min()) if others.size else 1 / 127


def quantize_array(array: Array, kind: QuantizedType) -> Array:
    """The stored integers of a large array, converted block by block along its first axis."""
    if array.size <= BLOCK or not array.ndim:
        return kind.quantize(array)
    stored = np.empty(array.shape, kind.storage.dtype)
    rows = max(1, BLOCK * array.shape[0] // array.size)
    for start in range(0, array.shape[0], rows):
        stored[start : start + rows] = _rows_type(kind, start, rows).quantize(array[start : start + rows])
    return stored


def _rows_type(kind: QuantizedType, start: int, rows: int) -> QuantizedType:
    """The type of some rows: their own scales where the scales lie along the first axis."""
    if kind.axis != 0:
        return kind
    part = slice(start, start + rows)
    return QuantizedType(kind.storage, kind.expressed, kind.scales[part], kind.zero_points[part], 0, kind.limits)
