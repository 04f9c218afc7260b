"""How lifts are registered and what they say: one function per NNabla function type.

    @lift("Affine")
    def affine(b: Lifter, op: Call, x: Value, weight: Value, bias: Value | None) -> Value: ...

The parameters behind ``op`` are the function's inputs, None for one that is left out; the arguments of the function are
attributes of ``op``. The result is the function's output (a tuple for several). A lift raises :class:`CompileError`
through :func:`refuse` for what it cannot express.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from ....ir import Block, Builder, CompileError, Diagnostics, Module, Value
from ....ir.dialects.nnp import FunctionOp

Call: TypeAlias = Any
"""A :class:`FunctionOp`; its arguments are attributes that are made from a table, so no checker knows them."""

LiftResult: TypeAlias = Value | Sequence[Value]
LiftFunction: TypeAlias = Callable[..., LiftResult]
_F = TypeVar("_F", bound=LiftFunction)

LIFTS: dict[str, LiftFunction] = {}
"""The lift of every function type that has one."""

DATA_DEPENDENT: set[str] = set()
"""The types whose outputs have sizes that depend on the data: a file holds those of the data that it was saved with."""

CORRECT = "correct the arguments of the function or the shapes of its inputs"
"""What to do about a function that contradicts itself."""

REFUSALS: dict[str, tuple[str, str]] = {}
"""Why function types have none, and what to do: by type, (reason, remedy)."""


class Lifter(Builder):
    """The builder that lifts get: it also takes warnings."""

    def __init__(self, module: Module, block: Block, diagnostics: Diagnostics) -> None:
        super().__init__(module, block)
        self.diagnostics = diagnostics

    def warn(self, op: FunctionOp, message: str, remedy: str = "") -> None:
        """Tell the user that the lifted function is not all that the file says."""
        self.diagnostics.warning(f"{op.function_type.name} {message}", op.location, remedy)


def lift(*types: str, data_dependent: bool = False) -> Callable[[_F], _F]:
    """Register the lift of one or more function types."""

    def register(function: _F) -> _F:
        for name in types:
            assert name not in LIFTS and name not in REFUSALS, name
            LIFTS[name] = function
        DATA_DEPENDENT.update(types if data_dependent else ())
        return function

    return register


def no_lift(reason: str, remedy: str, *types: str) -> None:
    """Say why function types cannot be lifted."""
    for name in types:
        assert name not in LIFTS and name not in REFUSALS, name
        REFUSALS[name] = (reason, remedy)


def refuse(op: FunctionOp, reason: str, remedy: str = CORRECT) -> CompileError:
    """The error, to be raised by the caller, that a function cannot be lifted as it is."""
    return CompileError(f"{op.function_type.name} {reason}", op.location, remedy)
