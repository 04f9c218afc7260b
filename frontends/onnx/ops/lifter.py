"""The builder that lifts get: it reads constants, and knows how to lift the blocks of regions."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ....ir import Block, Diagnostics, Module, Value, constant_array
from ....ir.types import Array
from ...folding import FoldingBuilder

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


class Dynamic(enum.Enum):
    """The one value says that an operand is there, but only running the model tells its elements."""

    DYNAMIC = "dynamic"


DYNAMIC: Final = Dynamic.DYNAMIC


class Reported(Exception):
    """A region or a function body could not be lifted; the reasons are in the diagnostics already."""


class Lifter(FoldingBuilder):
    """Builds nn operations for the nodes of a graph."""

    def __init__(
        self,
        module: Module,
        block: Block,
        diagnostics: Diagnostics,
        lift_block: Callable[[Block, Sequence[Any]], list[Any]],
    ) -> None:
        super().__init__(module, block)
        self.diagnostics, self._lift_block = diagnostics, lift_block

    def warn(self, op: OnnxOp, message: str, remedy: str = "") -> None:
        """Tell the user that the lifted node is not all that the file says."""
        self.diagnostics.warning(f"{op.op_type} {message}", op.location, remedy)

    def ints(self, op: OnnxOp, name: str, operand: Value | None = None) -> tuple[int, ...] | Dynamic | None:
        """Integers that are an attribute in some versions of an operator and an operand in others.

        None where neither is there, DYNAMIC where the operand is not a constant. An attribute that is one integer gives
        a tuple of one.
        """
        if operand is not None:
            array = self.array(operand)
            return DYNAMIC if array is None else tuple(int(v) for v in array.reshape(-1))
        value = op.get(name)
        if value is None or isinstance(value, int):
            return None if value is None else (value,)
        return tuple(value)

    def array(self, value: Value | None) -> Array | None:
        """The elements of a value that is a constant; None for any other value and for None."""
        return constant_array(value)

    def lift_region(self, block: Block, args: Sequence[Any], into: Block) -> list[Any]:
        """Lift the onnx operations of a region's block to the end of the nn block ``into``.

        ``args`` are what the arguments of ``block`` have become; what its terminator yields is the result. Raises
        Reported.
        """
        with self.inside(into):
            return self._lift_block(block, args)
