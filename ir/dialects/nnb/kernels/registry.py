"""The kernels by function type, and what they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import attrs
import numpy as np

from ....types import Array, TensorType
from ..functions import NnbFunction


@attrs.frozen
class Call:
    """One run of a function: its type, its arguments, the types of its operands (None: left out) and results."""

    name: str
    arguments: dict[str, Any]
    operands: Sequence[TensorType | None]
    results: Sequence[TensorType]

    @classmethod
    def of(cls, op: NnbFunction) -> Call:
        """A run of an operation."""
        operands = [None if v is None else v.tensor for v in op.operands]
        return cls(op.function_type.name, op.arguments(), operands, [v.tensor for v in op.results])

    def ints(self, name: str) -> tuple[int, ...]:
        """An argument that is a list of integers."""
        return tuple(self.arguments[name])

    def integer(self, name: str) -> int:
        return int(self.arguments[name])

    def flag(self, name: str) -> bool:
        return bool(self.arguments[name])

    def text(self, name: str) -> str:
        return str(self.arguments[name])

    def number(self, name: str) -> np.float32:
        """An argument that is a float."""
        number: np.float32 = np.float32(self.arguments[name])
        return number

    @property
    def shape_of_result(self) -> tuple[int, ...]:
        """The shape of the first result."""
        return self.results[0].static_shape

    def changed(self, **arguments: Any) -> Call:
        """The same with other arguments."""
        return attrs.evolve(self, arguments={**self.arguments, **arguments})


Kernel = Callable[..., "Array | Sequence[Array]"]
"""Computes the results from a call and one array an operand."""
_K = TypeVar("_K", bound=Kernel)


class Kernels(dict[str, Kernel]):
    """Kernels of one kind."""

    def computes(self, *names: str) -> Callable[[_K], _K]:
        """Register the kernel of functions of these types."""

        def register(kernel: _K) -> _K:
            for name in names:
                assert name not in self, name
                self[name] = kernel
            return kernel

        return register


FLOATS = Kernels()
"""On float32."""
MIXED = Kernels()
"""On real numbers of any storage, where intermediate results are written and read again."""
FIXED = Kernels()
"""On integers, all operands and results having 16 bits, or 8."""
