"""What the rules of the lowering to C work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from ...ir import DenseAttribute, Module, Operation, OpResult, QuantizedType, TensorType, Type, Value
from ...ir.dialects.c import Constant
from ...ir.dialects.c.packed import pack_outputs, packed_shape
from ...ir.module import constant_array, constant_attribute
from ...ir.opdef import lookup_op
from ...ir.types import Array
from ..rules import Rules

Rule = Callable[["Target", Any], "Value | Sequence[Value]"]
"""Makes the operations for one of TFLite; gives what replaces its results."""
_RULES: Rules[Rule] = Rules("tfl")
lowers, rule_for = _RULES.lowers, _RULES.rule_for
_QUANTIZED: Rules[Rule] = Rules("tfl")
lowers_quantized, quantized_rule_for = _QUANTIZED.lowers, _QUANTIZED.rule_for
"""The rules of operations on the 8-bit integers that stand for real numbers."""

INFINITY = float("inf")
CLAMPS: dict[str, tuple[float, float]] = {
    "NONE": (-INFINITY, INFINITY),
    "RELU": (0.0, INFINITY),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}
"""The bounds of the result that TFLite's fused activation functions are."""


@attrs.define
class Target:
    """Makes c operations before ``op``, the one that is being lowered."""

    module: Module
    op: Operation

    def value(
        self, name: str, *operands: Value | Sequence[Value] | None, type: Type | None = None, **attributes: Any
    ) -> OpResult:
        """Make ``c.name``; its result has the type of the operation being lowered unless ``type`` is given."""
        return self.build(name, operands, [self.op.results[0].type if type is None else type], **attributes).result

    def build(
        self, name: str, operands: Sequence[Value | Sequence[Value] | None], types: Sequence[Type], **attributes: Any
    ) -> Operation:
        """Make ``c.name`` with results of these types."""
        definition = lookup_op(f"c.{name}")
        assert definition is not None, name
        made = definition(*operands, result_types=types, location=self.op.location, **attributes)
        made.verify()
        return self._insert(made)

    def constant(self, array: Array, name: str, type: TensorType | None = None) -> Value:
        """A constant made of an array, which is not copied."""
        return self.dense(self.module.constant(array, name, type), name)

    def dense(self, dense: DenseAttribute, name: str | None) -> Value:
        """A constant operation."""
        made = self._insert(Constant(value=dense, location=self.op.location)).result
        made.name = name
        return made

    def known(self, value: Value | None, what: str) -> Array:
        """The elements of an operand that C source needs to know. Raises CompileError where it is not constant."""
        array = constant_array(value)
        if array is None:
            remedy = "give the shapes of all inputs, so that it can be computed"
            raise self.error(f"needs a constant as {what}", remedy)
        return array

    def ints(self, value: Value | None, what: str) -> list[int]:
        """:meth:`known` for integers, in one row."""
        return [int(n) for n in np.asarray(self.known(value, what)).reshape(-1)]

    def rearranged(self, value: Value, what: str, change: Callable[[Array], Array], shape: Sequence[int]) -> Value:
        """Constant weights in another order of elements; they are read when the program is written."""
        dense = constant_attribute(value)
        if dense is None:
            raise self.error(f"needs constant {what}", "fold what computes it, or make it an input of another model")
        type = TensorType(tuple(shape), dense.type.element)
        stored = dense
        new = self.module.add_resource(value.name or what, lambda: np.ascontiguousarray(change(stored.numpy())), type)
        return self.dense(new, value.name)

    def packed(self, value: Value, groups: int, width: int) -> Value:
        """Constant weights (O, ...), or a bias, in the blocks of ``width`` outputs that kernels read."""
        shape = packed_shape(static(value), groups, width)
        return self.rearranged(value, "weights", lambda a: pack_outputs(a, groups, width), shape)

    def is_real(self) -> bool:
        """Whether the operation works on real numbers, not on the integers that stand for them."""
        values = [v for v in (*self.op.operands, *self.op.results) if v is not None]
        return not any(isinstance(v.tensor.element, QuantizedType) for v in values)

    def is_constant(self, *values: Value | None) -> bool:
        """Whether all of the values that are there are constants."""
        return all(v is None or constant_attribute(v) is not None for v in values)

    def clamp(self, op: Any) -> dict[str, Any]:
        """The attributes ``lower`` and ``upper`` for a fused activation function. Raises CompileError for others."""
        name = op.fused_activation_function
        if name not in CLAMPS:
            raise self.error(f"has the activation {name} built in", "make it an operation of its own")
        lower, upper = CLAMPS[name]
        return {"lower": lower, "upper": upper}

    def error(self, message: str, remedy: str = "") -> Exception:
        """An error about the operation being lowered."""
        return self.op.error(message, remedy)  # type: ignore[attr-defined]  # all that is lowered is an Op

    def _insert(self, op: Operation) -> Operation:
        assert self.op.parent is not None
        return self.op.parent.insert_before(self.op, op)


def static(value: Value) -> tuple[int, ...]:
    """The shape of a value; lowering has checked that it is known."""
    return value.tensor.static_shape
