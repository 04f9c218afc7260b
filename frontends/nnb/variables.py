"""The variables of a file: their types, and where their data or their buffers are."""

from __future__ import annotations

import math
from collections.abc import Callable

import attrs
import numpy as np

from ...ir import TensorType
from ...ir.dialects import nnb
from ...ir.dialects.nnb.layout import VARIABLE
from ...ir.memory import byte_size
from ...ir.types import F32, Array
from .image import Image, ListRef

MOST_DIMENSIONS = 32
"""numpy has arrays of 32 dimensions, with NumPy 2 of 64."""
LARGEST = 2**31 - 1
"""More elements than this the runtime cannot count."""


@attrs.frozen
class Variable:
    """A variable: ``block`` holds the data of a parameter, ``buffer`` is what any other one lies in."""

    number: int
    type: TensorType
    is_sign: bool
    block: int | None
    buffer: int

    @property
    def is_parameter(self) -> bool:
        return self.block is not None

    @property
    def name(self) -> str:
        """The file has none."""
        return f"v{self.number}"


def read_variables(image: Image) -> list[Variable]:
    """All variables, by number. Raises CompileError."""
    records = image.ints(image.header.variables, "the list of variables")
    return [_read(image, number, record) for number, record in enumerate(records)]


def _read(image: Image, number: int, record: int) -> Variable:
    what = f"variable {number}"
    _, count, block, bits, data = image.unpack(record, VARIABLE, what)
    if count > MOST_DIMENSIONS:
        image.fail(f"{what} has {count} dimensions; {MOST_DIMENSIONS} are the most")
    shape = tuple(image.ints(ListRef(count, block), f"the shape of {what}"))
    if min(shape, default=0) < 0 or math.prod(shape) > LARGEST:
        image.fail(f"{what} has the shape {shape}: of more than {LARGEST} elements, or of less than none")
    code, point = bits & 15, bits >> 4
    if code > nnb.SIGN:
        image.fail(f"{what} has elements of type {code}; there are {nnb.FLOAT32} to {nnb.SIGN}")
    element = nnb.fixed_point(code, point) if code in (nnb.FIXED16, nnb.FIXED8) else F32
    if code == nnb.SIGN and data < 0:
        image.fail(f"{what} holds signs, but is no parameter")
    return Variable(number, TensorType(shape, element), code == nnb.SIGN, data if data >= 0 else None, -1 - data)


def data_loader(image: Image, variable: Variable) -> Callable[[], Array]:
    """What gives the stored elements of a parameter; a view of the file, but for signs. Raises CompileError."""
    assert variable.block is not None
    type = variable.type
    size = -(-type.size // 8) if variable.is_sign else byte_size(type)
    data = image.record(variable.block, size, f"the data of variable {variable.number}")
    shape = type.static_shape
    if variable.is_sign:
        return lambda: _signs(data, type.size).reshape(shape)
    stored = type.storage.dtype
    return lambda: np.frombuffer(data, stored.newbyteorder("<")).astype(stored, copy=False).reshape(shape)


def _signs(data: memoryview, count: int) -> Array:
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
    return bits * np.float32(2) - np.float32(1)
