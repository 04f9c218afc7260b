"""The functions of nnabla-c-runtime: ids, signatures and API levels (``functions.json``).

An id stands for a function with a certain list of arguments, for ever. New releases append arguments and take a new
id, which belongs to the API level that brought it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from ...attributes import Attribute, as_attribute

RUNTIME_LEVEL = 44
"""The API level of the published runtime: it refuses files of a higher one."""


@attrs.frozen
class Argument:
    """An argument: ``code`` is i (integer), f (float), B (boolean), I (list of integers) or s (one of ``choices``)."""

    name: str
    code: str
    choices: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Argument:
        name, _, code = text.partition(":")
        return cls(name, code) if code in ("i", "f", "B", "I") else cls(name, "s", tuple(code.split("|")))

    def __str__(self) -> str:
        return f"{self.name}:{'|'.join(self.choices) or self.code}"


@attrs.frozen
class Signature:
    """A function with its first ``count`` arguments, under its own id; None where no file can hold them."""

    level: int
    id: int
    count: int | None


@attrs.frozen
class NnbType:
    """A function type. ``without`` says what the arguments are that older signatures lack."""

    name: str
    arguments: tuple[Argument, ...]
    signatures: tuple[Signature, ...]
    without: Mapping[str, Attribute]
    is_implemented: bool
    """Whether the runtime has code for the function; it knows the ids of all, and fails when it meets another one."""

    def signature(self, api_level: int) -> Signature | None:
        """The signature that a file of this API level uses: the newest one; None where the level has none."""
        return next((s for s in reversed(self.signatures) if s.level <= api_level), None)


@functools.cache
def nnb_types() -> Mapping[str, NnbType]:
    """Every function type that a file can hold, by name."""
    rows = json.loads(Path(__file__).with_name("functions.json").read_text(encoding="utf-8"))
    return {name: _parse_row(name, row) for name, row in rows.items()}


@functools.cache
def signatures_by_id() -> Mapping[int, tuple[NnbType, Signature]]:
    """What every id stands for."""
    return {s.id: (kind, s) for kind in nnb_types().values() for s in kind.signatures}


def _parse_row(name: str, row: dict[str, Any]) -> NnbType:
    return NnbType(
        name,
        tuple(map(Argument.parse, row["arguments"].split())),
        tuple(Signature(*version) for version in row["versions"]),
        {argument: as_attribute(value) for argument, value in row.get("without", {}).items()},
        row.get("implemented", False),
    )
