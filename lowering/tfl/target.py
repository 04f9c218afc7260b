"""What the rules of a lowering work with: making operations, constants, and weights in TFLite's layouts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from ...ir import DenseAttribute, Operation, OpResult, QuantizedType, TensorType, Type, Value
from ...ir.dialects.tfl.base import TFLOp
from ...ir.dialects.tfl.constant import PseudoConst
from ...ir.dialects.tfl.runtime import unsupported_element
from ...ir.opdef import lookup_op
from ...ir.types import F32, I32
from ..constants import ConstantMaker
from ..rules import Rules

Rule = Callable[["Target", Any], "Value | Sequence[Value]"]
"""Makes the operations for one nn operation; gives what replaces its results."""
_RULES: Rules[Rule] = Rules("nn")
lowers, rule_for = _RULES.lowers, _RULES.rule_for


@attrs.define
class Target(ConstantMaker):
    """Makes tfl operations before ``op``, the one that is being lowered."""

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
        return self.insert(made)

    def value(self, name: str, *operands: Value | None, **keywords: Any) -> OpResult:
        """:meth:`build` for an operation with one result, which it gives."""
        return self.build(name, *operands, **keywords).result

    def constant_op(self, dense: DenseAttribute) -> Operation:
        return PseudoConst(value=dense, result_types=[dense.type], location=self.op.location)

    def computed_transpose(self, value: Value, perm: Sequence[int], type: TensorType) -> Value:
        return self.value("transpose", value, self.ints(perm, "perm"), types=[type])

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
