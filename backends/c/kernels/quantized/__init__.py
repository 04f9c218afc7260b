"""The kernels of operations on the 8-bit integers that stand for real numbers."""

from . import binary, convolution, linear, movement, reduction, sampling, softmax, unary

__all__ = ["binary", "convolution", "linear", "movement", "reduction", "sampling", "softmax", "unary"]
