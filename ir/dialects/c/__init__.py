"""The c dialect: one operation a call of a kernel, in C source that needs no library but libc and libm.

Shapes are static, tensors channel-last. Few kernels serve many operations: what only moves elements is a ``view``
or a ``copy`` by strides, elementwise functions are ``unary`` and ``binary`` with a function each.
"""

from . import convolution, elementwise, indexing, linear, movement, packed, pool, quantized, reduction, sampling
from .base import Constant, KernelOp

__all__ = [
    "Constant",
    "KernelOp",
    "convolution",
    "elementwise",
    "indexing",
    "linear",
    "movement",
    "packed",
    "pool",
    "quantized",
    "reduction",
    "sampling",
]
