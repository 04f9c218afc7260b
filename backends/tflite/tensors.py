"""The tensors and buffers of a TFLite model: one tensor a value, one buffer a constant array."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from ...ir import CompileError, DenseAttribute, DenseResource, Function, QuantizedType, TensorType, Value
from ...ir.dialects.tfl.base import TENSOR
from ...ir.dialects.tfl.opaque import Variable
from ...ir.dialects.tfl.schema import PACKED, generated, tensor_type_number
from ...ir.module import constant_attribute
from ...ir.names import Names
from ...ir.ports import Side
from ...ir.types import Array


def tensor_type(element: str) -> int:
    """The schema's number of an element type. Raises CompileError where it has none."""
    number = tensor_type_number(element)
    if number is None:
        raise CompileError(f"TFLite has no elements of type {element}", remedy="insert a cast before lowering")
    return number


@attrs.define
class Constant:
    """The content of one buffer: made only when it is written, and not kept."""

    dense: DenseAttribute

    @property
    def size(self) -> int:
        """The number of bytes."""
        type = self.dense.type
        if type.storage.name in PACKED:
            return -(-type.size * type.storage.bits // 8)
        return type.size * type.storage.dtype.itemsize

    def array(self) -> Array:
        """The elements as they stand in the file: contiguous, little-endian. Raises CompileError for a wrong array."""
        type, array = self.dense.type, self.dense.read()
        if array.shape != type.static_shape:
            raise CompileError(f"a constant of shape {array.shape} has the type {type}")
        if type.storage.name in PACKED:
            return _packed(array, type.storage.bits)
        return np.ascontiguousarray(array, type.storage.dtype.newbyteorder("<"))


def _packed(array: Array, bits: int) -> Array:
    """Bytes that hold elements of a few bits, the first in the low bits."""
    count = 8 // bits
    elements = array.reshape(-1).astype(np.int8).view(np.uint8) & (2**bits - 1)
    rows = np.pad(elements, (0, -elements.size % count)).reshape(-1, count)
    packed: Array = np.bitwise_or.reduce(rows << np.arange(0, 8, bits, dtype=np.uint8), axis=1)
    return packed.astype(np.uint8)


@attrs.define
class Buffers:
    """What the subgraphs of a model share: the content of tensors, and names. Buffer 0 is the empty one."""

    reserved: set[str] = attrs.Factory(set)
    """Names that values have: what has none must not take them."""
    names: Names = attrs.Factory(Names)
    constants: list[Constant | bytes | None] = attrs.Factory(lambda: [None])
    """What the buffers hold; None for the empty one."""
    _numbers: dict[Hashable, int] = attrs.Factory(dict)

    def add_bytes(self, content: bytes) -> int:
        """A buffer that is no tensor's."""
        self.constants.append(content)
        return len(self.constants) - 1

    def number(self, dense: DenseAttribute | None) -> int:
        """The number of the buffer with a content; equal ones are one."""
        if dense is None or not dense.type.size:
            return 0
        key: Hashable
        if isinstance(dense, DenseResource):
            key = (id(dense.resource), dense.type.storage, dense.type.shape)
        else:
            key = (dense.numpy().tobytes(), dense.type.storage)
        if key not in self._numbers:
            self._numbers[key] = len(self.constants)
            self.constants.append(Constant(dense))
        return self._numbers[key]


@attrs.define
class TensorTable:
    """Gives numbers to the tensors of one subgraph as operations ask for them."""

    buffers: Buffers
    tensors: list[Any] = attrs.Factory(list)
    _numbers: dict[Value, int] = attrs.Factory(dict)

    def number(self, value: Value | None) -> int:
        """The number of a value's tensor; -1 for an operand that is left out."""
        if value is None:
            return -1
        if value not in self._numbers:
            avoid = () if value.name is not None else self.buffers.reserved
            self._add(value, self.buffers.names.free(_name_of(value), avoid))
        return self._numbers[value]

    def add_ports(self, function: Function) -> None:
        """Make the tensors of the inputs and outputs first: their names are those of the ports.

        Then the names that other values have are theirs: what has none gets another.
        """
        sides: tuple[tuple[Side, list[str], Sequence[Value]], ...] = (
            ("arg", function.input_names, function.inputs),
            ("res", function.output_names, function.outputs),
        )
        for side, names, values in sides:
            for index, (port, value) in enumerate(zip(names, values, strict=True)):
                if value not in self._numbers:
                    name = function.port_attribute(side, index, TENSOR, port)
                    self._add(value, self.buffers.names.free(str(name)))
        self.buffers.reserved = {r.name for op in function.walk() for r in op.results if r.name}

    def add_unnamed(self, type: TensorType) -> int:
        """The number of a new tensor that no value stands for."""
        self.tensors.append(_tensor(self.buffers.names.free("intermediate"), type))
        return len(self.tensors) - 1

    def _add(self, value: Value, name: str) -> None:
        tensor = _tensor(name, value.tensor)
        tensor.buffer = self.buffers.number(constant_attribute(value))
        tensor.isVariable = isinstance(value.defining_op, Variable)
        self._numbers[value] = len(self.tensors)
        self.tensors.append(tensor)


def _tensor(name: str, type: TensorType) -> Any:
    tensor = generated().TensorT()
    tensor.name = name
    tensor.type = tensor_type(type.storage.name)
    tensor.hasRank = True
    _set_shape(tensor, type)
    if isinstance(type.element, QuantizedType):
        tensor.quantization = _quantization(type.element)
    return tensor


def _name_of(value: Value) -> str:
    dense = constant_attribute(value)
    if value.name:
        return value.name
    if isinstance(dense, DenseResource):
        return dense.resource.name
    op = value.defining_op
    return op.name.partition(".")[2] if op is not None else "input"


def _set_shape(tensor: Any, type: TensorType) -> None:
    """The shape; dimensions that are not known count as 1 in it and as -1 in the signature."""
    dims = list(_numbers_of(type))
    tensor.shape = np.array([1 if d < 0 else d for d in dims], np.int32)
    if any(d < 0 for d in dims):
        tensor.shapeSignature = np.array(dims, np.int32)


def _numbers_of(type: TensorType) -> Iterator[int]:
    for dim in type.dims:
        yield dim if isinstance(dim, int) else -1


def _quantization(kind: QuantizedType) -> Any:
    parameters = generated().QuantizationParametersT()
    parameters.scale = np.array(kind.scales, np.float32)
    parameters.zeroPoint = np.array(kind.zero_points, np.int64)
    parameters.quantizedDimension = kind.axis or 0
    return parameters
