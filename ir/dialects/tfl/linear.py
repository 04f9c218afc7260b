"""Matrix products."""

from __future__ import annotations

import numpy as np

from ...opdef import BOOL, attribute, one_of, operand, result
from ...types import Array, QuantizedType
from .base import ACTIVATION, TFLOp, activate


class FullyConnected(TFLOp, name="tfl.fully_connected", builtin="FULLY_CONNECTED", options="FullyConnected"):
    """y = x filterᵀ + bias: (..., K), weights (N, K) → (..., N) with ``keep_num_dims``.

    Without it the input counts as a matrix with K columns, whatever its shape.
    """

    input = operand("(..., K)")
    filter = operand("(N, K)")
    bias = operand("(N,)", optional=True)
    fused_activation_function = attribute(ACTIVATION, default="NONE")
    weights_format = attribute(one_of("DEFAULT", "SHUFFLED4x16INT8"), default="DEFAULT")
    keep_num_dims = attribute(BOOL, default=False)
    asymmetric_quantize_inputs = attribute(BOOL, default=False)
    output = result("(..., N)")

    def version(self) -> int:
        kinds = (self.storage_name(0), self.storage_name(1))
        filter = self.filter.tensor.element
        if kinds == ("f32", "i8") and isinstance(filter, QuantizedType) and filter.axis is not None:
            return 12
        if kinds == ("i16", "i8"):
            return 7
        if len(self.operands) == 2:
            return 6
        if self.keep_num_dims:
            return 5
        if kinds == ("f32", "i8"):
            return 9 if self.asymmetric_quantize_inputs else 3
        return {("i8", "i8"): 4, ("i8", "i4"): 10}.get(kinds, 1)

    def evaluate(self, input: Array, filter: Array, bias: Array | None) -> Array:
        x = input if self.keep_num_dims else input.reshape(-1, filter.shape[1])
        y = x @ filter.T
        return activate(y if bias is None else y + bias, self.fused_activation_function)


class BatchMatmul(
    TFLOp, name="tfl.batch_matmul", builtin="BATCH_MATMUL", options="BatchMatMul", versions={"i8": 2, "i16": 3}
):
    """x y, or their adjoints, over leading dimensions that broadcast."""

    x = operand("(..., M, K)")
    y = operand("(..., K, N)")
    adj_x = attribute(BOOL, default=False)
    adj_y = attribute(BOOL, default=False)
    asymmetric_quantize_inputs = attribute(BOOL, default=False)
    output = result("(..., M, N)")

    def evaluate(self, x: Array, y: Array) -> Array:
        product: Array = np.matmul(
            np.swapaxes(x, -1, -2) if self.adj_x else x, np.swapaxes(y, -1, -2) if self.adj_y else y
        )
        return product
