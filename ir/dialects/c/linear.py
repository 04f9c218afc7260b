"""Products of matrices."""

from __future__ import annotations

import numpy as np

from ...opdef import BOOL, attribute, operand, result
from ...types import Array
from .base import Clamped, KernelOp


class FullyConnected(Clamped, name="c.fully_connected"):
    """y[m, n] = sum_k x[m, k] weight[n, k] + bias[n], bounded"""

    x = operand("(..., K)")
    weight = operand("(N, K)")
    bias = operand("(N,)", optional=True)
    output = result("(..., N)")

    def evaluate(self, x: Array, weight: Array, bias: Array | None) -> Array:
        y = x.reshape(-1, weight.shape[1]) @ weight.T
        return self.clamp(y if bias is None else y + bias).reshape(self.output_type.static_shape)


class MatMul(KernelOp, name="c.matmul"):
    """The products of matrices, leading axes broadcast as in numpy"""

    lhs = operand("(..., M, K), with transpose_lhs (..., K, M)")
    rhs = operand("(..., K, N), with transpose_rhs (..., N, K)")
    transpose_lhs = attribute(BOOL, default=False)
    transpose_rhs = attribute(BOOL, default=False)
    output = result("(..., M, N)")

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        left = np.swapaxes(lhs, -1, -2) if self.transpose_lhs else lhs
        right = np.swapaxes(rhs, -1, -2) if self.transpose_rhs else rhs
        return left @ right
