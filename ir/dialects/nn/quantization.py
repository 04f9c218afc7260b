"""Between real numbers and the integers that stand for them.

A quantized type (scale, zero point, maybe one for each channel) is part of the type of a tensor: see
:class:`nncc.ir.types.QuantizedType`, which rounds half away from zero and saturates.
"""

from __future__ import annotations

import numpy as np

from ...opdef import TENSOR_TYPE, TYPE, attribute, one_of, operand, result
from ...types import Array, ElementType, QuantizedType, TensorType, unify_shapes
from .base import FLOAT_ELEMENT, NNOp

ROUNDINGS = ("half_away", "half_even")


class Quantize(NNOp, name="nn.quantize"):
    """x in a quantized type: round(x / scale) + zero_point, saturated. A quantized x is quantized anew.

    ``rounding`` says where halves go: away from zero (TFLite), or to the even number, the quotient being computed in
    the type of x (ONNX).
    """

    x = operand()
    to = attribute(TENSOR_TYPE, "the type of the result: the shape of x with quantized elements")
    rounding = attribute(one_of(*ROUNDINGS), "where halves go", default="half_away")
    output = result("the type ``to``")

    def infer(self) -> TensorType:
        x, to = self.x.tensor, self.to
        if not isinstance(to.element, QuantizedType) or to.expressed != x.expressed:
            raise self.error(f"expected attribute 'to' with quantized elements that express {x.expressed}, got {to}")
        check_axis(self, to.element, to)
        if x.shape is None or to.shape is None:
            return to.with_shape(x.shape if to.shape is None else to.shape)
        try:
            return to.with_shape(unify_shapes(x.shape, to.shape))
        except ValueError as error:
            raise self.error(f"expected attribute 'to' with the shape of {x}, got {to} ({error} differ)") from None

    def evaluate(self, x: Array) -> Array:
        kind = self.to.element
        if self.rounding == "half_away" or not isinstance(kind, QuantizedType):
            return x  # evaluation is on real numbers: the interpreter stores them in the type of the result
        return to_even(x, kind)


class Dequantize(NNOp, name="nn.dequantize"):
    """The real numbers that a quantized x stands for: (x - zero_point) * scale"""

    x = operand("quantized")
    output = result("the shape of x, with the type that its elements express")

    def infer(self) -> TensorType:
        x = self.x.tensor
        if not isinstance(x.element, QuantizedType):
            raise self.error(f"expected 'x' with quantized elements, got {x}")
        return TensorType(x.shape, x.expressed)

    def evaluate(self, x: Array) -> Array:
        return x  # evaluation is on real numbers already


class StorageCast(NNOp, name="nn.storage_cast"):
    """The integers that a quantized x stores as plain integers, or plain integers as those of a quantized type.

    No stored number changes. As quant.scast of MLIR.
    """

    x = operand("quantized, or integers")
    to = attribute(TYPE, "the element type of the result: the storage type of x, or a quantized type of such storage")
    output = result("the shape of x")

    def infer(self) -> TensorType:
        x, to = self.x.tensor, self.to
        pair = (x.element, to) if isinstance(x.element, QuantizedType) else (to, x.element)
        if not isinstance(pair[0], QuantizedType) or pair[0].storage != pair[1]:
            raise self.error(f"expected a quantized type and its storage type, got {x} and {to}")
        assert isinstance(to, ElementType | QuantizedType)
        if isinstance(to, QuantizedType):
            check_axis(self, to, x)
        return x.with_element(to)

    def evaluate(self, x: Array) -> Array:
        kind = self.x.tensor.element
        if isinstance(kind, QuantizedType):
            return kind.quantize(x)  # evaluation is on real numbers
        assert isinstance(self.to, QuantizedType)
        return self.to.dequantize(x)


class FakeQuantize(NNOp, name="nn.fake_quantize"):
    """x rounded to the numbers that a quantized type can stand for: quantize, then dequantize; x stays real."""

    x = operand()
    grid = attribute(TYPE, "the quantized element type")
    rounding = attribute(one_of(*ROUNDINGS), "where halves go, as of nn.quantize", default="half_away")
    output = result("the type of x")

    def infer(self) -> TensorType:
        x = self.x.tensor
        element = self.expect_element("x", self.x, FLOAT_ELEMENT)
        grid = self.grid
        if not isinstance(grid, QuantizedType) or grid.expressed != element:
            raise self.error(f"expected attribute 'grid' to be a quantized type that expresses {element}, got {grid}")
        check_axis(self, grid, x)
        return TensorType(x.shape, element)

    def evaluate(self, x: Array) -> Array:
        assert isinstance(self.grid, QuantizedType)
        return self.grid.dequantize(self.grid.quantize(x if self.rounding == "half_away" else to_even(x, self.grid)))


def to_even(x: Array, kind: QuantizedType) -> Array:
    """x rounded to multiples of the scale, halves to even ones; the quotient is computed in the type of x."""
    along = [] if kind.axis is None else [-1 if i == kind.axis % x.ndim else 1 for i in range(x.ndim)]
    scales = np.reshape(kind.scales, along)
    y: Array = np.rint(x / scales.astype(x.dtype)).astype(np.float64) * scales
    return y


def check_axis(op: NNOp, element: QuantizedType, tensor: TensorType) -> None:
    """Raises VerifyError where there is not one scale for each place along the axis of a per-axis type."""
    if element.axis is None or tensor.shape is None:
        return
    axis = op.axis_in(element.axis, tensor.rank, "the quantized axis")
    length = tensor.dims[axis]
    if isinstance(length, int) and length != len(element.scales):
        raise op.error(f"expected {length} scales along axis {axis}, got {len(element.scales)}")
