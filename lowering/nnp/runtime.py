"""nnabla-c-runtime as a target: it has about a quarter of NNabla's functions, and others stand for the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ...ir import Value
from ...ir.dialects.nnb import nnb_types
from ...ir.dialects.nnp import Variable
from ...ir.types import Dim, Shape
from ..rules import Rules
from .target import BASE_RULES, Rule, Target

RUNTIMES = ("nnabla", "nnablart")
"""What networks can be made for: NNabla itself, or nnabla-c-runtime (the name of its program)."""


def expect_runtime(name: str, asker: str) -> None:
    """Raises ValueError for a name that is none of :data:`RUNTIMES`."""
    if name not in RUNTIMES:
        raise ValueError(f"{asker} has no runtime '{name}': give {' or '.join(RUNTIMES)}")


RULES: Rules[Rule] = Rules("nn", BASE_RULES)
lowers_for_runtime = RULES.lowers
"""Registers a rule for nnabla-c-runtime, which goes before that for NNabla."""

Substitute = Callable[..., "Value | None"]
"""Makes what stands for a function with one result: of the target, the result's dimensions, the operands and, by name,
the arguments. None where the function can stay as it is."""
_SUBSTITUTES: dict[str, Substitute] = {}
_S = TypeVar("_S", bound=Substitute)

_BROADCASTING = frozenset({"Add2", "Sub2", "Mul2", "Div2", "Pow2", "Maximum2", "Minimum2"})
"""Functions of two operands; the runtime's go through dimensions and need one at least."""


def stands_for(*names: str) -> Callable[[_S], _S]:
    """Register what stands for functions of these names."""

    def register(substitute: _S) -> _S:
        for name in names:
            assert name not in _SUBSTITUTES, name
            _SUBSTITUTES[name] = substitute
        return substitute

    return register


def is_implemented(name: str) -> bool:
    """Whether the runtime has code for a function type."""
    kind = nnb_types().get(name)
    return kind is not None and kind.is_implemented


class RuntimeTarget(Target):
    """Makes functions of nnabla-c-runtime alone."""

    def build(
        self, name: str, *operands: Value | None, results: Sequence[Shape] | None = None, **arguments: Any
    ) -> Sequence[Value]:
        wanted = [r.tensor.dims for r in self.op.results] if results is None else list(results)
        values = [None if v is None else self.tensor(v) for v in operands]
        substitute = _SUBSTITUTES.get(name)
        if substitute is not None:
            made = substitute(self, tuple(wanted[0]), *values, **arguments)
            if made is not None:
                return [made]
        if name in _BROADCASTING and not wanted[0]:
            return [self.reshape(self.value(name, *(self.reshape(v, (1,)) for v in values if v), dims=(1,)), ())]
        if not is_implemented(name):
            raise self.error(
                f"would be NNabla's {name}, which nnabla-c-runtime has not", "compute it outside of the network"
            )
        return super().build(name, *values, results=wanted, **arguments)

    def has(self, name: str) -> bool:
        return is_implemented(name) or name in _SUBSTITUTES

    def reshape(self, value: Value, dims: Sequence[Dim]) -> Value:
        made = value.defining_op
        if isinstance(made, Variable) and made.value is not None and value.tensor.dims != tuple(dims):
            shape = [d for d in dims if isinstance(d, int)]
            return self.parameters.value(made.value, made.label, shape, made.location)
        return super().reshape(value, dims)
