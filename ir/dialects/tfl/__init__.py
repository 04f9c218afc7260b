"""The ``tfl`` dialect: TensorFlow Lite, one operation for each builtin operator of its schema.

Operations are named as in MLIR's dialect of the same name; operands, options and versions are those of the file
format. Each module defines one family; :mod:`.quantization` says what runs in 8 bits, :mod:`.runtime` which runtime
knows which version.
"""

from . import constant, control, creation, elementwise, linear, movement, opaque, reduction, segments, spatial

__all__ = [
    "constant",
    "control",
    "creation",
    "elementwise",
    "linear",
    "movement",
    "opaque",
    "reduction",
    "segments",
    "spatial",
]
