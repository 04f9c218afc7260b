"""Tensors of a model: their types, and the content of those that are constant."""

from __future__ import annotations

import math

import attrs
import numpy as np

from ...ir import DenseAttribute, Module, QuantizedType, TensorType, Type, UnknownType
from ...ir.attributes import INLINE_ELEMENTS, as_dense
from ...ir.dialects.tfl.schema import PACKED, elements, names
from ...ir.types import Array, Dim
from . import schema
from .elements import elements_of
from .flatbuffer import Content, Malformed, Table
from .sparsity import densified

MOST_DIMENSIONS = 32
"""numpy has 64 at most, and some steps double them."""


@attrs.frozen
class Tensor:
    """One tensor of a subgraph. ``content`` is None where it is no constant."""

    name: str
    type: Type
    content: DenseAttribute | None
    is_variable: bool
    was_sparse: bool = False


class TensorReader:
    """Reads the tensors of a model; the content of buffers is shared by all tensors that have the same type."""

    def __init__(self, module: Module, content: Content, buffers: list[memoryview | None]) -> None:
        self.module, self.content, self.buffers = module, content, buffers
        self._known: dict[tuple[int, TensorType], DenseAttribute] = {}

    def read(self, table: Table) -> Tensor:
        """Raises ValueError, with the reason, for a tensor that contradicts itself, and Malformed."""
        name = table.text("name") or ""
        element = elements().get(table.number("type", "b"))
        if element is None:
            return Tensor(name, UnknownType(), None, False)
        type = TensorType(_shape(table), element)
        kind = _quantization(table, type)
        type = type.with_element(kind) if kind is not None else type
        dense = self._constant(table, name, type)
        if dense is not None:
            type = dense.type
        is_sparse = table.target("sparsity") != 0
        return Tensor(name, type, dense, bool(table.number("is_variable", "?", False)), is_sparse)

    def _constant(self, table: Table, name: str, type: TensorType) -> DenseAttribute | None:
        """The content of a tensor; None where it has none."""
        number = table.number("buffer", "I")
        if number >= len(self.buffers):
            raise ValueError(f"it refers to buffer {number} of {len(self.buffers)}")
        if table.number("external_buffer", "I"):
            raise ValueError("its content lies in another file, which nncc does not read")
        content = self.buffers[number]
        if content is None or not len(content):
            has_none = type.is_static and type.size == 0
            return as_dense(np.empty(type.static_shape, type.storage.dtype), type) if has_none else None
        type = type.with_shape(tuple(int(d) for d in _dimensions(table)))
        if not type.is_static or any(d < 0 for d in type.static_shape):
            raise ValueError(f"it is a constant of unknown size, {type}")
        sparsity = table.table("sparsity", schema.SPARSITY)
        key = (number, type)
        if sparsity is None and key in self._known:
            return self._known[key]
        if sparsity is not None:
            array = densified(sparsity, content, type)
        else:
            array = _stored(content, type)
        dense = as_dense(array, type) if array.size <= INLINE_ELEMENTS else self.module.add_resource(name, array, type)
        if sparsity is None:
            self._known[key] = dense
        return dense


def _dimensions(table: Table) -> Array:
    dims = table.vector("shape", "<i4")
    if dims is None:
        return np.zeros(0, np.int32)
    if len(dims) > MOST_DIMENSIONS:
        raise ValueError(f"it has {len(dims)} dimensions, the most are {MOST_DIMENSIONS}")
    return dims


def _shape(table: Table) -> tuple[Dim, ...]:
    """The shape; dimensions that a signature leaves open are not known."""
    dims, signature = _dimensions(table), table.vector("shape_signature", "<i4")
    if signature is not None and len(signature) == len(dims):
        dims = signature
    return tuple(int(d) if d >= 0 else None for d in dims)


def _quantization(table: Table, type: TensorType) -> QuantizedType | None:
    """How the integers of a tensor are quantized; None where they are plain numbers."""
    found = table.table("quantization", schema.QUANTIZATION)
    if found is None or not type.storage.is_integer:
        return None
    details = found.number("details_type", "B")
    if details:
        kind = names("QuantizationDetails").get(details, str(details))
        raise ValueError(f"it is quantized in a way that nncc does not know: {kind}")
    scales = found.vector("scale", "<f4")
    if scales is None or not len(scales) or (len(scales) == 1 and scales[0] == 0):
        return None
    points = found.vector("zero_point", "<i8")
    points = np.zeros(len(scales), np.int64) if points is None or not len(points) else points
    points = np.broadcast_to(points, scales.shape) if len(points) == 1 else points
    if len(points) != len(scales):
        raise ValueError(f"it has {len(scales)} scales and {len(points)} zero points")
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise ValueError("its scales are no positive numbers")
    if (abs(points) > 2**31).any():
        raise ValueError("its zero points are no 32-bit numbers")
    axis = _quantized_axis(found.number("quantized_dimension", "i"), len(scales), type)
    scale_list, point_list = tuple(map(float, scales)), tuple(map(int, points))
    return QuantizedType(type.storage, elements()[0], scale_list, point_list, axis)


def _quantized_axis(axis: int, count: int, type: TensorType) -> int | None:
    if count == 1:
        return None
    if not 0 <= axis < type.rank or type.dims[axis] not in (count, None):
        raise ValueError(f"it has {count} scales along dimension {axis} of {type}")
    return axis


def _stored(content: memoryview, type: TensorType) -> Array:
    """The elements of a constant: a view of the file where they stand in it as numpy has them."""
    element, count = type.storage, math.prod(type.static_shape)
    expected = -(-count * element.bits // 8) if element.name in PACKED else count * element.dtype.itemsize
    if len(content) != expected:
        raise ValueError(f"it is of type {type}, which takes {expected} bytes, and its buffer has {len(content)}")
    return elements_of(content, element, count).reshape(type.static_shape)


def buffers_of(model: Table, content: Content) -> list[memoryview | None]:
    """What the buffers of a model hold, None for an empty one. Large ones stand behind the flatbuffer, at an offset.

    Raises Malformed.
    """
    found: list[memoryview | None] = []
    for table in model.tables("buffers", schema.BUFFER):
        offset, size = table.number("offset", "Q"), table.number("size", "Q")
        at = table.target("data")
        if offset > 1:  # 0 and 1 are what writers put there before they know
            if offset + size > len(content.bytes):
                raise Malformed(f"a buffer lies at {offset} to {offset + size} of {len(content.bytes)} bytes")
            found.append(content.bytes[offset : offset + size])
        elif at:
            length = content.number("I", at)
            if at + 4 + length > len(content.bytes):
                raise Malformed(f"a buffer of {length} bytes begins at byte {at + 4} of {len(content.bytes)}")
            found.append(content.bytes[at + 4 : at + 4 + length])
        else:
            found.append(None)
    return found
