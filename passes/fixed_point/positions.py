"""Where the point of each variable stands: as far to the left as its numbers allow, and as the kernels demand.

Variables whose points must be equal form a group (union-find). A group takes the least of what its members allow, or
what the user gave to one; then points of results are lowered until none has more bits behind the point than its kernel
can give.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ...ir import Diagnostics, Operation, Value


def fitting_point(low: float, high: float, bits: int) -> int:
    """The most bits behind the point with which integers of ``bits`` hold both numbers, from 0 to ``bits`` - 1."""
    most = bits - 1
    for point in range(most, 0, -1):
        step = 2.0**-point
        if high <= (2.0**most - 0.5) * step and low >= -(2.0**most + 0.5) * step:
            return point
    return 0


@attrs.define(eq=False)
class _Group:
    """Variables with one point."""

    point: int
    given: str = ""
    """The variable that the user gave this point."""


@attrs.frozen
class _Bound:
    """A result has at most as many bits behind the point as these together, and ``extra`` more."""

    op: Operation
    result: Value
    parts: Sequence[Value]
    extra: int = 0


class Positions:
    """The points of the variables in fixed point."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self._groups: dict[Value, _Group] = {}
        self._joined: dict[_Group, _Group] = {}
        self._bounds: list[_Bound] = []

    def add(self, value: Value, point: int, given: bool) -> None:
        """A variable, with the point that its numbers allow or that the user gave it."""
        self._groups[value] = _Group(point, (value.name or "a variable") if given else "")

    def __getitem__(self, value: Value) -> int:
        return self._group(value).point

    def __contains__(self, value: Value) -> bool:
        return value in self._groups

    def _group(self, value: Value) -> _Group:
        group = self._groups[value]
        while group in self._joined:
            group = self._joined[group]
        self._groups[value] = group
        return group

    def join(self, op: Operation, *values: Value) -> None:
        """Let variables have one point."""
        first = self._group(values[0])
        for value in values[1:]:
            other = self._group(value)
            if other is first:
                continue
            if first.given and other.given and first.point != other.point:
                self._contradiction(op, f"'{first.given}' and '{other.given}' need one place of the point")
            if first.given or other.given:
                kept = first if first.given else other
                first.point, first.given = kept.point, kept.given
            else:
                first.point = min(first.point, other.point)
            self._joined[other] = first

    def at_most(self, op: Operation, value: Value, point: int) -> None:
        """Let a variable have at most so many bits behind the point."""
        group = self._group(value)
        if group.point > point:
            if group.given:
                self._contradiction(op, f"'{group.given}' has at most {point} bits behind the point")
            group.point = point

    def bound(self, op: Operation, result: Value, parts: Sequence[Value], extra: int = 0) -> None:
        """Let a result have at most as many bits behind the point as others together, and ``extra`` more."""
        self._bounds.append(_Bound(op, result, parts, extra))

    def solve(self) -> None:
        """Lower points until all demands are met; those that cannot be are reported."""
        changed = True
        while changed and not self.diagnostics.errors:
            changed = False
            for bound in self._bounds:
                most = sum(self[v] for v in bound.parts) + bound.extra
                if self[bound.result] > most:
                    self.at_most(bound.op, bound.result, max(most, 0))
                    changed = True

    def _contradiction(self, op: Operation, reason: str) -> None:
        name = op.attributes.get("name", op.name)
        remedy = "change the types of these variables, or leave the places of their points out"
        kind = op.name.partition(".")[2]
        self.diagnostics.error(f"'{name}' ({kind}): the runtime computes it only if {reason}", op.location, remedy)
