"""What names mean at a place of a graph, and what a call of a function brings with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from ...ir import Block, Location, UnknownType, UnregisteredOp, Value

if TYPE_CHECKING:
    from onnx import AttributeProto


@attrs.define
class Scope:
    """The values of a graph by name, and those of the graphs around it. None is an input that a call leaves out."""

    outer: Scope | None = None
    values: dict[str, Value | None] = attrs.Factory(dict)

    def find(self, name: str) -> Value | None:
        """Raises KeyError for a name that nothing has."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.outer
        raise KeyError(name)


@attrs.frozen
class Context:
    """Where nodes come from: the graph of the model, or the body of a function that is called.

    ``scope_name`` and ``prefix`` are for locations and names; ``renamed`` are the outputs of a function, which have the
    names that the call gives them; ``opsets`` are what the body imports; ``attributes`` are those that the call gives,
    each with the place that it was written in; ``call`` is where the call is.
    """

    scope_name: str
    opsets: Mapping[str, int]
    prefix: str = ""
    renamed: Mapping[str, str] = attrs.Factory(dict)
    attributes: Mapping[str, Given] | None = None
    call: Location | None = None

    def name(self, name: str) -> str:
        """The name of a value in the module."""
        return self.renamed.get(name) or self.prefix + name


@attrs.frozen
class Given:
    """An attribute that a call gives: its graphs mean what they mean at the call."""

    message: AttributeProto
    scope: Scope
    context: Context


@attrs.frozen
class Frame:
    """The block that nodes are put into, what names mean in it, and where the nodes come from."""

    block: Block
    scope: Scope
    context: Context


def stand_in() -> Value:
    """A value in place of one that could not be made, so that what needs it is no fault as well."""
    return UnregisteredOp("onnx.unread", result_types=[UnknownType()]).result
