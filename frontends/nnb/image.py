"""The bytes of a file as blocks: every access is checked, and no byte is read more often than it is there."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from typing import NoReturn

import attrs
import numpy as np

from ...ir import CompileError, Diagnostics, Location
from ...ir.dialects.nnb.layout import ALIGNMENT, HEADER
from ...ir.types import Array

VERSIONS = (2, 3)
AGAIN = "copy or convert the file again"


@attrs.frozen
class ListRef:
    """A list in the file: how many numbers, and the block that holds them."""

    count: int
    block: int


@attrs.frozen
class Header:
    """The fields of the header."""

    version: int
    api_level: int
    buffers: ListRef
    variables: ListRef
    functions: ListRef
    inputs: ListRef
    outputs: ListRef
    blocks: int
    size: int

    @classmethod
    def parse(cls, content: memoryview) -> Header:
        version, level, *fields, blocks, size = HEADER.unpack_from(content)
        refs = [ListRef(*fields[i : i + 2]) for i in range(0, len(fields), 2)]
        buffers, variables, functions, inputs, outputs = refs
        return cls(version, level, buffers, variables, functions, inputs, outputs, blocks, size)


@attrs.define
class Image:
    """A file in memory, its header read and its index checked. All faults are CompileErrors at ``place``."""

    place: Location
    header: Header
    offsets: Array
    data: memoryview
    used: dict[int, tuple[int, int]] = attrs.Factory(dict)
    """The blocks that were looked at: where they begin, and the most bytes that were read of them."""
    _unread: int = 0

    @classmethod
    def open(cls, content: memoryview, place: Location, diagnostics: Diagnostics) -> Image:
        """Read the header and the index. Raises CompileError for a file that is not NNB or not whole."""
        if len(content) < HEADER.size:
            raise CompileError(f"the file has {len(content)} bytes, the header alone has {HEADER.size}", place, AGAIN)
        header = Header.parse(content)
        if header.version not in VERSIONS:
            raise CompileError(
                f"the file is of NNB version {header.version}",
                place,
                "the versions 2 and 3 can be read; is it an NNB file?",
            )
        start = HEADER.size + 4 * header.blocks
        end = start + header.size
        if len(content) < end:
            stated = f"{end} bytes for {header.blocks} blocks of data"
            raise CompileError(f"the file has {len(content)} bytes, but the header says {stated}", place, AGAIN)
        if len(content) > end:
            diagnostics.warning(f"{len(content) - end} bytes behind the data are left out", place, AGAIN)
        offsets = np.frombuffer(content, "<i4", header.blocks, HEADER.size)
        image = cls(place, header, offsets, content[start:end], unread=header.size)
        wrong = np.flatnonzero((offsets < 0) | (offsets > header.size) | (offsets % ALIGNMENT != 0))
        if wrong.size:
            image.fail(f"block {wrong[0]} begins at byte {offsets[wrong[0]]} of {header.size} bytes of data")
        return image

    def fail(self, message: str) -> NoReturn:
        """Raises CompileError."""
        raise CompileError(message, self.place, AGAIN)

    def block(self, number: int, size: int, what: str) -> memoryview:
        """The first bytes of a block. Raises CompileError where there are fewer, or no such block."""
        if not 0 <= number < len(self.offsets):
            self.fail(f"{what} is in block {number}, but the file has {len(self.offsets)}")
        start = int(self.offsets[number])
        if start + size > len(self.data):
            self.fail(f"{what} takes {size} bytes of block {number}, where only {len(self.data) - start} follow")
        before = self.used.get(number, (start, 0))
        self.used[number] = (start, max(size, before[1]))
        return self.data[start : start + size]

    def record(self, number: int, size: int, what: str) -> memoryview:
        """A block that is read for good.

        Each is read once: together they are no longer than the data. Raises CompileError where they are, because many
        refer to the same bytes: reading those again and again would take for ever, and unpacking them all memory.
        """
        found = self.block(number, size, what)
        self._unread -= size
        if self._unread < 0:
            self.fail(f"{what} and others before it share their bytes")
        return found

    def ints(self, ref: ListRef, what: str) -> list[int]:
        """The numbers of a list."""
        numbers: list[int] = np.frombuffer(self.record(ref.block, 4 * ref.count, what), "<i4").tolist()
        return numbers

    def unpack(self, number: int, layout: struct.Struct, what: str) -> Sequence[int]:
        """The fields of a record."""
        return layout.unpack(self.record(number, layout.size, what))

    def check_overlaps(self) -> None:
        """Raises CompileError where two blocks that were read overlap."""
        extents = sorted({(start, start + size, n) for n, (start, size) in self.used.items() if size})
        for (_, end, one), (start, _, other) in itertools.pairwise(extents):
            if start < end:
                self.fail(f"block {one} overlaps with block {other}")
