"""Operations on the 8-bit integers that stand for real numbers, exactly as TensorFlow Lite's reference kernels do them.

All of them evaluate on the stored integers. Scales are in them as multipliers (:mod:`nncc.ir.fixed_point`), which the
lowering makes of the scales of operands and results; zero points as they are.
"""

from . import binary, convolution, linear, reduction, sampling, softmax, unary

__all__ = ["binary", "convolution", "linear", "reduction", "sampling", "softmax", "unary"]
