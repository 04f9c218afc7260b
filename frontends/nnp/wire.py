"""Parameters in protobuf's binary format, found by a scan of the bytes: the numbers stay where they are in the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...ir import CompileError, Location
from ...ir.dialects.nnp.schema import descriptor, message_class
from ...ir.types import Array

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_REMEDY = "it may be truncated or no NNP file: copy or export it again"


def parse_binary(content: memoryview, location: Location) -> tuple[Any, list[Array | None]]:
    """The root message, and for each of its parameters the data as a view of ``content`` (None: it is in the message).

    The message has no data for a parameter whose data is given. Raises CompileError for bytes that are no such message,
    or that hold fields which the schema lacks: another release of NNabla numbered them, and nothing can be trusted.
    """
    from google.protobuf.message import DecodeError

    parameter_number = descriptor("NNablaProtoBuf").fields_by_name["parameter"].number
    rest: list[memoryview] = []
    message = message_class()()
    data: list[Array | None] = []
    try:
        for number, field, payload in _fields(content):
            if number == parameter_number and payload is not None:
                data.append(_parse_parameter(payload, message.parameter.add()))
            else:
                rest.append(field)
        message.MergeFromString(b"".join(rest))
    except (DecodeError, ValueError) as error:
        raise CompileError(f"the file is not a sound protobuf message: {error}", location, _REMEDY) from error
    if _has_unknown_fields(message):
        raise CompileError(
            "the file holds fields that NNabla 1.39 does not have",
            location,
            "the numbers of binary fields change between releases: export networks as .nntxt",
        )
    return message, data


def _parse_parameter(payload: memoryview, parameter: Any) -> Array | None:
    number = parameter.DESCRIPTOR.fields_by_name["data"].number
    rest: list[memoryview] = []
    chunks: list[Array] = []
    for field_number, field, content in _fields(payload):
        if field_number != number:
            rest.append(field)
        elif content is None:  # floats one by one, which no writer makes: rare enough for the slow way
            parameter.ParseFromString(bytes(payload))
            return None
        elif len(content) % 4:
            raise ValueError(f"float data of {len(content)} bytes")
        else:
            chunks.append(np.frombuffer(content, np.dtype("<f4")))
    parameter.MergeFromString(b"".join(rest))
    if len(chunks) > 1:
        return np.concatenate(chunks)
    return chunks[0] if chunks else None


def _has_unknown_fields(message: Any) -> bool:
    from google.protobuf.unknown_fields import UnknownFieldSet

    pending = [message]
    while pending:
        current = pending.pop()
        if len(UnknownFieldSet(current)):
            return True
        for field, value in current.ListFields():
            if field.message_type is not None and not field.message_type.GetOptions().map_entry:
                pending += [value] if hasattr(value, "ListFields") else list(value)
    return False


def _fields(content: memoryview) -> Iterator[tuple[int, memoryview, memoryview | None]]:
    """Every field of a message: its number, all its bytes, and the payload of one with a length. Raises ValueError."""
    position = 0
    while position < len(content):
        start = position
        tag, position = _varint(content, position)
        number, wire_type = tag >> 3, tag & 7
        payload = None
        if wire_type == VARINT:
            _, position = _varint(content, position)
        elif wire_type == FIXED64:
            position += 8
        elif wire_type == FIXED32:
            position += 4
        elif wire_type == LENGTH:
            length, position = _varint(content, position)
            payload = content[position : position + length]
            position += length
        else:
            raise ValueError(f"wire type {wire_type} at byte {start}")
        if number == 0 or position > len(content):
            raise ValueError(f"field {number} at byte {start} reaches beyond the end")
        yield number, content[start:position], payload


def _varint(content: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(content):
            raise ValueError("a number is cut off at the end")
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError(f"a number of more than 10 bytes at byte {position}")
