"""The kernels: the body of a C function for each operation of the c dialect. Importing this package registers all."""

from . import convolution, elementwise, linear, movement, pool, reduction
from .registry import KERNELS, Kernel, kernel

__all__ = ["KERNELS", "Kernel", "convolution", "elementwise", "kernel", "linear", "movement", "pool", "reduction"]
