"""The operators of TensorFlow: what they take and give, and the defaults of their attributes (``ops.json``).

A port is ``name:T``: its elements are of a type (``f32``), or of the one that an attribute says (``T``). ``name:N*T``
is a list of ``N`` tensors, where N is an attribute, ``name:*Ts`` a list whose types the attribute ``Ts`` lists. An
attribute is its kind, in a list with its default where it has one.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from ...attributes import Attribute
from ...types import ELEMENT_TYPES

KINDS = ("string", "int", "float", "bool", "type", "shape", "tensor", "func")
"""What an attribute may be. Lists of these have an ``s`` behind the name."""


@attrs.frozen
class Port:
    """An input or an output: ``type`` is an element type, or the attribute that says it, or lists all."""

    name: str
    type: str
    number: str | None = None
    """The attribute that says how many tensors the port is."""
    is_typed_list: bool = False

    @classmethod
    def parse(cls, text: str) -> Port:
        name, _, rest = text.partition(":")
        if rest.startswith("*"):
            return cls(name, rest[1:], is_typed_list=True)
        number, star, type = rest.partition("*")
        return cls(name, type, number) if star else cls(name, rest)


@attrs.frozen
class AttributeSpec:
    """An attribute of an operator. ``default`` is None where it must be given: no default of TensorFlow is None."""

    kind: str
    default: Attribute = None

    @classmethod
    def parse(cls, entry: str | list[Any]) -> AttributeSpec:
        if isinstance(entry, str):
            return cls(entry)
        kind, default = entry
        return cls(kind, _default(kind, default))


@attrs.frozen
class OpDefinition:
    """An operator."""

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    attributes: Mapping[str, AttributeSpec]
    is_stateful: bool = False
    """Whether it does something beside giving its results, or gives others each time."""

    @property
    def implied(self) -> frozenset[str]:
        """The attributes that the types and numbers of the operands say."""
        ports = self.inputs
        return frozenset(a for p in ports for a in (p.type, p.number) if a is not None and a in self.attributes)

    @property
    def functions(self) -> tuple[str, ...]:
        """The attributes that are functions."""
        return tuple(name for name, spec in self.attributes.items() if spec.kind in ("func", "funcs"))


def _default(kind: str, value: Any) -> Attribute:
    if kind == "type":
        return ELEMENT_TYPES.get(value, value)
    if isinstance(value, list):
        return tuple(_default(kind[:-1], v) for v in value)
    return value


@functools.cache
def definitions() -> dict[str, OpDefinition]:
    """All operators of the table, by name."""
    table = json.loads(Path(__file__).with_name("ops.json").read_text(encoding="utf-8"))
    return {
        name: OpDefinition(
            name,
            tuple(map(Port.parse, op["inputs"])),
            tuple(map(Port.parse, op["outputs"])),
            {key: AttributeSpec.parse(spec) for key, spec in op["attributes"].items()},
            op.get("stateful", False),
        )
        for name, op in table.items()
    }
