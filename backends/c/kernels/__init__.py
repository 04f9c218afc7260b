"""The kernels: the body of a C function for each operation of the c dialect. Importing this package registers all."""

from . import (
    convolution,
    depthwise,
    elementwise,
    indexing,
    linear,
    movement,
    packed,
    pool,
    quantized,
    reduction,
    sampling,
)
from .registry import KERNELS, Kernel, kernel

__all__ = [
    "KERNELS",
    "Kernel",
    "convolution",
    "depthwise",
    "elementwise",
    "indexing",
    "kernel",
    "linear",
    "movement",
    "packed",
    "pool",
    "quantized",
    "reduction",
    "sampling",
]
