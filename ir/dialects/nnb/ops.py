"""What a module in the nnb dialect holds beside functions.

    module attributes {nnb.version = 2, nnb.api_level = 44, nnb.buffer_sizes = [8, 8]} {
      "func.func"() ({
      ^bb0(%x: tensor<1x2xf32>):
        %w = "nnb.parameter"() {value = dense<...>} : () -> tensor<2x2xf32>
        %h = "nnb.Affine"(%x, %w) {base_axis = 1, buffers = [1]} : ...
        %y = "nnb.LeakyReLU"(%h) {alpha = 0.25, buffers = [0]} : ...
        "func.return"(%y)
      }) {nnb.input_buffers = [0], ...}
    }

A buffer is a piece of memory that values share whose lives do not touch. The runtime never works in place: the inputs
and outputs of a function lie in different buffers.
"""

from __future__ import annotations

import numpy as np

from ...opdef import BOOL, DENSE, Op, Trait, attribute, result
from ...types import F32, Array, TensorType
from .elements import point_of

VERSION = "nnb.version"
"""The attribute of the module that holds the version of the format: 2 or 3."""
API_LEVEL = "nnb.api_level"
"""The attribute of the module that holds the API level that its file states."""
BUFFER_SIZES = "nnb.buffer_sizes"
"""The attribute of the module that holds the size of every buffer, in bytes."""
INPUT_BUFFERS = "nnb.input_buffers"
"""The attribute of the function that holds the number of the buffer of every input."""


class StoredOp(Op, traits=(Trait.PURE,)):
    """Base of the operations that stand for data in the file: its elements, in the order of the file."""

    value = attribute(DENSE, "the stored elements, with a quantized type where they have a fixed point")
    sign = attribute(BOOL, "whether the file keeps the signs only, as bits; the elements are 1 and -1", default=False)
    output = result()

    def verify_op(self) -> None:
        type = self.output.tensor
        try:
            point_of(type.element)
        except ValueError as reason:
            raise self.error(str(reason)) from None
        if not type.is_static:
            raise self.error(f"expected a static shape, got {type}")
        if self.sign and type.element != F32:
            raise self.error(f"keeps signs only: expected elements of type f32, got {type.element}")

    def signs(self) -> Array:
        """The signs as booleans: true for +1. Raises VerifyError where an element is neither 1 nor -1."""
        values = self.value.numpy()
        if not np.all(np.abs(values) == 1):
            raise self.error("keeps signs only: expected elements 1 and -1")
        return values > 0


class Parameter(StoredOp, name="nnb.parameter", traits=(Trait.CONSTANT,)):
    """A variable with data.

    The weights of Affine and its binary relatives lie as (out, in) in memory though their shape says (in, out): the
    array here has the shape, and its elements in the order of the file.
    """

    def infer(self) -> TensorType:
        return self.value.type

    def evaluate(self) -> Array:
        return self.value.numpy()


class UnreadParameter(StoredOp, name="nnb.unread_parameter"):
    """A variable with data of which the file holds the first element only; no function reads it.

    Such are the weights that BinaryConnectConvolution and BinaryWeightConvolution were trained with: the runtime
    computes with the binary ones.
    """

    def verify_op(self) -> None:
        super().verify_op()
        if self.value.type != self.output.tensor.with_shape((1,)):
            raise self.error(f"expected a value of type {self.output.tensor.with_shape((1,))}, got {self.value.type}")

    def evaluate(self) -> Array:
        """The first element in all places: some number must stand where nobody looks."""
        return np.broadcast_to(self.value.numpy(), self.output.tensor.static_shape)
