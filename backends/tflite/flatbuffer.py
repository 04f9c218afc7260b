"""Writing the flatbuffer: first all that describes the model, then the content of the buffers, each once.

The flatbuffers library builds a file backwards in one growing array, which would hold every weight twice. Offsets in a
flatbuffer only have to point forwards, so the description is built alone, with empty buffers, the content is
appended behind it, and the offsets are set to where it stands.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

from ...ir import CompileError
from .tensors import Constant

ALIGNMENT = 16
"""Content starts at a multiple of this, as the schema asks for."""
LARGEST_FILE = 2**31 - 1
"""Offsets are verified as signed 32-bit numbers."""
_IDENTIFIER = b"TFL3"
_LENGTH = struct.Struct("<I")


def write_model(model: Any, constants: Sequence[Constant | bytes | None], file: BinaryIO) -> None:
    """Write a ModelT; buffer i holds constants[i]. Raises CompileError for a file that would be too large."""
    description, fields = _describe(model, constants)
    end = len(description)
    starts: list[int | None] = []
    for constant, field in zip(constants, fields, strict=True):
        if constant is None:
            starts.append(None)
            continue
        start = end + _LENGTH.size
        start += -start % ALIGNMENT
        starts.append(start)
        end = start + _size(constant)
        if end > LARGEST_FILE:
            raise CompileError(
                f"the weights take more than the {LARGEST_FILE} bytes that a TFLite file can hold",
                remedy="quantize the model, or split it",
            )
        _LENGTH.pack_into(description, field, start - _LENGTH.size - field)
    file.write(description)
    at = len(description)
    for constant, place in zip(constants, starts, strict=True):
        if constant is None or place is None:
            continue
        file.write(bytes(place - _LENGTH.size - at))
        file.write(_LENGTH.pack(_size(constant)))
        file.write(constant if isinstance(constant, bytes) else constant.array().data)
        at = place + _size(constant)


def _size(constant: Constant | bytes) -> int:
    return len(constant) if isinstance(constant, bytes) else constant.size


def _describe(model: Any, constants: Sequence[Constant | bytes | None]) -> tuple[bytearray, list[int]]:
    """The flatbuffer with empty buffers, and where the offset of each buffer's content stands in it."""
    import flatbuffers
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    model.buffers = []
    for constant in constants:
        buffer = schema.BufferT()
        buffer.data = None if constant is None else np.zeros(0, np.uint8)
        model.buffers.append(buffer)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    description = bytearray(builder.Output())
    packed = schema.Model.GetRootAs(description)
    fields = []
    for i in range(len(constants)):
        table = packed.Buffers(i)._tab
        fields.append(table.Pos + table.Offset(4))  # the first field of a Buffer is its data
    return description, fields
