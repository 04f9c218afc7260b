"""The change of a function to the types that were chosen."""

from __future__ import annotations

import numpy as np

from ...ir import DenseAttribute, Function, Module, Op, TensorType, Value
from ...ir.dialects.nnb import FUNCTION_OPS, NnbFunction, Parameter, fixed_point
from ...ir.types import F32, Array
from .positions import Positions
from .settings import SIGN, VariableType


def apply(module: Module, function: Function, types: dict[Value, VariableType], positions: Positions) -> None:
    """Give every variable its type; parameters are rounded when they are written."""
    for value, wanted in types.items():
        maker = value.defining_op
        if wanted.is_fixed:
            value.type = value.tensor.with_element(fixed_point(wanted.code, positions[value]))
            if isinstance(maker, Parameter):
                maker.set_attribute("value", _rounded(module, value, maker.value))
        elif wanted.code == SIGN:
            assert isinstance(maker, Parameter)
            maker.set_attribute("value", _signs(module, value, maker.value))
            maker.set_attribute("sign", True)


def _rounded(module: Module, value: Value, dense: DenseAttribute) -> DenseAttribute:
    type = value.tensor
    limits = np.iinfo(type.storage.dtype)
    (scale,) = type.element.scales  # type: ignore[union-attr]  # it is quantized

    def load() -> Array:
        stored: Array = np.clip(np.rint(dense.read() / scale), limits.min, limits.max).astype(type.storage.dtype)
        return stored

    return module.add_resource(value.name or "parameter", load, type)


def _signs(module: Module, value: Value, dense: DenseAttribute) -> DenseAttribute:
    def load() -> Array:
        return np.where(dense.read() > 0, np.float32(1), np.float32(-1))

    return module.add_resource(value.name or "parameter", load, TensorType(value.tensor.static_shape, F32))


def insert_identity(op: NnbFunction, index: int) -> Value:
    """A copy of an operand, which has a type of its own: the operation takes the copy."""
    value = op.operands[index]
    assert value is not None and op.parent is not None
    copy: Op = FUNCTION_OPS["Identity"](
        value, result_types=[value.tensor], location=op.location, name=f"{op.label}_convert"
    )
    op.parent.insert_before(op, copy)
    copied: Value = copy.results[0]
    copied.name = f"{value.name}_converted"
    op.set_operand(index, copied)
    return copied


def insert_identity_behind(op: NnbFunction) -> Value:
    """A copy of a result, which has a type of its own, its name, and its users."""
    (result,) = op.results
    copy: Op = FUNCTION_OPS["Identity"](
        result, result_types=[result.tensor], location=op.location, name=f"{op.label}_convert"
    )
    copied: Value = copy.results[0]
    copied.name = result.name
    result.replace_all_uses_with(copied)
    result.name = f"{copied.name}_converted"
    copy.set_operand(0, result)
    assert op.parent is not None
    op.parent.insert_after(op, copy)
    return copied


def insert_zero_bias(op: NnbFunction) -> Value:
    """A bias of zeros: the runtime's kernel for integers reads the shape of one that is not there."""
    outputs = op.operands[1].tensor.static_shape[0]  # type: ignore[union-attr]  # it has a weight
    assert op.parent is not None
    zeros = Parameter(value=np.zeros(outputs, np.float32), location=op.location)
    zeros.output.name = f"{op.label}_zeros"
    op.parent.insert_before(op, zeros)
    op.set_operand(2, zeros.output)
    return zeros.output
