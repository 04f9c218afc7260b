"""How lifts are registered and what they say: one function per TensorFlow operator.

    @lift("Softplus")
    def softplus(b: Lifter, op: TfOp, x: Value) -> Value: ...

The parameters behind ``op`` are the node's inputs. Attributes are read with ``op.get(name)``, which knows the defaults
of the operator. The result is the node's output, a tuple for several, with None for an output that was not made; a list
of tensors (a handle of type variant) is a :class:`TensorList`. A lift raises :class:`CompileError` through ``refuse``
for what it cannot express.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from ....ir import Value
from ...lifting import RegionBuilder

LiftFunction = Callable[..., Any]
_F = TypeVar("_F", bound=LiftFunction)

LIFTS: dict[str, LiftFunction] = {}
"""The lift of every operator that has one, by name."""

REFUSALS: dict[str, tuple[str, str]] = {}
"""Why operators have none, and what to do: by the regular expression of their names, (reason, remedy)."""


class Lifter(RegionBuilder):
    """Builds nn operations for the nodes of a graph."""

    def ints(self, value: Value | None) -> tuple[int, ...] | None:
        """The elements of a constant of integers; None where only running the model tells them."""
        array = self.array(value)
        return None if array is None else tuple(int(v) for v in array.reshape(-1))


def lift(*names: str) -> Callable[[_F], _F]:
    """Register the lift of one or more operators."""

    def register(function: _F) -> _F:
        for name in names:
            assert name not in LIFTS, name
            LIFTS[name] = function
        return function

    return register


def no_lift(pattern: str, reason: str, remedy: str) -> None:
    """Say why the operators whose names match a pattern from their beginning on cannot be lifted."""
    assert pattern not in REFUSALS, pattern
    REFUSALS[pattern] = (reason, remedy)


def refusing(op_type: str) -> tuple[str, str] | None:
    """The first entry of the table whose pattern an operator's name begins with."""
    return next((answer for pattern, answer in REFUSALS.items() if re.match(pattern, op_type)), None)


def refusal(op_type: str) -> tuple[str, str]:
    """Why an operator without lift has none, and what to do."""
    return refusing(op_type) or ("cannot be lifted", "replace it by operators that can be, or lift it in a plugin")
