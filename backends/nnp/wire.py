"""Parameters in protobuf's binary format, written piece by piece: the numbers are never copied into messages."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...ir import CompileError
from ...ir.dialects.nnp.schema import descriptor, message_class
from .messages import NamedParameter

LENGTH = 2
MOST_BYTES = (1 << 31) - 1
"""Protobuf's limit for a message, which all other readers keep to."""


def binary_parameters(parameters: list[NamedParameter]) -> Iterator[bytes | memoryview]:
    """A root message that holds the parameters, in pieces. Raises CompileError where it would be too large."""
    total = sum(4 * p.value.type.size + len(p.name) + 64 for p in parameters)
    if total > MOST_BYTES:
        raise CompileError(
            f"the parameters take {total} bytes, and a protobuf file holds {MOST_BYTES}",
            remedy="write them as HDF5 (nnp_parameter_h5)",
        )
    number = descriptor("NNablaProtoBuf").fields_by_name["parameter"].number
    for parameter in parameters:
        before, data, behind = _pieces(parameter)
        yield _tag(number) + _varint(len(before) + data.nbytes + len(behind)) + before
        yield data
        yield behind


def _pieces(parameter: NamedParameter) -> tuple[bytes, memoryview, bytes]:
    """A message ``Parameter`` in the order of its field numbers: up to the data, the data, what stands behind."""
    head = message_class("Parameter")(variable_name=parameter.name)
    if parameter.has_shape:
        head.shape.SetInParent()
        head.shape.dim.extend(parameter.value.type.static_shape)
    tail = message_class("Parameter")(need_grad=parameter.need_grad)
    data = float_bytes(parameter)
    key = _tag(descriptor("Parameter").fields_by_name["data"].number) + _varint(data.nbytes) if data.nbytes else b""
    return head.SerializeToString(deterministic=True) + key, data, tail.SerializeToString(deterministic=True)


def float_bytes(parameter: NamedParameter) -> memoryview:
    """The numbers as little-endian float32, without a copy where they are stored so."""
    array = np.ascontiguousarray(parameter.value.numpy(), np.dtype("<f4")).reshape(-1)
    return array.view(np.uint8).data if array.size else memoryview(b"")


def _tag(number: int) -> bytes:
    return _varint(number << 3 | LENGTH)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
