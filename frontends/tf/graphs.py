"""Nodes of graphs and functions: which are needed, in which order, and what their inputs refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ...ir import CompileError, Location, Value
from ...ir.dialects.tf import TfOp, definitions
from .interface import Reference

LOOPS = frozenset({"Enter", "Exit", "Merge", "NextIteration", "LoopCond", "RefEnter", "RefExit", "RefMerge"})
"""Operators of TensorFlow 1's control flow."""
LOOP_REMEDY = (
    "export it with control flow version 2 (tf.compat.v1.enable_control_flow_v2()), or as a SavedModel of TF 2"
)

_HARMLESS = ("Assert", "Print", "CheckNumerics", "NoOp", "If", "Case", "While", "PartitionedCall", "Placeholder")
"""Stateful operators, as they begin, that a node may wait for: what they do besides is no result of the model."""


@attrs.define
class Scope:
    """The nodes of one graph, or of one call of a function; ``results`` are what those that were imported give."""

    nodes: Mapping[str, Any]
    location: Location
    prefix: str = ""
    """What stands before the names of nodes: the calls that they are inlined into."""
    arguments: dict[Reference, Value] = attrs.Factory(dict)
    results: dict[str, Sequence[Value]] = attrs.Factory(dict)
    made: dict[str, TfOp] = attrs.Factory(dict)
    is_function: bool = False

    def place(self, name: str) -> Location:
        origin = self.location.origins[0]
        return Location.at(origin.file, origin.scope, f"{self.prefix}{name}")

    def refer(self, text: str) -> Reference:
        """What an input of a node refers to: ``node``, ``node:1``, and in functions ``node:port:1``."""
        return Reference.parse(text, self.is_function)

    def inputs(self, node: Any) -> list[Reference]:
        """What a node takes, without what it only waits for."""
        return [self.refer(text) for text in node.input if not text.startswith("^")]

    def value(self, reference: Reference, user: str) -> Value:
        """The value of a reference to what was imported. Raises CompileError where there is none such."""
        if reference in self.arguments:
            return self.arguments[reference]
        results = self.results.get(reference.node, ())
        index = self._position(reference)
        if index is None or index >= len(results):
            place = self.place(user)
            raise CompileError(f"'{user}' takes '{reference}', which nothing makes", place, "save the model again")
        return results[index]

    def _position(self, reference: Reference) -> int | None:
        """The place of an output among all of its node."""
        if not reference.port:
            return reference.index
        op = self.made.get(reference.node)
        if op is None or op.definition is None:  # a call, or an operator that nobody knows: its ports are in order
            return reference.index
        position = 0
        for port in op.definition.outputs:
            if port.name == reference.port:
                return position + reference.index
            position += (
                len(op.get(port.type) or ()) if port.is_typed_list else op.get(port.number) if port.number else 1
            )
        return None


def needed_nodes(scope: Scope, wanted: Sequence[Reference]) -> list[str]:
    """The nodes that lead to what is wanted, each behind those that it needs. Raises CompileError for a cycle."""
    order: list[str] = []
    open_nodes: set[str] = set()
    done: set[str] = set()
    stack = [(reference, False) for reference in reversed(wanted)]
    while stack:
        reference, is_left = stack.pop()
        name = reference.node
        if is_left:
            open_nodes.discard(name)
            done.add(name)
            order.append(name)
            continue
        if name in done or reference in scope.arguments or name not in scope.nodes:
            continue
        if name in open_nodes:
            reason = f"the graph has a cycle through the node '{name}': a loop of TensorFlow 1"
            raise CompileError(reason, scope.place(name), LOOP_REMEDY)
        open_nodes.add(name)
        stack.append((reference, True))
        stack += [(inner, False) for inner in scope.inputs(scope.nodes[name])]
    return order


def effects(scope: Scope, needed: Sequence[str]) -> list[str]:
    """The nodes with effects that what is needed waits for: without them it may compute something else."""
    pending = [text[1:] for name in needed for text in scope.nodes[name].input if text.startswith("^")]
    seen: set[str] = set(needed)
    found = []
    while pending:
        name = pending.pop()
        if name in seen or name not in scope.nodes:
            continue
        seen.add(name)
        node = scope.nodes[name]
        pending += [text.lstrip("^").partition(":")[0] for text in node.input]
        definition = definitions().get(node.op)
        is_harmless = node.op.removeprefix("Stateful").removeprefix("Stateless").startswith(_HARMLESS)
        if definition is not None and definition.is_stateful and not is_harmless and "Random" not in node.op:
            found.append(name)
    return found
