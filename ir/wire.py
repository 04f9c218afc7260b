"""Models without their weights: protobuf's wire format, where the numbers of tensors are taken out and put in.

Protobuf copies what it parses and what it serializes. Here it only ever sees a light message, in which the bytes of
every large tensor are replaced by a short token; the bytes themselves stay views of the file, or of numpy's memory.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import attrs

SMALLEST = 1024
"""Tensors of fewer bytes stay in the message."""
MOST_NESTED = 100
"""Protobuf's own limit for messages in messages."""
MOST_FIELDS = 20_000_000
"""Fields of all messages that are looked into: a model of millions of nodes has fewer."""

RAW = "raw"
"""What stands for the field of the bytes in ``Paths``."""


@attrs.frozen
class Paths:
    """What leads to the bytes of tensors: by message and number of the field, the message in it, or RAW."""

    root: str
    fields: Mapping[str, Mapping[int, str]]


_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5

Piece: TypeAlias = bytes | memoryview


class Malformed(Exception):
    """The bytes are no protobuf message; the text says why, and at which byte."""


@attrs.frozen
class Tokens:
    """What stands for the bytes of tensors: a prefix that nobody can guess, then the number of the tensor."""

    prefix: bytes = attrs.Factory(lambda: secrets.token_bytes(16))

    def token(self, index: int) -> bytes:
        return self.prefix + index.to_bytes(8, "little")

    def index(self, raw: bytes) -> int | None:
        """The number in a token; None for any other bytes."""
        return int.from_bytes(raw[16:], "little") if len(raw) == 24 and raw.startswith(self.prefix) else None


@attrs.define
class LightModel:
    """A serialized model with tokens, and the bytes that they stand for."""

    message: bytes
    tokens: Tokens
    data: list[memoryview]

    def bytes_of(self, raw: bytes) -> memoryview:
        """The bytes of a tensor, by its field ``raw_data``."""
        index = self.tokens.index(raw)
        return memoryview(raw) if index is None else self.data[index]


def take_out(content: memoryview, paths: Paths) -> LightModel:
    """A model without the bytes of its large tensors. Raises Malformed where it is no protobuf message."""
    taker = _Taker(content, paths)
    light = taker.strip(0, len(content), paths.root, 0)
    return LightModel(bytes(content) if light is None else light, taker.tokens, taker.data)


@attrs.define
class _Taker:
    content: memoryview
    paths: Paths
    tokens: Tokens = attrs.Factory(Tokens)
    data: list[memoryview] = attrs.Factory(list)
    fields: int = 0

    def strip(self, start: int, end: int, kind: str, depth: int) -> bytes | None:
        """The light form of a message; None where it is as it was."""
        if depth > MOST_NESTED:
            raise Malformed(f"messages are nested more than {MOST_NESTED} deep")
        content, path = self.content, self.paths.fields[kind]
        pieces: list[Piece] = []
        kept = position = start
        while position < end:
            field = position
            tag, position = _varint(content, position, end)
            wire = tag & 7
            if wire == _LENGTH:
                length, position = _varint(content, position, end)
                if length > end - position:
                    raise Malformed(f"the field at byte {field} is longer than its message")
                inside = path.get(tag >> 3)
                if inside is not None and length >= SMALLEST:
                    light = self._light(position, position + length, inside, depth)
                    if light is not None:
                        pieces += [content[kept:field], varint(tag), varint(len(light)), light]
                        kept = position + length
                position += length
            elif wire == _VARINT:
                _, position = _varint(content, position, end)
            elif wire in (_FIXED64, _FIXED32):
                position += 8 if wire == _FIXED64 else 4
            else:
                raise Malformed(f"there is no field at byte {field}")
            self.fields += 1
        if position != end:
            raise Malformed(f"the field at byte {field} is longer than its message")
        if self.fields > MOST_FIELDS:
            raise Malformed(f"it has more than {MOST_FIELDS} fields")
        return b"".join([*pieces, content[kept:end]]) if pieces else None

    def _light(self, start: int, end: int, kind: str, depth: int) -> bytes | None:
        if kind != RAW:
            return self.strip(start, end, kind, depth + 1)
        self.data.append(self.content[start:end])
        return self.tokens.token(len(self.data) - 1)


@attrs.define
class Filling:
    """A light message on its way to a file: ``size`` and ``read`` give the length and the bytes of a tensor."""

    message: bytes
    tokens: Tokens
    size: Callable[[int], int]
    read: Callable[[int], memoryview]
    paths: Paths

    def pieces(self) -> Iterator[Piece]:
        """The whole message. The bytes of a tensor are asked for when it is its turn, and can then be forgotten."""
        pieces, _ = self._fill(0, len(self.message), self.paths.root)
        for piece in pieces:
            yield self.read(piece) if isinstance(piece, int) else piece

    def total(self) -> int:
        """The length of the whole message in bytes."""
        return self._fill(0, len(self.message), self.paths.root)[1]

    def _fill(self, start: int, end: int, kind: str) -> tuple[list[Piece | int], int]:
        """The pieces of a message, tensors by their numbers, and its length."""
        message, path = self.message, self.paths.fields[kind]
        view = memoryview(message)
        pieces: list[Piece | int] = []
        size = 0
        kept = position = start
        while position < end:
            token = message.find(self.tokens.prefix, position, end)
            if token < 0:
                break
            while True:  # the field of this message that the token is in
                field = position
                tag, position = _varint(view, position, end)
                if tag & 7 == _LENGTH:
                    length, position = _varint(view, position, end)
                    position += length
                    if position > token:
                        break
                elif tag & 7 == _VARINT:
                    _, position = _varint(view, position, end)
                else:
                    position += 8 if tag & 7 == _FIXED64 else 4
            inside = path[tag >> 3]
            if inside == RAW:
                index = self.tokens.index(message[position - length : position])
                assert index is not None
                filled: list[Piece | int] = [index]
                filled_size = self.size(index)
            else:
                filled, filled_size = self._fill(position - length, position, inside)
            head = varint(tag) + varint(filled_size)
            pieces += [view[kept:field], head, *filled]
            size += field - kept + len(head) + filled_size
            kept = position
        pieces.append(view[kept:end])
        return pieces, size + end - kept


def _varint(content: memoryview, position: int, end: int) -> tuple[int, int]:
    """A number and the position behind it."""
    if position < end and content[position] < 0x80:
        return content[position], position + 1
    value = shift = 0
    start = position
    while position < end and shift < 70:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise Malformed(f"there is no number at byte {start}")


def varint(value: int) -> bytes:
    """A number in protobuf's form."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
