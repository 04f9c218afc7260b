"""Products of matrices of integers."""

from __future__ import annotations

import numpy as np

from ....fixed_point import rounded_half_away
from ....opdef import BOOL, INT, attribute, operand, result
from ....types import Array
from .base import BoundedOp, ScaledOp, widened
from .convolution import tile_bytes


class QuantizedFullyConnected(BoundedOp, name="c.quantized_fully_connected"):
    """y[m, n] = (Σ_k x[m, k] weight[n, k] + bias[n]) * scales[n], halves away from zero, plus the zero point

    Unlike a convolution, it is scaled in f64: so do TensorFlow Lite's reference kernels.
    """

    x = operand("(M, C), i8")
    weight = operand("(N, K), i8: rows of C, then zeros up to a multiple of 16")
    bias = operand("(N,), i32: less the sum of the weights of an output, times the zero point of x")
    scales = operand("(N,), f64")
    output = result("(M, N), i8")

    def evaluate(self, x: Array, weight: Array, bias: Array, scales: Array) -> Array:
        sums = np.float64(x) @ np.float64(weight[:, : x.shape[1]]).T + bias
        return self.stored(rounded_half_away(sums * scales))

    def scratch_bytes(self) -> int:
        outputs, width = self.weight.tensor.static_shape
        return tile_bytes(self.x.tensor.static_shape[0], width, outputs)


class QuantizedMatMul(ScaledOp, name="c.quantized_matmul"):
    """The products of matrices less their zero points, scaled; leading axes broadcast as in numpy"""

    lhs = operand("(..., M, K), with transpose_lhs (..., K, M); i8")
    rhs = operand("(..., K, N), with transpose_rhs (..., N, K); i8")
    lhs_zero = attribute(INT, "the integer of lhs that stands for 0")
    rhs_zero = attribute(INT, "the integer of rhs that stands for 0")
    transpose_lhs = attribute(BOOL, default=False)
    transpose_rhs = attribute(BOOL, default=False)
    output = result("(..., M, N), i8")

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        left, right = np.float64(widened(lhs, self.lhs_zero)), np.float64(widened(rhs, self.rhs_zero))
        left = np.swapaxes(left, -1, -2) if self.transpose_lhs else left
        right = np.swapaxes(right, -1, -2) if self.transpose_rhs else right
        return self.scaled((left @ right).astype(np.int64))

    def scratch_bytes(self) -> int:
        return 4 * self.output_type.static_shape[-1]
