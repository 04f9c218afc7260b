"""The types of a variable's elements: floating point, or integers with a point at a fixed place."""

from __future__ import annotations

from ...types import F32, I8, I16, ElementType, QuantizedType

FLOAT32, FIXED16, FIXED8, SIGN = range(4)
"""The numbers of the types in a file. SIGN stores one bit an element: 1 for +1, 0 for -1."""

POINTS = {FIXED16: 15, FIXED8: 7}
"""The most places that a type of integers can have behind the point."""


def fixed_point(code: int, point: int) -> QuantizedType:
    """Integers that stand for themselves divided by 2^point. Raises ValueError for a point out of range."""
    if not 0 <= point <= POINTS[code]:
        raise ValueError(f"the point is at {point}, but must be from 0 to {POINTS[code]}")
    return QuantizedType(I16 if code == FIXED16 else I8, F32, (2.0**-point,), (0,))


def point_of(element: ElementType | QuantizedType) -> tuple[int, int]:
    """The number of an element type in a file, and the place of its point. Raises ValueError where it has none."""
    if element == F32:
        return FLOAT32, 0
    for code, most in POINTS.items():
        for point in range(most + 1):
            if element == fixed_point(code, point):
                return code, point
    raise ValueError(f"no variable can have elements of type {element}")
