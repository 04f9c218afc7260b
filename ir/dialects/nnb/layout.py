"""The layout of NNB files: the records of header, variables and functions, all little-endian.

A file is the header, an index (the offset of every block in the data area, u32), and the data area. What refers to
a block knows how long it is; every block begins at a multiple of four bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from .table import Argument

ALIGNMENT = 4
HEADER = struct.Struct("<2I" + "Ii" * 5 + "2I")
"""version, API level; count and block of: buffers, variables, functions, inputs, outputs; blocks, bytes of data."""
VARIABLE = struct.Struct("<I Ii B 3x i")
"""number; count and block of the shape; type and position of the point; block of the data, or -1 - buffer."""
FUNCTION = struct.Struct("<2H Ii Ii")
"""id, implementation; count and block of the inputs, of the outputs. The arguments follow."""
LIST = struct.Struct("<Ii")
"""count and block."""

ARGUMENTS = {
    "i": struct.Struct("<i"),
    "f": struct.Struct("<f"),
    "B": struct.Struct("<B"),
    "I": LIST,
    "s": struct.Struct("<i"),
}
"""How an argument of each code stands in the record of a function."""


def record_layout(arguments: Sequence[Argument]) -> tuple[list[int], int]:
    """The offset of every argument in a function's record, and the size of the record: as a C compiler lays it out.

    Booleans take one byte, all else is aligned to four.
    """
    offsets, end = [], FUNCTION.size
    for argument in arguments:
        if argument.code != "B":
            end = -(-end // ALIGNMENT) * ALIGNMENT
        offsets.append(end)
        end += ARGUMENTS[argument.code].size
    return offsets, end


UNREAD_WEIGHTS = frozenset({"BinaryConnectConvolution", "BinaryWeightConvolution"})
"""Functions whose first parameter may be stored with its first element only: the runtime does not read it."""
TRANSPOSED_WEIGHTS = {
    "Affine": (1,),
    "BinaryConnectAffine": (1, 2),
    "BinaryWeightAffine": (1, 2),
}
"""The operands of functions that lie as (out, in) in memory: all dimensions but the first, then the first."""
