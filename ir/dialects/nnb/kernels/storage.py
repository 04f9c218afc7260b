"""Elements as the runtime keeps them, and as it reads and writes them."""

from __future__ import annotations

import numpy as np

from ....types import F32, Array, TensorType
from ..elements import point_of


def point(type: TensorType) -> int:
    """How many bits stand behind the point."""
    return point_of(type.element)[1]


def bounds(type: TensorType) -> tuple[int, int]:
    """The smallest and the largest integer that an element can be."""
    info = np.iinfo(type.storage.dtype)
    return int(info.min), int(info.max)


def read(stored: Array, type: TensorType) -> Array:
    """Real numbers, float32."""
    if type.element == F32:
        return stored
    result: Array = stored.astype(np.float32) * np.float32(2.0 ** -point(type))
    return result


def write(real: Array, type: TensorType) -> Array:
    """What is stored: in fixed point without its fraction, and within bounds."""
    if type.element == F32:
        return real.astype(np.float32, copy=False)
    low, high = bounds(type)
    scaled = np.nan_to_num(real.astype(np.float32) * np.float32(2.0 ** point(type)), nan=0.0)
    result: Array = np.clip(np.trunc(scaled), low, high).astype(type.storage.dtype)
    return result


def quotient(numbers: Array, divisor: int | Array) -> Array:
    """Integers divided as in C, towards zero."""
    cut: Array = np.sign(numbers) * np.sign(divisor) * (np.abs(numbers) // np.abs(divisor))
    return cut


def saturated(numbers: Array, type: TensorType) -> Array:
    return np.clip(numbers, *bounds(type)).astype(type.storage.dtype)


def rescaled(numbers: Array, old: int, new: int, type: TensorType) -> Array:
    """Integers with another number of bits behind the point."""
    if old > new:
        return quotient(numbers.astype(np.int64), 1 << (old - new)).astype(type.storage.dtype)
    return saturated(numbers.astype(np.int64) << (new - old), type)


def summed(a: Array, b: Array, type: TensorType) -> Array:
    """Sums of integers of one width, saturated as the runtime does: where two of one sign give the other one."""
    low, high = bounds(type)
    wrapped = (a.astype(np.int64) + b).astype(type.storage.dtype)
    above, below = (a > 0) & (b > 0) & (wrapped < 0), (a < 0) & (b < 0) & (wrapped > 0)
    result: Array = np.where(above, high, np.where(below, low, wrapped)).astype(type.storage.dtype)
    return result


def subtracted(a: Array, b: Array, type: TensorType) -> Array:
    low, high = bounds(type)
    wrapped = (a.astype(np.int64) - b).astype(type.storage.dtype)
    above, below = (a > 0) & (b < 0) & (wrapped < 0), (a < 0) & (b > 0) & (wrapped > 0)
    result: Array = np.where(above, high, np.where(below, low, wrapped)).astype(type.storage.dtype)
    return result
