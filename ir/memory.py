"""What the operations of targets with buffers say of memory, and the sizes of tensors in bytes.

The dialects whose programs run in one piece of memory that the compiler lays out (C source, NNB) derive their
operations from :class:`BufferedOp`; the pass ``plan-memory`` reads what it says and sets ``offsets``.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .opdef import INTS, Op, attribute
from .types import TensorType


@attrs.frozen
class Share:
    """A result and an operand of an operation that may lie in the same bytes.

    The inner one of the two begins ``offset`` bytes behind the beginning of the outer one.
    """

    result: int
    operand: int
    offset: int = 0


class BufferedOp(Op):
    """Base of operations whose operands and results are buffers at addresses that ``plan-memory`` chooses.

    A kernel has to work wherever they lie: what is said here allows sharing, it does not ask for it. Equal addresses
    tell the emitter what was shared.
    """

    offsets = attribute(INTS, "where each result lies in the arena, in bytes, and then the scratch memory", default=())

    def views(self) -> Sequence[Share]:
        """Results that hold the bytes of an operand, or a part of them, unchanged: a reshape."""
        return ()

    def parts(self) -> Sequence[Share]:
        """Operands that a result holds unchanged: they may be made where they belong in it. A concatenation."""
        return ()

    def overwrites(self) -> Sequence[Share]:
        """Results that may be written over an operand while it is read: an elementwise function."""
        return ()

    def scratch_bytes(self) -> int:
        """How much memory the kernel needs while it runs, beside operands and results."""
        return 0


def byte_size(type: TensorType) -> int:
    """The bytes of a static tensor; integers of less than a byte are packed. Raises ValueError for one that is not."""
    storage = type.storage
    if storage.is_integer and storage.bits < 8:
        return (type.size * storage.bits + 7) // 8
    return type.size * storage.dtype.itemsize


def aligned(size: int, alignment: int) -> int:
    """The next multiple of the alignment."""
    return -(-size // alignment) * alignment
