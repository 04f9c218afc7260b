"""The types of a variable's elements: floating point, or integers with a point at a fixed place."""

from __future__ import annotations

from ...types import F32, I8, I16, ElementType, QuantizedType

FLOAT32, FIXED16, FIXED8, SIGN = range(4)
"""The numbers of the types in a file. SIGN stores one bit an element: 1 for +1, 0 for -1."""

POINTS = {FIXED16: 15, FIXED8: 7}
"""How many binary places of a type of integers can be behind the point: all but the sign."""
MOST_PLACES = 15
"""What a file can state: there are four bits for it, and more places than the integers have make small numbers."""
_STORAGE = {FIXED16: I16, FIXED8: I8}


def fixed_point(code: int, point: int) -> QuantizedType:
    """The type of integers that stand for themselves divided by 2^point. Raises ValueError for a point out of range."""
    if not 0 <= point <= MOST_PLACES:
        raise ValueError(f"expected 0 to {MOST_PLACES} places behind the point, got {point}")
    return QuantizedType(_STORAGE[code], F32, (2.0**-point,), (0,))


def point_of(element: ElementType | QuantizedType) -> tuple[int, int]:
    """The number of an element type in a file, and the place of its point. Raises ValueError where it has none."""
    if element == F32:
        return FLOAT32, 0
    for code in _STORAGE:
        for point in range(MOST_PLACES + 1):
            if element == fixed_point(code, point):
                return code, point
    raise ValueError(f"no variable can have elements of type {element}")
