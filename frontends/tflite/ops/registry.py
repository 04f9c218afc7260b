"""How lifts are registered and what they say: one function per TFLite operator.

    @lift("CONV_2D")
    def conv_2d(b: Lifter, op: Any, x: Value, filter: Value, bias: Value | None = None) -> Value: ...

The parameters behind ``op`` are the operator's inputs, None for one that is left out; options are read as attributes of
``op`` (``op.stride_h``). Quantized tensors are real numbers to a lift: :mod:`..lift` dequantizes what goes in and
quantizes what comes out. The result is the operator's output, a tuple for several. A lift raises
:class:`CompileError` through :func:`refuse` for what it cannot express.

A plugin adds the custom operators that it knows::

    @lift_custom("MyOperator")
    def my_operator(b: Lifter, op: Any, x: Value) -> Value: ...  # op.attributes["custom_options"] holds its bytes
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ...nodes import refuse
from .lifter import Lifter

__all__ = ["CUSTOM_LIFTS", "LIFTS", "REFUSALS", "Lifter", "lift", "lift_custom", "no_lift", "refuse"]

LiftFunction = Callable[..., Any]
_F = TypeVar("_F", bound=LiftFunction)

LIFTS: dict[str, LiftFunction] = {}
"""The lift of every builtin operator that has one, by its name in the schema."""

CUSTOM_LIFTS: dict[str, LiftFunction] = {}
"""The lifts of custom operators, by their codes: those of plugins."""

REFUSALS: dict[str, tuple[str, str]] = {}
"""Why builtin operators have none, and what to do: (reason, remedy)."""


def lift(*names: str) -> Callable[[_F], _F]:
    """Register the lift of one or more builtin operators."""

    def register(function: _F) -> _F:
        for name in names:
            assert name not in LIFTS and name not in REFUSALS, name
            LIFTS[name] = function
        return function

    return register


def lift_custom(code: str) -> Callable[[_F], _F]:
    """Register the lift of a custom operator."""

    def register(function: _F) -> _F:
        CUSTOM_LIFTS[code] = function
        return function

    return register


def no_lift(reason: str, remedy: str, *names: str) -> None:
    """Say why operators cannot be lifted."""
    for name in names:
        assert name not in LIFTS and name not in REFUSALS, name
        REFUSALS[name] = (reason, remedy)
