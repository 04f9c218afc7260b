"""Elements of ONNX tensors: how each type is stored in a file, and in numpy."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...types import ELEMENT_TYPES, Array, ElementType, TensorType

if TYPE_CHECKING:
    from onnx import TensorProto

MOST_DIMENSIONS = 32
"""What every numpy can hold."""

_NAMES = {
    "f32": "FLOAT",
    "ui8": "UINT8",
    "i8": "INT8",
    "ui16": "UINT16",
    "i16": "INT16",
    "i32": "INT32",
    "i64": "INT64",
    "!nncc.string": "STRING",
    "i1": "BOOL",
    "f16": "FLOAT16",
    "f64": "DOUBLE",
    "ui32": "UINT32",
    "ui64": "UINT64",
    "complex<f32>": "COMPLEX64",
    "complex<f64>": "COMPLEX128",
    "bf16": "BFLOAT16",
    "f8E4M3FN": "FLOAT8E4M3FN",
    "f8E4M3FNUZ": "FLOAT8E4M3FNUZ",
    "f8E5M2": "FLOAT8E5M2",
    "f8E5M2FNUZ": "FLOAT8E5M2FNUZ",
    "ui4": "UINT4",
    "i4": "INT4",
    "f4E2M1FN": "FLOAT4E2M1",
    "f8E8M0FNU": "FLOAT8E8M0",
    "ui2": "UINT2",
    "i2": "INT2",
    "f6E2M3FN": "FLOAT6E2M3",
    "f6E3M2FN": "FLOAT6E3M2",
}
_FIELDS = {
    "f32": "float_data",
    "complex<f32>": "float_data",
    "f64": "double_data",
    "complex<f64>": "double_data",
    "i64": "int64_data",
    "ui32": "uint64_data",
    "ui64": "uint64_data",
    "!nncc.string": "string_data",
}
"""The fields for elements that are not stored as bytes; all others stand in ``int32_data``."""
_PACKED = (2, 4)
"""The bits of elements that are packed into bytes in ``int32_data`` too; those of 6 bits are packed in bytes alone."""
_PARTS = {"complex<f32>": np.float32, "complex<f64>": np.float64}


@functools.cache
def _codes() -> dict[str, int]:
    from onnx import TensorProto

    known = dict(TensorProto.DataType.items())
    return {element: known[name] for element, name in _NAMES.items() if name in known}


@functools.cache
def _elements() -> dict[int, ElementType]:
    return {code: ELEMENT_TYPES[name] for name, code in _codes().items()}


def data_type(element: ElementType) -> int:
    """The number of an element type in ONNX. Raises ValueError for one that the installed onnx does not have."""
    if element.name not in _codes():
        raise ValueError(f"ONNX has no elements of type {element}")
    return _codes()[element.name]


def element_of(code: int) -> ElementType:
    """The element type of a number of ONNX. Raises ValueError for one that is not known."""
    if code not in _elements():
        raise ValueError(f"there is no element type {code}")
    return _elements()[code]


def tensor_type(message: TensorProto) -> TensorType:
    """The type of a stored tensor. Raises ValueError where the type or a dimension is none."""
    element = element_of(message.data_type)
    dims = tuple(message.dims)
    if len(dims) > MOST_DIMENSIONS:
        raise ValueError(f"it has {len(dims)} dimensions; {MOST_DIMENSIONS} are possible")
    if min(dims, default=0) < 0:
        raise ValueError(f"it has the dimensions {list(dims)}")
    if math.prod(d for d in dims if d) * element.dtype.itemsize >= 2**63:
        raise ValueError(f"it is too large: its dimensions are {list(dims)}")
    return TensorType(dims, element)


def stored_size(type: TensorType) -> int:
    """The bytes that a tensor takes in a file: elements of less than a byte are packed."""
    return -(-type.size * _stored_bits(type.storage) // 8)


def _stored_bits(element: ElementType) -> int:
    return 8 if element.is_bool else element.bits


def from_bytes(data: memoryview, type: TensorType) -> Array:
    """The array in the bytes of a file, little-endian: a view, unless elements are packed.

    Raises ValueError where the number of bytes is not that of the type.
    """
    element = type.storage
    if element.name == "!nncc.string":
        raise ValueError("strings cannot be stored as bytes")
    if len(data) != stored_size(type):
        raise ValueError(f"it has {len(data)} bytes of data, but its type {type} takes {stored_size(type)}")
    raw = np.frombuffer(data, np.uint8)
    if _stored_bits(element) < 8:
        return _unpack(raw, element, type.size).reshape(type.static_shape)
    if element.is_bool:
        flat = raw.view(np.bool_) if not raw.size or raw.max() <= 1 else raw != 0
    else:
        flat = raw.view(element.dtype.newbyteorder("<")).astype(element.dtype, copy=False)
    return flat.reshape(type.static_shape)


def from_fields(message: TensorProto, type: TensorType) -> Array:
    """The array of a tensor whose elements are numbers of the message, or strings.

    Raises ValueError where there are more or less of them than its dimensions say.
    """
    element = type.storage
    is_text = element.name == "!nncc.string"
    field = getattr(message, _FIELDS.get(element.name, "int32_data"))
    expected = (
        stored_size(type)
        if not is_text and element.bits in _PACKED
        else type.size * (2 if element.name in _PARTS else 1)
    )
    if len(field) != expected:
        raise ValueError(f"it has {len(field)} values, but its type {type} takes {expected}")
    if is_text:
        flat = np.empty(len(field), object)
        flat[:] = [as_text(value) for value in field]
    elif element.name in _PARTS:
        flat = np.asarray(np.fromiter(field, _PARTS[element.name], len(field))).view(element.dtype)
    elif element.name in _FIELDS:
        flat = np.fromiter(field, element.dtype, len(field))
    else:
        flat = _from_int32(np.fromiter(field, np.int32, len(field)), element, type.size)
    return flat.reshape(type.static_shape)


def _from_int32(values: Array, element: ElementType, count: int) -> Array:
    if element.name == "i32":
        return values
    if element.is_bool:
        return values.astype(np.bool_)
    if element.bits in _PACKED:
        return _unpack(values.astype(np.uint8), element, count)
    if element.bits == 6:
        return (values.astype(np.uint8) & 0x3F).view(element.dtype)
    stored: Array = values.astype(f"u{element.dtype.itemsize}")
    return stored.view(element.dtype)


def to_bytes(array: Array, element: ElementType) -> memoryview:
    """The bytes of an array in a file: without a copy where numpy stores it so."""
    if _stored_bits(element) < 8:
        return _pack(np.ascontiguousarray(array).reshape(-1).view(np.uint8), element.bits).data
    ordered = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1)
    return ordered.view(np.uint8).data if ordered.size else memoryview(b"")


def _groups(bits: int) -> tuple[int, int]:
    """Packed elements come in groups of whole bytes: how many bytes, and how many elements."""
    size = math.lcm(bits, 8) // 8
    return size, size * 8 // bits


def _unpack(packed: Array, element: ElementType, count: int) -> Array:
    """Elements of 2, 4 or 6 bits, the first in the lowest bits."""
    size, each = _groups(element.bits)
    padded = np.pad(packed, (0, -packed.size % size)).reshape(-1, size)
    words = sum(padded[:, i].astype(np.uint32 if size > 1 else np.uint8) << (8 * i) for i in range(size))
    codes = np.empty((len(padded), each), np.uint8)
    for i in range(each):
        codes[:, i] = (words >> (element.bits * i)) & (2**element.bits - 1)
    flat = codes.reshape(-1)[:count]
    if element.is_integer and element.name[0] == "i":
        sign = 1 << (element.bits - 1)
        flat = (flat ^ sign).astype(np.int8) - np.int8(sign)
    return flat.astype(element.dtype) if element.is_integer else flat.view(element.dtype)


def _pack(codes: Array, bits: int) -> Array:
    size, each = _groups(bits)
    padded = (np.pad(codes, (0, -codes.size % each)) & (2**bits - 1)).reshape(-1, each)
    words = np.zeros(len(padded), np.uint32)
    for i in range(each):
        words |= padded[:, i].astype(np.uint32) << (bits * i)
    packed = words.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :size].reshape(-1)
    return np.ascontiguousarray(packed[: -(-codes.size * bits // 8)])


def as_text(data: bytes) -> str:
    """A string of ONNX, which is bytes of any content: what is not UTF-8 survives as surrogates."""
    return data.decode("utf-8", "surrogateescape")


def as_bytes(text: Any) -> bytes:
    """The inverse of :func:`as_text`. Raises ValueError for what is no such text."""
    if not isinstance(text, str):
        raise ValueError(f"a tensor of strings holds {text!r}")
    return text.encode("utf-8", "surrogateescape")
