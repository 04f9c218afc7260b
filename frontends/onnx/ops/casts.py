"""Changes of the element type."""

from __future__ import annotations

from ....ir import Value
from ....ir.dialects import onnx
from ....ir.types import F32, ElementType
from ...nodes import refuse
from .registry import Lifter, lift


def element_of(op: onnx.OnnxOp, name: str, default: ElementType = F32) -> ElementType:
    """The element type that an attribute names by its number (in version 1 of Cast: by its name)."""
    from onnx import TensorProto

    value = op.get(name)
    if value is None:
        return default
    try:
        return onnx.element_of(TensorProto.DataType.Value(value.upper()) if isinstance(value, str) else value)
    except ValueError:
        raise refuse(op, f"has {name} = {value!r}, which is no type of elements") from None


@lift("Cast")
def cast_operator(b: Lifter, op: onnx.OnnxOp, x: Value) -> Value:
    return converted(b, op, x, element_of(op, "to"))


@lift("BitCast")
def bit_cast(b: Lifter, op: onnx.OnnxOp, x: Value) -> Value:
    return b.nn.bitcast(x, to=element_of(op, "to"))


@lift("CastLike")
def cast_like(b: Lifter, op: onnx.OnnxOp, x: Value, target: Value) -> Value:
    return converted(b, op, x, target.tensor.expressed)


def converted(b: Lifter, op: onnx.OnnxOp, x: Value, to: ElementType) -> Value:
    """The attributes count for floats of 8 bits alone."""
    if x.tensor.expressed == to:
        return x
    if not to.is_float or to.bits != 8:
        return b.nn.cast(x, to=to)
    return b.nn.cast(x, to=to, saturate=op.get("saturate") != 0, power=op.get("round_mode") or "up")
