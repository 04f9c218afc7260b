"""Operations whose results have sizes that depend on the data: inference leaves such a dimension unknown."""

from __future__ import annotations

import numpy as np

from ...opdef import operand, result
from ...types import I64, Array, TensorType
from .base import NNOp


class NonZero(NNOp, name="nn.non_zero"):
    """The places where x is not zero (or true), a row of indices each, in row-major order: (K, rank of x), i64.

    As WHERE of TFLite and tf.where; NonZero of ONNX gives the transpose.
    """

    x = operand()
    output = result("(K, rank of x), K being the number of places")

    def infer(self) -> TensorType:
        x = self.x.tensor
        return TensorType((None, None if x.shape is None else x.rank), I64)

    def evaluate(self, x: Array) -> Array:
        return np.argwhere(x)
