"""The builder that lifts get: it reads constants and changes layouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....ir import Value
from ....ir.layout import to_first, to_last
from ...lifting import RegionBuilder
from ...nodes import Node, expect_rank, refuse


class Lifter(RegionBuilder):
    """Builds nn operations for the operators of a subgraph."""

    def ints(self, value: Value) -> tuple[int, ...] | None:
        """The integers in a constant; None for any other value."""
        array = self.array(value)
        return None if array is None else tuple(int(v) for v in array.reshape(-1))

    def known_ints(self, op: Node, value: Value, what: str) -> tuple[int, ...]:
        """The integers in a value that must be constant. Raises CompileError where it is not."""
        found = self.ints(value)
        if found is None:
            raise refuse(op, f"computes {what} when the model runs", f"make {what} constant")
        return found

    def channel_first(self, op: Node, x: Value, rank: int = 4) -> Value:
        """(N, ..., C) as (N, C, ...). Raises CompileError for another rank."""
        expect_rank(op, x, rank, rank)
        return self.transpose(x, to_first(rank))

    def channel_last(self, x: Value) -> Value:
        """(N, C, ...) as (N, ..., C)."""
        return self.transpose(x, to_last(x.tensor.rank))

    def transpose(self, x: Value, perm: Sequence[int]) -> Value:
        made: Value = self.nn.transpose(x, perm=tuple(perm))
        return made


def activated(b: Lifter, op: Any, y: Value) -> Value:
    """y behind the activation function that is built into an operator. Raises CompileError for an unknown one."""
    function = op.fused_activation_function
    if function == "NONE":
        return y
    made: Value
    if function == "RELU":
        made = b.nn.relu(y)
    elif function == "RELU6":
        made = b.nn.clip(y, min=0.0, max=6.0)
    elif function == "RELU_N1_TO_1":
        made = b.nn.clip(y, min=-1.0, max=1.0)
    elif function == "TANH":
        made = b.nn.tanh(y)
    else:
        raise refuse(op, f"ends with the activation {function}, which no runtime computes", "write it as an operator")
    return made
