"""Changes of the element type."""

from __future__ import annotations

import math

from ....ir import Value
from ....ir.dialects import onnx
from ....ir.types import ELEMENT_TYPES, F32, F64, ElementType
from .registry import Lifter, lift, refuse

_LARGEST = {"f8E4M3FN": 448.0, "f8E4M3FNUZ": 240.0, "f8E5M2": 57344.0, "f8E5M2FNUZ": 57344.0}
"""The greatest finite numbers of the types that Cast saturates to."""
_E8M0 = ELEMENT_TYPES["f8E8M0FNU"]
_E8M0_RANGE = 2.0**-127, 2.0**127


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
    return _converted(b, op, x, element_of(op, "to"))


@lift("CastLike")
def cast_like(b: Lifter, op: onnx.OnnxOp, x: Value, target: Value) -> Value:
    return _converted(b, op, x, target.tensor.expressed)


def _converted(b: Lifter, op: onnx.OnnxOp, x: Value, to: ElementType) -> Value:
    """nn.cast, with what ONNX wants of numbers beyond the range of the narrow types of floats."""
    if x.tensor.expressed == to:
        return x
    if to == _E8M0:
        return _to_powers_of_two(b, op, x)
    if to.name in _LARGEST and op.get("saturate") != 0:
        largest = _LARGEST[to.name]
        return b.nn.cast(b.nn.clip(_as_float(b, x), min=-largest, max=largest), to=to)
    return b.nn.cast(x, to=to)


def _as_float(b: Lifter, x: Value) -> Value:
    """x as a float of 32 bits or more."""
    return x if x.tensor.expressed in (F32, F64) else b.nn.cast(x, to=F32)


def _to_powers_of_two(b: Lifter, op: onnx.OnnxOp, x: Value) -> Value:
    """x in float8e8m0, which has powers of two alone: rounded ``up``, ``down`` or to the ``nearest``, ties up."""
    x = _as_float(b, x)
    lowest, greatest = _E8M0_RANGE
    inside = b.nn.clip(x, min=lowest, max=greatest)
    rounded = b.nn.cast(b.nn.cast(inside, to=_E8M0), to=x.tensor.expressed)  # to one of the powers around it
    below = b.nn.select(b.nn.greater(rounded, inside), b.nn.mul(rounded, 0.5), rounded)
    mode = op.get("round_mode") or "up"
    threshold = {"up": 1.0, "down": 2.0, "nearest": 1.5}.get(mode)
    if threshold is None:
        raise refuse(op, f"has the round_mode '{mode}'")
    is_above = b.nn.greater if mode == "up" else b.nn.greater_equal
    found = b.nn.select(is_above(inside, b.nn.mul(below, threshold)), b.nn.mul(below, 2.0), below)
    if op.get("saturate") == 0:
        fits = b.nn.logical_and(b.nn.greater_equal(x, lowest), b.nn.less_equal(x, greatest))
        found = b.nn.select(fits, found, b.constant(math.nan, x.tensor.expressed))
    return b.nn.cast(found, to=_E8M0)
