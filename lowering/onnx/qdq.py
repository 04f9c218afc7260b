"""Quantized tensors as ONNX has them: real operations between DequantizeLinear and QuantizeLinear (QDQ).

Runtimes fuse the three into one integer kernel where they have it, and compute in real numbers where they have not: the
numbers are the same but for rounding. ONNX rounds halves to even.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ...ir import Builder, Function, Module, Operation, TensorType, Trait, Value
from ...ir.dialects import nn
from ...ir.dialects.onnx import Initializer
from ...ir.ports import PORT_ELEMENT, Side
from ...ir.types import QuantizedType
from .target import Target, lowers


def make_explicit(module: Module, function: Function) -> int:
    """Let every operation compute with real numbers, between nn.dequantize and nn.quantize; how many it were."""
    step = _Explicit(module)
    return sum(step.operation(op) for op in list(function.walk()) if op is not function)


@attrs.define
class _Explicit:
    module: Module
    real: dict[Value, Value] = attrs.Factory(dict)
    """The dequantized forms of values, made once for all users."""

    def operation(self, op: Operation) -> bool:
        if (
            Trait.CONSTANT in op.traits
            or Trait.TERMINATOR in op.traits
            or isinstance(op, nn.Dequantize | nn.StorageCast)
        ):
            return False
        changed = False
        for number, value in enumerate(op.operands):
            if value is not None and quantized(value) is not None:
                op.set_operand(number, self._as_real(value))
                changed = True
        if isinstance(op, nn.Quantize):
            return changed
        for result in op.results:
            if quantized(result) is not None:
                self._quantize(op, result)
                changed = True
        return changed

    def _as_real(self, value: Value) -> Value:
        if value not in self.real:
            source = value.defining_op
            if source is None:
                block: Any = value.owner
                b = Builder(self.module, block, block.first_op)
            else:
                b = Builder.after(self.module, source)
            self.real[value] = b.create("nn.dequantize", value).result
        return self.real[value]

    def _quantize(self, op: Operation, result: Value) -> None:
        """Give a result real elements, and its users what is quantized of it."""
        stored, kind = result.tensor, quantized(result)
        assert kind is not None
        result.type = TensorType(stored.shape, stored.expressed)
        if saturates_like(op.attributes.get("activation", "none"), kind):
            op.attributes.pop("activation", None)
        made = Builder.after(self.module, op).create("nn.quantize", result, to=stored)
        for user, number in result.uses:
            if user is not made:
                user.set_operand(number, made.results[0])
        made.results[0].name, result.name = result.name, None


def quantized(value: Value) -> QuantizedType | None:
    """The quantized element type of a value, if it has one."""
    kind = value.type.element if isinstance(value.type, TensorType) else None
    return kind if isinstance(kind, QuantizedType) else None


def saturates_like(activation: object, kind: QuantizedType) -> bool:
    """Whether an activation changes nothing that a quantized type can tell apart."""
    if activation not in nn.ACTIVATIONS or activation == "none" or kind.axis is not None:
        return False
    low, high = nn.ACTIVATIONS[activation]
    least, most = (kind.scale * (n - kind.zero_point) for n in kind.range)
    return low <= least + kind.scale / 2 and most - kind.scale / 2 <= high


def store_plainly(function: Function) -> None:
    """Give all values the types that they have in the file: integers. What those of ports stand for is noted there."""
    sides: tuple[Side, ...] = ("arg", "res")
    for side in sides:
        for index, value in enumerate(function.inputs if side == "arg" else function.outputs):
            kind = quantized(value)
            if kind is not None:
                function.set_port_attribute(side, index, PORT_ELEMENT, kind)
                value.type = _plain(value.tensor)
    for op in function.walk():
        for value in (*op.results, *(a for region in op.regions for block in region.blocks for a in block.args)):
            if quantized(value) is not None:
                value.type = _plain(value.tensor)
        if isinstance(op, Initializer) and isinstance(op.value.type.element, QuantizedType):
            # the elements are integers already
            op.value = attrs.evolve(op.value, type=_plain(op.value.type))  # type: ignore[misc]  # an attrs class


def _plain(type: TensorType) -> TensorType:
    return TensorType(type.shape, type.storage)


@lowers("quantize")
def quantize(t: Target, op: nn.Quantize) -> Value:
    kind = op.to.element
    assert isinstance(kind, QuantizedType)
    return t.value("QuantizeLinear", op.x, *_parameters(t, kind), types=[op.output.type], **_axis(t, op, kind))


@lowers("dequantize")
def dequantize(t: Target, op: nn.Dequantize) -> Value:
    kind = quantized(op.x)
    assert kind is not None
    return t.value("DequantizeLinear", op.x, *_parameters(t, kind), **_axis(t, op, kind))


@lowers("storage_cast")
def storage_cast(t: Target, op: nn.StorageCast) -> Value:
    return t.value("Identity", op.x, types=[op.output.type])


def _parameters(t: Target, kind: QuantizedType) -> tuple[Value, Value]:
    """Scale and zero point: scalars, or vectors along the axis."""
    shape = () if kind.axis is None else (len(kind.scales),)
    scale = np.array(kind.scales, kind.expressed.dtype).reshape(shape)
    zero_point = np.array(kind.zero_points, kind.storage.dtype).reshape(shape)
    return t.constant(scale, "scale"), t.constant(zero_point, "zero_point")


def _axis(t: Target, op: nn.NNOp, kind: QuantizedType) -> dict[str, int]:
    if kind.axis is None:
        return {}
    if t.opset < 13:
        raise t.error(
            "has a scale for each channel, which ONNX has from opset 13 on",
            "choose opset 13 or higher, or quantize with one scale a weight (quantize-int8{weights=per_tensor})",
        )
    return {"axis": kind.axis}
