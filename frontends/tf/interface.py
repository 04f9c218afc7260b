"""What a graph takes and gives: its ports, by name, and the tensors of the graph that they are."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import attrs

from ...ir import Location, UsageError


@attrs.frozen
class Reference:
    """An output of a node, ``node:index``. In functions ``port`` names one of its ports, of which there are several."""

    node: str
    index: int = 0
    port: str = ""

    @classmethod
    def parse(cls, text: str, is_in_function: bool = False) -> Reference:
        """Raises ValueError where what stands behind the colon is no number."""
        node, *rest = text.split(":")
        if not rest:
            return cls(node)
        if is_in_function and len(rest) == 2:
            return cls(node, int(rest[1]), rest[0])
        if is_in_function and not rest[0].isdigit():
            return cls(node, 0, rest[0])
        return cls(node, int(rest[0]))

    def __str__(self) -> str:
        middle = f":{self.port}" if self.port else ""
        return f"{self.node}{middle}:{self.index}" if self.index or self.port else self.node


@attrs.frozen
class Port:
    """A port of the model: its name, and the tensor that it is."""

    name: str
    tensor: Reference


@attrs.frozen
class Interface:
    """The ports of a graph. None where the graph says it: placeholders, and what nothing takes."""

    inputs: tuple[Port, ...] | None = None
    outputs: tuple[Port, ...] | None = None

    @classmethod
    def of(cls, inputs: Sequence[str] | str | None, outputs: Sequence[str] | str | None) -> Interface:
        """The ports that a user names, ``x0`` or ``x0:0``, several of them divided by commas. Raises UsageError."""
        return cls(_ports(inputs, "--inputs"), _ports(outputs, "--outputs"))


def _ports(names: Sequence[str] | str | None, option: str) -> tuple[Port, ...] | None:
    if names is None:
        return None
    listed = [names] if isinstance(names, str) else names
    parts = list(dict.fromkeys(part.strip() for text in listed for part in text.split(",") if part.strip()))
    if not parts:
        raise UsageError(f"{option} names no tensor", remedy="give names of nodes, as in --outputs y0,y1")
    return tuple(_port(name, option) for name in parts)


def _port(name: str, option: str) -> Port:
    try:
        reference = Reference.parse(name)
    except ValueError:
        raise UsageError(f"{option}: '{name}' is no tensor", remedy="write the node's name, or name:1") from None
    return Port(str(reference), reference)


def port_of(name: str, tensor: Any) -> Port:
    """The port of a signature that is a tensor of TensorFlow's graph, or the name of one."""
    return Port(name, Reference.parse(str(getattr(tensor, "name", tensor))))


def check_nodes(ports: Iterable[Port], names: Collection[str], place: Location) -> None:
    """Raises UsageError for a port that is of no node of the graph."""
    for port in ports:
        if port.tensor.node not in names:
            near = difflib.get_close_matches(port.tensor.node, list(names)[:10_000], 3)
            hint = f"did you mean {' or '.join(near)}?" if near else "name nodes of the graph"
            raise UsageError(f"the graph has no node '{port.tensor.node}'", place, hint)
