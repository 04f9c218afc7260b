"""The builder that lifts get: it reads constants, and knows how to lift the blocks of regions."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from ....ir import Value
from ...lifting import RegionBuilder

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


class Dynamic(enum.Enum):
    """The one value says that an operand is there, but only running the model tells its elements."""

    DYNAMIC = "dynamic"


DYNAMIC: Final = Dynamic.DYNAMIC


class Lifter(RegionBuilder):
    """Builds nn operations for the nodes of a graph."""

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
