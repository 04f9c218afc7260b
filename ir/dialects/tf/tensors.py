"""Elements of TensorFlow's tensors: the message ``TensorProto`` as an array."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...types import Array, ElementType, TensorType
from .elements import element_of

MOST_DIMENSIONS = 32
"""What every numpy can hold."""

_FIELDS = {
    "f32": "float_val",
    "f64": "double_val",
    "complex<f32>": "scomplex_val",
    "complex<f64>": "dcomplex_val",
    "i64": "int64_val",
    "i1": "bool_val",
    "ui32": "uint32_val",
    "ui64": "uint64_val",
    "f16": "half_val",
    "bf16": "half_val",
    "!nncc.string": "string_val",
}
"""The fields for elements that are not stored as bytes; integers stand in ``int_val``, floats of 8 bits in bytes."""
_PARTS = {"complex<f32>": np.float32, "complex<f64>": np.float64}


def tensor_type(message: Any) -> TensorType:
    """The type of a stored tensor. Raises ValueError where it is none."""
    element = element_of(message.dtype)
    if not isinstance(element, ElementType):
        raise ValueError(f"it holds elements of type {element}")
    shape = message.tensor_shape
    dims = tuple(int(d.size) for d in shape.dim)
    if shape.unknown_rank or min(dims, default=0) < 0 or len(dims) > MOST_DIMENSIONS:
        raise ValueError(f"it has the dimensions {'?' if shape.unknown_rank else list(dims)}")
    if math.prod(d for d in dims if d) * element.dtype.itemsize >= 2**63:
        raise ValueError(f"it is too large: its dimensions are {list(dims)}")
    return TensorType(dims, element)


def tensor_array(message: Any, data: memoryview) -> Array:
    """The array of a message; ``data`` are its bytes, empty where its elements are numbers of the message.

    Bytes are not copied. Fewer numbers than elements mean that the last one is repeated: such an array takes no memory.
    Raises ValueError where the numbers do not fit the type.
    """
    type = tensor_type(message)
    element = type.storage
    if len(data):
        return _from_bytes(data, type)
    if element.name == "!nncc.string":
        values = np.empty(len(message.string_val), object)
        values[:] = [value.decode("utf-8", "surrogateescape") for value in message.string_val]
        return _repeated(values, type, "")
    if element.name.startswith("f8"):
        return _repeated(np.frombuffer(message.float8_val, element.dtype), type, 0)
    field = getattr(message, _FIELDS.get(element.name, "int_val"))
    if element.name in _PARTS:
        values = np.fromiter(field, _PARTS[element.name], len(field)).view(element.dtype)
    elif element.name in ("f16", "bf16"):
        values = np.fromiter(field, np.uint16, len(field)).view(element.dtype)
    elif element.name in _FIELDS:
        values = np.fromiter(field, element.dtype, len(field))
    else:
        values = np.fromiter(field, np.int32, len(field)).astype(element.dtype)
    return _repeated(values, type, 0)


def _from_bytes(data: memoryview, type: TensorType) -> Array:
    dtype = type.storage.dtype
    if type.storage.name == "!nncc.string" or len(data) != type.size * dtype.itemsize:
        raise ValueError(f"it has {len(data)} bytes of data, which do not fit its type {type}")
    flat: Array = np.frombuffer(data, dtype.newbyteorder("<") if dtype.isbuiltin == 1 else dtype)
    if type.storage.is_bool:
        flat = np.frombuffer(data, np.uint8) != 0
    array: Array = flat.astype(dtype, copy=False).reshape(type.static_shape)
    return array


def _repeated(values: Array, type: TensorType, none: Any) -> Array:
    if len(values) > type.size:
        raise ValueError(f"it has {len(values)} numbers, which do not fit its type {type}")
    if len(values) == type.size:
        return values.reshape(type.static_shape)
    if len(values) <= 1:
        return np.broadcast_to(values[0] if len(values) else np.array(none, values.dtype), type.static_shape)
    rest = np.broadcast_to(values[-1], (type.size - len(values),))
    return np.concatenate([values, rest]).reshape(type.static_shape)
