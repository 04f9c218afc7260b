"""The function types of NNabla: their inputs, outputs and parameter messages (``functions.json``)."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs


@attrs.frozen
class Port:
    """An input or an output of a function type."""

    name: str
    parameter: bool = False
    optional: bool = False
    variadic: bool = False

    @classmethod
    def parse(cls, text: str) -> Port:
        name, _, flags = text.partition(":")
        return cls(name, **{flag: True for flag in flags.split(",") if flag})


@attrs.frozen
class FunctionType:
    """A function type. ``param`` is the field of the message ``Function`` that holds its arguments, or None."""

    name: str
    category: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    param: str | None = None

    @property
    def is_variadic(self) -> bool:
        return any(port.variadic for port in self.inputs)

    @property
    def fewest_inputs(self) -> int:
        return sum(not port.optional for port in self.inputs)

    def input_count_fault(self, count: int) -> str:
        """Why a function cannot have this many inputs; empty where it can."""
        fewest, most = self.fewest_inputs, len(self.inputs)
        if count >= fewest and (self.is_variadic or count <= most):
            return ""
        takes = f"at least {fewest}" if self.is_variadic else str(most) if fewest == most else f"{fewest} to {most}"
        return f"{self.name} takes {takes} {'input' if takes == '1' else 'inputs'}, got {count}"


LOOP_TYPES = {
    "RepeatStart": FunctionType("RepeatStart", "Loop Control", (Port("initial"), Port("last")), (Port("y"),)),
    "RepeatEnd": FunctionType("RepeatEnd", "Loop Control", (Port("x"),), (Port("y"),)),
    "RecurrentInput": FunctionType("RecurrentInput", "Loop Control", (Port("x"),), (Port("y"),)),
    "RecurrentOutput": FunctionType("RecurrentOutput", "Loop Control", (Port("x"),), (Port("y"),)),
    "Delay": FunctionType("Delay", "Loop Control", (Port("last"), Port("initial")), (Port("y"),)),
}
"""What stands for loops in a file. They compute nothing: ``expand-loop-control`` replaces them."""


@functools.cache
def function_types() -> Mapping[str, FunctionType]:
    """Every function type by name, those of loops included."""
    rows = json.loads(Path(__file__).with_name("functions.json").read_text(encoding="utf-8"))
    return {name: _parse_row(name, row) for name, row in rows.items()} | LOOP_TYPES


def _parse_row(name: str, row: dict[str, Any]) -> FunctionType:
    inputs, outputs = (tuple(map(Port.parse, row[ports])) for ports in ("inputs", "outputs"))
    return FunctionType(name, row["category"], inputs, outputs, row.get("param"))
