"""Scales and zero points from ranges."""

from __future__ import annotations

import math

import numpy as np

from ...ir import CompileError
from ...ir.types import F32, I8, I32, ElementType, QuantizedType

Range = tuple[float, float]

SMALLEST_SCALE = 1e-18
"""The product of two scales must still be a normal f32."""
RANGE_OF_ZEROS = (0.0, 1.0)
"""The range of a value that is 0 in all samples: some scale is needed, and none is wrong."""


def activation_type(found: Range, storage: ElementType = I8) -> QuantizedType:
    """Asymmetric 8 bits for a range; the range is widened to contain 0, which is exactly representable.

    scale = (high - low) / 255, zero point = the integer nearest to least - low / scale, ``least`` being the smallest
    number of the storage type (i8 or ui8).
    """
    low, high = min(found[0], 0.0), max(found[1], 0.0)
    if high - low <= 0:
        low, high = RANGE_OF_ZEROS
    scale = as_f32(max((high - low) / 255, SMALLEST_SCALE))
    least, most = storage.limits
    _expect_finite(f"the range from {low:g} to {high:g}", scale)
    zero_point = int(np.clip(np.rint(least - low / scale), least, most))
    return QuantizedType(storage, F32, (scale,), (zero_point,))


def fixed_type(scale: float, zero_point: int) -> QuantizedType:
    """The i8 type that a kernel prescribes."""
    return QuantizedType(I8, F32, (as_f32(scale),), (zero_point,))


def type_range(kind: QuantizedType) -> Range:
    """The real numbers that a per-tensor type can hold."""
    low, high = kind.range
    return (low - kind.zero_point) * kind.scale, (high - kind.zero_point) * kind.scale


def weight_type(scales: tuple[float, ...], axis: int | None) -> QuantizedType:
    """Symmetric i8 in [-127, 127], along an axis or (None) for the whole tensor."""
    rounded = tuple(map(as_f32, scales))
    _expect_finite("the weights", *rounded)
    return QuantizedType(I8, F32, rounded, (0,) * len(rounded), axis, (-127, 127))


def bias_type(input_scale: float, weight: QuantizedType) -> QuantizedType:
    """i32 with scale = scale(input) * scale(weight), zero point 0: the unit of the kernel's accumulator."""
    scales = tuple(as_f32(input_scale * s) for s in weight.scales)
    _expect_finite("the bias, in units of scale(input) * scale(weight),", *scales)
    return QuantizedType(I32, F32, scales, (0,) * len(scales), None if weight.axis is None else 0)


def _expect_finite(what: str, *scales: float) -> None:
    """Raises CompileError: an infinite or NaN scale makes NaN of every number."""
    if not all(map(math.isfinite, scales)):
        raise CompileError(f"{what} would need a scale that is no finite f32", remedy="keep the numbers below 1e18")


def as_f32(number: float) -> float:
    """The nearest number that a file's f32 field holds; infinity beyond."""
    with np.errstate(over="ignore"):
        return float(np.float32(number))
