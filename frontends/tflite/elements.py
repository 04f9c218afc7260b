"""The elements of constants as they stand in a file."""

from __future__ import annotations

import numpy as np

from ...ir.dialects.tfl.schema import PACKED
from ...ir.types import Array, ElementType


def elements_of(content: memoryview, element: ElementType, count: int) -> Array:
    """The first elements in a buffer. Raises ValueError where it is too small."""
    if element.name in PACKED:
        return _unpacked(np.frombuffer(content, np.uint8), element)[:count]
    if element.is_bool:
        return np.frombuffer(content, np.uint8, count) != 0
    return np.frombuffer(content, element.dtype.newbyteorder("<"), count)


def _unpacked(packed: Array, element: ElementType) -> Array:
    """Elements of a few bits, the first in the low bits of a byte."""
    bits = element.bits
    rows = packed[:, None] >> np.arange(0, 8, bits, dtype=np.uint8) & (2**bits - 1)
    numbers = rows.reshape(-1).astype(np.int8)
    if not element.name.startswith("u"):
        numbers = np.where(numbers >= 2 ** (bits - 1), numbers - 2**bits, numbers)
    return numbers.astype(element.dtype)
