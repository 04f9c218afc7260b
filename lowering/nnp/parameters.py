"""Constants as the parameters of a network: float32, under the names of the source, each once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import attrs
import numpy as np

from ...ir import CompileError, DenseAttribute, Module, TensorType, Value
from ...ir.attributes import attribute_key
from ...ir.dialects.nnp import Variable
from ...ir.location import Location
from ...ir.types import F32, Array, ElementType

EXACT = 1 << 24
"""Up to this size float32 holds every whole number."""


@attrs.define
class Parameters:
    """Makes the variables of type Parameter; their names are made different at the end."""

    module: Module
    variables: dict[Hashable, Variable] = attrs.Factory(dict)

    def value(self, dense: DenseAttribute, name: str, shape: Sequence[int], location: Location) -> Value:
        """The parameter that holds the elements of an attribute in a shape; the same one for the same elements.

        Raises CompileError for numbers that float32 does not hold.
        """
        shape = tuple(shape)
        key = (attribute_key(dense), shape)
        if key not in self.variables:
            stored = self._stored(dense, name, shape, location)
            variable = Variable(
                result_types=[stored.type], name=name, type="Parameter", value=stored, location=location
            )
            self.variables[key] = variable
        return self.variables[key].variable

    def _stored(self, dense: DenseAttribute, name: str, shape: tuple[int, ...], location: Location) -> DenseAttribute:
        type = TensorType(shape, F32)
        if dense.type == type:
            return dense
        _check_exact(dense, name, location)

        def load() -> Array:
            array: Array = dense.read() if dense.type.element == F32 else np.asarray(dense.real(), F32.dtype)
            return array.reshape(shape)

        return self.module.add_resource(name, load, type)


def _check_exact(dense: DenseAttribute, name: str, location: Location) -> None:
    """Raises CompileError for integers that float32 would change."""
    kind = dense.type.element
    if not isinstance(kind, ElementType) or not kind.is_integer or kind.bits <= 16:
        return
    numbers = dense.read()
    changed: Any = numbers[numbers.astype(np.float32).astype(np.float64) != numbers.astype(np.float64)]
    if changed.size:
        raise CompileError(
            f"the constant '{name}' holds {changed.reshape(-1)[0]}, and NNabla's float32 would change it",
            location,
            f"whole numbers up to {EXACT} are exact: compute with smaller ones",
        )
