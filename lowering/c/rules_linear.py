"""Rules for products of matrices."""

from __future__ import annotations

from typing import Any

from ...ir import TensorType, Value
from ...ir.dialects.c.packed import block_width
from .target import Target, lowers, static


@lowers("fully_connected")
def fully_connected(t: Target, op: Any) -> Value:
    """With constant weights a convolution without spatial axes, of the rows of the operand."""
    if not (t.is_real() and t.is_constant(op.filter, op.bias)):
        return t.value("fully_connected", op.input, op.filter, op.bias, **t.clamp(op))
    outputs, inner = static(op.filter)
    rows, element = op.input.tensor.size // inner, op.input.tensor.element
    x = op.input
    if static(x) != (rows, inner):
        x = t.value("view", x, type=TensorType((rows, inner), element))
    width = block_width(outputs, rows)
    weight, bias = t.packed(op.filter, 1, width), None if op.bias is None else t.packed(op.bias, 1, width)
    window: dict[str, Any] = {"strides": (), "dilations": (), "pads": ()}
    type = TensorType((rows, outputs), element)
    y = t.value("packed_conv", x, weight, bias, outputs=outputs, type=type, **window, **t.clamp(op))
    return y if op.results[0].type == type else t.value("view", y)


@lowers("batch_matmul")
def batch_matmul(t: Target, op: Any) -> Value:
    return t.value("matmul", op.x, op.y, transpose_lhs=op.adj_x, transpose_rhs=op.adj_y)
