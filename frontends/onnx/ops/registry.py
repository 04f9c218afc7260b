"""How lifts are registered and what they say: one function per ONNX operator, whatever the opset.

    @lift("Conv")
    def conv(b: Lifter, op: OnnxOp, x: Value, weight: Value, bias: Value | None = None) -> Value: ...

The parameters behind ``op`` are the node's inputs, None for one that is left out; missing trailing ones take the
parameter's default. Attributes are read with ``op.get(name)``, and ``op.version`` is the version of the operator that
the model's opset means. The result is the node's output, a tuple for several (a list is one output, a sequence), with
None for an output that nothing uses and that was not made; an operator with regions gives its outputs in any sequence.
A lift raises :class:`CompileError` through :func:`refuse` for what it cannot express.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import attrs

from ....ir import Type, Value
from .lifter import DYNAMIC, Dynamic, Lifter

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

__all__ = ["ABSENT", "DYNAMIC", "LIFTS", "REFUSALS", "Absent", "Dynamic", "Lifted", "Lifter", "lift", "no_lift"]


@attrs.frozen
class Absent:
    """An optional that holds nothing; ``element`` is the type of what it could hold, None where nobody says."""

    element: Type | None = None


ABSENT = Absent()

Lifted: TypeAlias = "Value | list[Any] | Absent"
"""What an ONNX value becomes: a tensor is a value of nn, a sequence a list (its length is known), an optional is what
it holds or :class:`Absent`."""

LiftResult: TypeAlias = "Lifted | Sequence[Lifted]"
LiftFunction: TypeAlias = Callable[..., Any]
_F = TypeVar("_F", bound=LiftFunction)

LIFTS: dict[tuple[str, str], LiftFunction] = {}
"""The lift of every operator that has one, by domain and name."""

REFUSALS: dict[tuple[str, str], tuple[str, str]] = {}
"""Why operators have none, and what to do: by domain and name, (reason, remedy)."""

CHECKS: dict[tuple[str, str], Callable[[OnnxOp], None]] = {}
"""What raises CompileError for nodes that must not be lifted through their function body, by domain and name."""


def lift(*names: str, domain: str = "") -> Callable[[_F], _F]:
    """Register the lift of one or more operators."""

    def register(function: _F) -> _F:
        for name in names:
            assert (domain, name) not in LIFTS and (domain, name) not in REFUSALS, name
            LIFTS[domain, name] = function
        return function

    return register


def no_lift(reason: str, remedy: str, *names: str, domain: str = "") -> None:
    """Say why operators cannot be lifted."""
    for name in names:
        assert (domain, name) not in LIFTS and (domain, name) not in REFUSALS, name
        REFUSALS[domain, name] = (reason, remedy)


def check(name: str, domain: str = "") -> Callable[[_F], _F]:
    """Register what is to be refused of an operator that is lifted through its function body."""

    def register(function: _F) -> _F:
        assert (domain, name) not in CHECKS, name
        CHECKS[domain, name] = function
        return function

    return register
