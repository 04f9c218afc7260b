"""Reading flatbuffers of anybody's making: every offset and length is checked before it is followed.

A flatbuffer is a graph of tables that point at each other by offsets. Nothing keeps a hostile one from pointing
everywhere, or from pointing at the same table a million times, so that a small file unfolds to a huge model: what is
read is counted, and reading ends where that is out of all proportion to the file.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from ...ir.types import Array

IDENTIFIER = b"TFL3"
_SCALARS = {kind: struct.Struct(f"<{kind}") for kind in "?bBhHiIqQf"}
_SHARED = 16
"""How often the parts of a sound file are shared, on average, at the very most."""
_FLOOR, _MOST = 1 << 16, 10_000_000
_STEP = 64
"""This many bytes of a vector or a text count as one part."""


class Malformed(Exception):
    """What the bytes say makes no sense."""


@attrs.define
class Content:
    """The bytes of a file, and how many more parts may be read."""

    bytes: memoryview
    left: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.left = min(_FLOOR + _SHARED * len(self.bytes), _MOST)

    def spend(self, parts: int) -> None:
        """Count parts. Raises Malformed where there were too many."""
        self.left -= parts
        if self.left < 0:
            raise Malformed("its parts refer to each other more often than those of any model")

    def number(self, kind: str, at: int) -> Any:
        """A scalar by its letter in ``struct``. Raises Malformed outside of the file."""
        scalar = _SCALARS[kind]
        if not 0 <= at <= len(self.bytes) - scalar.size:
            raise Malformed(f"an offset leads to byte {at} of {len(self.bytes)}")
        return scalar.unpack_from(self.bytes, at)[0]

    def part(self, at: int, size: int) -> memoryview:
        """A run of bytes. Raises Malformed outside of the file."""
        if not 0 <= at <= len(self.bytes) - size:
            raise Malformed(f"{size} bytes from byte {at} are more than the {len(self.bytes)} of the file")
        self.spend(1 + size // _STEP)
        return self.bytes[at : at + size]

    def root(self, fields: Sequence[str]) -> Table:
        """The table that the file begins with. Raises Malformed."""
        return Table(self, self.number("I", 0), fields)


class Table:
    """A table of a flatbuffer; ``fields`` are the names of its fields in the order of the schema."""

    __slots__ = ("_end", "_vtable", "at", "content", "fields")

    def __init__(self, content: Content, at: int, fields: Sequence[str]) -> None:
        self.content, self.at, self.fields = content, at, fields
        content.spend(1)
        self._vtable = at - content.number("i", at)
        size, used = content.number("H", self._vtable), content.number("H", self._vtable + 2)
        if size < 4 or size % 2 or used < 4:
            raise Malformed(f"the table at byte {at} has a description of {size} bytes for {used}")
        content.number("B", at + used - 1)
        self._end = self._vtable + size

    def place(self, field: str) -> int:
        """Where a field stands in the file; 0 where the table leaves it out."""
        slot = self._vtable + 4 + 2 * self.fields.index(field)
        if slot + 2 > self._end:
            return 0
        offset = self.content.number("H", slot)
        return self.at + offset if offset else 0

    def number(self, field: str, kind: str, default: Any = 0) -> Any:
        """A scalar by its letter in ``struct``."""
        place = self.place(field)
        return self.content.number(kind, place) if place else default

    def target(self, field: str) -> int:
        """Where a field points to; 0 where the table leaves it out."""
        place = self.place(field)
        return place + self.content.number("I", place) if place else 0

    def text(self, field: str) -> str | None:
        """A string; None where it is left out. Bytes that are no UTF-8 are replaced."""
        at = self.target(field)
        if not at:
            return None
        return bytes(self.content.part(at + 4, self.content.number("I", at))).decode(errors="replace")

    def vector(self, field: str, dtype: str) -> Array | None:
        """Scalars as an array on the file's own bytes; None where they are left out."""
        at = self.target(field)
        if not at:
            return None
        kind = np.dtype(dtype)
        return np.frombuffer(self.content.part(at + 4, self.content.number("I", at) * kind.itemsize), kind)

    def table(self, field: str, fields: Sequence[str]) -> Table | None:
        at = self.target(field)
        return Table(self.content, at, fields) if at else None

    def tables(self, field: str, fields: Sequence[str]) -> list[Table]:
        """A vector of tables; empty where it is left out."""
        offsets = self.vector(field, "<u4")
        if offsets is None:
            return []
        self.content.spend(len(offsets))
        start = self.target(field) + 4
        return [Table(self.content, start + 4 * i + int(o), fields) for i, o in enumerate(offsets)]
