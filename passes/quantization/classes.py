"""Values that must share their scale and zero point, joined into classes (disjoint sets with union by size)."""

from __future__ import annotations

import math

import attrs

from ...ir import Value
from ...ir.types import I8, ElementType, QuantizedType
from .parameters import Range, activation_type, type_range

TOLERATED = 2.0
"""A value may be held by a range this many times as wide as its own before it gets its own and is requantized."""


@attrs.define(eq=False)
class ScaleClass:
    """Values of one type. The range holds those that come from outside the class; others only move them around."""

    low: float = 0.0
    high: float = 0.0
    fixed: QuantizedType | None = None
    storage: ElementType = I8
    members: int = 1
    one_path: bool = True
    """No member has several users: nobody but the last of them sees the type."""
    parent: ScaleClass | None = None

    def root(self) -> ScaleClass:
        found = self
        while found.parent is not None:
            if found.parent.parent is not None:
                found.parent = found.parent.parent
            found = found.parent
        return found

    @property
    def range(self) -> Range:
        return type_range(self.fixed) if self.fixed is not None else (self.low, self.high)

    @property
    def width(self) -> float:
        return self.range[1] - self.range[0]

    def widen(self, other: Range) -> None:
        self.low, self.high = min(self.low, other[0]), max(self.high, other[1])

    @property
    def type(self) -> QuantizedType:
        return self.fixed if self.fixed is not None else activation_type((self.low, self.high), self.storage)


@attrs.define
class ScaleClasses:
    """The class of every value that is quantized."""

    storage: ElementType = I8
    """What the numbers are stored as, where no kernel prescribes it."""
    of_value: dict[Value, ScaleClass] = attrs.Factory(dict)

    def __getitem__(self, value: Value) -> ScaleClass:
        return self.of_value[value].root()

    def __contains__(self, value: Value) -> bool:
        return value in self.of_value

    def add(self, value: Value, found: Range | None, fixed: QuantizedType | None = None) -> None:
        """A class of its own for a value; the range is None where it adds nothing to the class that it will join."""
        low, high = found or (0.0, 0.0)
        self.of_value[value] = ScaleClass(low, high, fixed, self.storage, one_path=value.has_one_use)

    def join(self, a: Value, b: Value) -> bool:
        """Make two values share their type; False, and nothing is changed, where a kernel prescribes another."""
        first, second = self[a], self[b]
        if first is second:
            return True
        if first.fixed is not None and second.fixed is not None and first.fixed != second.fixed:
            return False
        if first.members < second.members:
            first, second = second, first
        second.parent = first
        first.members += second.members
        first.one_path = first.one_path and second.one_path
        first.fixed = first.fixed if first.fixed is not None else second.fixed
        first.widen((second.low, second.high))
        return True

    def fits(self, value: Value, target: Range) -> bool:
        """Whether a value may share the type of ``target`` without losing much: the range is not much wider."""
        own = self[value]
        if own.fixed is not None and not _holds(own.range, target):
            return False
        unseen = own.fixed is None and own.one_path
        return unseen or _width(target) <= TOLERATED * own.width


def _holds(outer: Range, inner: Range) -> bool:
    slack = 0.01 * _width(outer)
    return outer[0] - slack <= inner[0] and inner[1] <= outer[1] + slack


def _width(found: Range) -> float:
    return max(found[1] - found[0], math.ulp(0.0))
