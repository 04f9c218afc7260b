"""What targets of lowerings do alike with constants: small ones are made once, weights in other layouts are views."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence

import attrs
import numpy as np

from ..ir import DenseAttribute, Module, Operation, QuantizedType, TensorType, Value
from ..ir.attributes import attribute_key
from ..ir.layout import permute
from ..ir.module import constant_attribute
from ..ir.types import I32, Array


@attrs.define
class ConstantMaker(ABC):
    """Makes constants before ``op``, the operation that is being lowered."""

    module: Module
    op: Operation
    _constants: dict[Hashable, Value] = attrs.Factory(dict)
    """Constants of the block."""
    _views: dict[Hashable, DenseAttribute] = attrs.Factory(dict)
    """Weights in other layouts: all blocks share them, though each has constants of its own."""

    @abstractmethod
    def constant_op(self, dense: DenseAttribute) -> Operation:
        """The target's operation for a constant, not inserted yet."""

    @abstractmethod
    def computed_transpose(self, value: Value, perm: Sequence[int], type: TensorType) -> Value:
        """A transpose of what is no constant."""

    def insert(self, op: Operation) -> Operation:
        """Put an operation before the one that is being lowered."""
        assert self.op.parent is not None
        return self.op.parent.insert_before(self.op, op)

    def constant(self, array: Array, name: str, type: TensorType | None = None) -> Value:
        """A small constant; equal ones are made once."""
        key = (array.tobytes(), array.shape, array.dtype.str, type)
        if key not in self._constants:
            self._constants[key] = self.dense(self.module.constant(array, name, type), name)
        return self._constants[key]

    def dense(self, dense: DenseAttribute, name: str | None) -> Value:
        """A constant operation."""
        made = self.insert(self.constant_op(dense)).results[0]
        made.name = name
        return made

    def number(self, number: float, like: Value) -> Value:
        """A scalar of the type that another value's elements have, with the same scale if they are quantized."""
        kind = like.tensor.element
        real = np.array(number, like.tensor.expressed.dtype)
        stored = kind.quantize(real) if isinstance(kind, QuantizedType) else real
        return self.constant(stored, "value", TensorType((), kind))

    def ints(self, numbers: Sequence[int], name: str) -> Value:
        """A vector of i32: shapes, axes, permutations."""
        return self.constant(np.array(numbers, I32.dtype), name)

    def scalar(self, number: int, name: str) -> Value:
        """A scalar of i32."""
        return self.constant(np.array(number, I32.dtype), name)

    def transposed(self, value: Value, perm: Sequence[int]) -> Value:
        """Weights with their dimensions in another order.

        Constant ones are neither loaded nor copied: the new constant is a view that is made when it is needed.
        """
        dense = constant_attribute(value)
        type = _transposed_type(value.tensor if dense is None else dense.type, perm)
        view = self.view(value, ("transpose", *perm), lambda array: array.transpose(perm), type)
        return self.computed_transpose(value, perm, type) if view is None else view

    def view(self, value: Value, kind: Hashable, change: Callable[[Array], Array], type: TensorType) -> Value | None:
        """A constant seen in another way, which ``kind`` names; None for a value that is not constant."""
        dense = constant_attribute(value)
        if dense is None:
            return None
        key = (value, kind)
        if key not in self._constants:
            view = (attribute_key(dense), kind)
            if view not in self._views:
                self._views[view] = self.module.add_resource(value.name or "weight", lambda: change(dense.read()), type)
            self._constants[key] = self.dense(self._views[view], value.name)
        return self._constants[key]


def _transposed_type(type: TensorType, perm: Sequence[int]) -> TensorType:
    kind = type.element
    if isinstance(kind, QuantizedType) and kind.axis is not None:
        kind = attrs.evolve(kind, axis=list(perm).index(kind.axis))
    return TensorType(permute(type.dims, perm), kind)
