"""The functions of a model: nodes that call one become its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import attrs

from ...ir import CompileError, Location
from ...ir.dialects.onnx.messages import graphs_of

if TYPE_CHECKING:
    from onnx import FunctionProto, ModelProto, NodeProto

MOST_NODES = 2_000_000
"""Nodes of a model with all functions expanded: functions that call each other twice double with each level."""
MOST_CALLS = 50
"""Functions that call each other."""

Key: TypeAlias = tuple[str, str, str]
"""Domain, name and overload of a function."""


def domain_of(name: str) -> str:
    """A domain under its one name: the default one has two."""
    return "" if name == "ai.onnx" else name


@attrs.define
class Functions:
    """The functions of a model, by what a node says to call them."""

    table: dict[Key, FunctionProto]

    @classmethod
    def of(cls, model: ModelProto, file: str) -> Functions:
        """Raises CompileError for functions that are there twice, call themselves, or expand to too many nodes."""
        table: dict[Key, FunctionProto] = {}
        for function in model.functions:
            key = (domain_of(function.domain), function.name, function.overload)
            if key in table:
                raise CompileError(
                    f"the function '{function.name}' is there twice", Location.at(file), "remove one of the two"
                )
            table[key] = function
        functions = cls(table)
        if table:
            functions._check(model, file)
        return functions

    def called(self, node: NodeProto) -> FunctionProto | None:
        """The function that a node calls; None for an operator."""
        return self.table.get((domain_of(node.domain), node.op_type, node.overload)) if self.table else None

    def _check(self, model: ModelProto, file: str) -> None:
        sizes: dict[Key, int] = {}
        depths: dict[Key, int] = {}
        for key in self._callees_first(file):
            inner = [self._key(callee) for callee in self._calls(self.table[key].node)]
            sizes[key] = sum(1 for _ in all_nodes(self.table[key].node)) + sum(sizes[k] for k in inner)
            depths[key] = 1 + max((depths[k] for k in inner), default=0)
        total = sum(sizes[self._key(callee)] for callee in self._calls(model.graph.node))
        if total > MOST_NODES or max(depths.values()) > MOST_CALLS:
            raise CompileError(
                f"its functions expand to {total} nodes, in {max(depths.values())} levels",
                Location.at(file),
                f"{MOST_NODES} nodes and {MOST_CALLS} levels are possible: export the model without functions",
            )

    def _callees_first(self, file: str) -> list[Key]:
        """The functions, each behind those that it calls. Raises CompileError for recursion."""
        order: list[Key] = []
        done: set[Key] = set()
        for start in self.table:
            path: dict[Key, Iterator[FunctionProto]] = {}
            following: Key | None = None if start in done else start
            while following is not None:
                path[following] = self._calls(self.table[following].node)
                following = None
                while path and following is None:
                    at, callees = next(reversed(path.items()))
                    key = next((k for k in map(self._key, callees) if k not in done), None)
                    if key is None:
                        done.add(at)
                        order.append(at)
                        del path[at]
                    elif key in path:
                        names = [name for _, name, _ in [*path, key]]
                        raise CompileError(
                            f"a function calls itself: {' -> '.join(names[names.index(key[1]) :])}",
                            Location.at(file),
                            "ONNX has no recursion: export the model without functions",
                        )
                    else:
                        following = key
        return order

    def _calls(self, nodes: Sequence[NodeProto]) -> Iterator[FunctionProto]:
        for node in all_nodes(nodes):
            callee = self.called(node)
            if callee is not None:
                yield callee

    @staticmethod
    def _key(function: FunctionProto) -> Key:
        return (domain_of(function.domain), function.name, function.overload)


def all_nodes(nodes: Sequence[NodeProto]) -> Iterator[NodeProto]:
    """The nodes, and those of the graphs in them."""
    for node in nodes:
        yield node
        for graph in graphs_of(node):
            yield from all_nodes(graph.node)
