"""What the rules of a lowering work with: making operations, constants, and weights in TFLite's layouts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import attrs
import numpy as np

from ...ir import DenseAttribute, Module, Operation, OpResult, QuantizedType, TensorType, Type, Value
from ...ir.attributes import attribute_key
from ...ir.dialects.tfl.base import TFLOp
from ...ir.dialects.tfl.constant import PseudoConst
from ...ir.dialects.tfl.runtime import unsupported_element
from ...ir.layout import permute
from ...ir.module import constant_attribute
from ...ir.opdef import lookup_op
from ...ir.types import F32, I32, Array
from ..rules import Rules

Rule = Callable[["Target", Any], "Value | Sequence[Value]"]
"""Makes the operations for one nn operation; gives what replaces its results."""
_RULES: Rules[Rule] = Rules("nn")
lowers, rule_for = _RULES.lowers, _RULES.rule_for


@attrs.define
class Target:
    """Makes tfl operations before ``op``, the one that is being lowered."""

    module: Module
    op: Operation
    _constants: dict[Hashable, Value] = attrs.Factory(dict)
    """Constants of the block."""
    _views: dict[Hashable, DenseAttribute] = attrs.Factory(dict)
    """Weights in other layouts: all blocks share them, though each has constants of its own."""

    def build(
        self, name: str, *operands: Value | None, types: Sequence[Type] | None = None, **attributes: Any
    ) -> Operation:
        """Make ``tfl.name``; its results have the types of the operation being lowered unless ``types`` are given."""
        definition = lookup_op(f"tfl.{name}")
        assert definition is not None, name
        types = [r.type for r in self.op.results] if types is None else types
        made = definition(*operands, result_types=types, location=self.op.location, **attributes)
        made.verify()
        assert isinstance(made, TFLOp)
        missing = unsupported_element(made)
        if missing:
            remedy = "cast to f32 or i32 before, if the numbers fit"
            raise self.error(f"has {missing} elements, which TFLite's {made.builtin} does not compute with", remedy)
        return self._insert(made)

    def value(self, name: str, *operands: Value | None, **keywords: Any) -> OpResult:
        """:meth:`build` for an operation with one result, which it gives."""
        return self.build(name, *operands, **keywords).result

    def _insert(self, op: Operation) -> Operation:
        assert self.op.parent is not None
        return self.op.parent.insert_before(self.op, op)

    # Constants

    def constant(self, array: Array, name: str, type: TensorType | None = None) -> Value:
        """A small constant; equal ones are made once."""
        key = (array.tobytes(), array.shape, array.dtype.str, type)
        if key not in self._constants:
            self._constants[key] = self.dense(self.module.constant(array, name, type), name)
        return self._constants[key]

    def dense(self, dense: DenseAttribute, name: str | None) -> Value:
        """A constant operation."""
        op = PseudoConst(value=dense, result_types=[dense.type], location=self.op.location)
        op.results[0].name = name
        self._insert(op)
        return op.result

    def number(self, number: float, like: Value) -> Value:
        """A scalar of the type that another value's elements have, with the same scale if they are quantized."""
        kind = like.tensor.element
        real = np.array(number, like.tensor.expressed.dtype)
        stored = kind.quantize(real) if isinstance(kind, QuantizedType) else real
        return self.constant(stored, "value", TensorType((), kind))

    def ints(self, numbers: Sequence[int], name: str) -> Value:
        """A vector of i32: shapes, axes, permutations."""
        return self.constant(np.array(numbers, np.int32), name)

    def scalar(self, number: int, name: str) -> Value:
        """A scalar of i32."""
        return self.constant(np.array(number, np.int32), name)

    def transposed(self, value: Value, perm: Sequence[int]) -> Value:
        """Weights with their dimensions in another order.

        Constant ones are neither loaded nor copied: the new constant is a view that is made when it is needed.
        """
        key = (value, tuple(perm))
        if key not in self._constants:
            dense = constant_attribute(value)
            type = _transposed_type(value.tensor if dense is None else dense.type, perm)
            if dense is None:
                return self.value("transpose", value, self.ints(perm, "perm"), types=[type])
            view = (attribute_key(dense), tuple(perm))
            if view not in self._views:
                name = value.name or "weight"
                self._views[view] = self.module.add_resource(name, lambda: dense.read().transpose(perm), type)
            self._constants[key] = self.dense(self._views[view], value.name)
        return self._constants[key]

    def zero_bias(self, x: Value, weight: Value, outputs: int) -> Value:
        """A bias of zeros, of the type that the kernel takes for these operands."""
        x_type, w_type = x.tensor.element, weight.tensor.element
        if isinstance(x_type, QuantizedType) and isinstance(w_type, QuantizedType):
            scales = tuple(x_type.scale * s for s in w_type.scales)
            axis = None if len(scales) == 1 and w_type.axis is None else 0
            kind = QuantizedType(I32, F32, scales, (0,) * len(scales), axis)
            return self.constant(np.zeros(outputs, np.int32), "zero_bias", TensorType((outputs,), kind))
        return self.constant(np.zeros(outputs, x.tensor.storage.dtype), "zero_bias")

    def error(self, message: str, remedy: str = "") -> Exception:
        """An error about the operation being lowered."""
        return self.op.error(message, remedy)  # type: ignore[attr-defined]  # all that is lowered is an Op


def _transposed_type(type: TensorType, perm: Sequence[int]) -> TensorType:
    kind = type.element
    if isinstance(kind, QuantizedType) and kind.axis is not None:
        kind = attrs.evolve(kind, axis=list(perm).index(kind.axis))
    return TensorType(permute(type.dims, perm), kind)
