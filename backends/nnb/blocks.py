"""The blocks of a file: numbered pieces of data, laid one behind another, written without being held together."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

import attrs
import numpy as np

from ...ir import CompileError
from ...ir.dialects.nnb import StoredOp
from ...ir.dialects.nnb.layout import ALIGNMENT
from ...ir.memory import aligned, byte_size

LARGEST_DATA = 2**31 - 1
"""The offsets of blocks are signed 32-bit numbers."""


@attrs.frozen
class _Block:
    content: bytes | StoredOp
    size: int


@attrs.define
class Blocks:
    """The blocks by number, and where each begins."""

    blocks: list[_Block] = attrs.Factory(list)
    offsets: list[int] = attrs.Factory(list)
    size: int = 0
    """The bytes of all together."""

    def __len__(self) -> int:
        return len(self.blocks)

    def add(self, content: bytes | StoredOp) -> int:
        """A new block; its number. The data of a parameter is read when the blocks are written.

        Raises CompileError where the data grows beyond what offsets can say.
        """
        size = len(content) if isinstance(content, bytes) else stored_size(content)
        self.offsets.append(self.size)
        self.blocks.append(_Block(content, size))
        self.size += aligned(size, ALIGNMENT)
        if self.size > LARGEST_DATA:
            raise CompileError(
                f"the data takes more than the {LARGEST_DATA} bytes that an NNB file can hold",
                remedy="quantize the model, or split it",
            )
        return len(self.blocks) - 1

    def add_ints(self, numbers: Sequence[int]) -> tuple[int, int]:
        """A block of integers; how many they are, and its number."""
        return len(numbers), self.add(struct.pack(f"<{len(numbers)}i", *numbers))

    def write(self, file: BinaryIO) -> None:
        """Write the offsets, then all blocks."""
        file.write(np.asarray(self.offsets, "<i4").tobytes())
        for block in self.blocks:
            file.write(block.content if isinstance(block.content, bytes) else stored_data(block.content))
            file.write(bytes(-block.size % ALIGNMENT))


def stored_size(data: StoredOp) -> int:
    """The bytes of data in the file."""
    type = data.value.type
    return -(-type.size // 8) if data.sign else byte_size(type)


def stored_data(data: StoredOp) -> bytes | memoryview:
    """The bytes of data: little-endian numbers, or of signs one bit each, the first one in the lowest bit."""
    if data.sign:
        return np.packbits(data.signs(), bitorder="little").tobytes()
    stored = data.value.read()
    return np.ascontiguousarray(stored, stored.dtype.newbyteorder("<")).data.cast("B") if stored.size else b""
