"""From the message of a graph to a module in the tf dialect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...ir import CompileError, Function, Location, Module, TensorType, Type, UnknownType
from ...ir.dialects.tf import NODE_OPS, PRODUCER, TfOp, element_of, tensor_of
from .attributes import attribute_value, tensor_reader
from .frozen import Graph
from .graphs import Scope
from .interface import Interface, Port, Reference, check_nodes
from .nodes import GraphImporter, shape_of

_NEVER_OUTPUTS = re.compile("NoOp|Assert|Const$|Placeholder|Save|Restore|MergeV2Checkpoints|Assign|Print")
"""Operators whose results are no outputs of a model, though nothing takes them."""
_UNSURE_SCALARS = 21
"""Up to this version of graphs, a placeholder without dimensions might have any."""


def import_graph(graph: Graph, file: str, interface: Interface, module: Module) -> None:
    """Fill an empty module with the part of a ``GraphDef`` that leads to the outputs.

    Raises CompileError for a graph that makes no sense, UsageError for ports that it does not have.
    """
    place = Location.at(file)
    module.location = place
    message = graph.message
    if message.versions.producer:
        module.set_attribute(PRODUCER, message.versions.producer)
    scope = Scope(_by_name(message.node, place), place)
    inputs = interface.inputs if interface.inputs is not None else _placeholders(message)
    outputs = interface.outputs if interface.outputs is not None else _results(scope)
    check_nodes([*inputs, *outputs], scope.nodes, place)
    types = [_input_type(message, scope.nodes[port.tensor.node], port) for port in inputs]
    function, block = Function.create("main", list(zip([p.name for p in inputs], types, strict=True)), place)
    scope.arguments = {port.tensor: value for port, value in zip(inputs, block.args, strict=True)}
    importer = GraphImporter(message, tensor_reader(module, graph.light))
    values = importer.fill(scope, [port.tensor for port in outputs], block)
    function.set_outputs([(port.name, value) for port, value in zip(outputs, values, strict=True)])
    module.body.append(function)


def _by_name(nodes: Sequence[Any], place: Location) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in nodes:
        if not node.name or not node.op or found.setdefault(node.name, node) is not node:
            raise CompileError(f"the node '{node.name}' is there twice, or has no operator", place, "export it again")
    return found


def _placeholders(graph: Any) -> tuple[Port, ...]:
    return tuple(Port(n.name, Reference(n.name)) for n in graph.node if n.op in ("Placeholder", "PlaceholderV2"))


def _results(scope: Scope) -> tuple[Port, ...]:
    """The outputs of nodes that no other takes anything of. Raises CompileError where there are none."""
    taken = {reference.node for node in scope.nodes.values() for reference in scope.inputs(node)}
    found: list[Port] = []
    for name, node in scope.nodes.items():
        if name not in taken and not _NEVER_OUTPUTS.match(node.op):
            outputs = [Reference(name, index) for index in range(len(_result_types(node)))]
            found += [Port(str(output), output) for output in outputs]
    if not found:
        raise CompileError("the graph has no outputs", scope.location, "name them: --outputs y0,y1")
    return tuple(found)


def _input_type(graph: Any, node: Any, port: Port) -> Type:
    """The type of an input: what its placeholder says, or that of what it takes the place of."""
    if not node.op.startswith("Placeholder"):
        return _result_types(node)[port.tensor.index]
    type = tensor_of(element_of(node.attr["dtype"].type))
    shape = shape_of(node.attr["shape"].shape) if "shape" in node.attr else None
    if shape == () and graph.versions.producer <= _UNSURE_SCALARS:
        shape = None
    return type.with_shape(shape) if isinstance(type, TensorType) else type


def _result_types(node: Any) -> Sequence[Type]:
    """The types of what a node gives, as far as its attributes tell; of one result where nobody knows the operator."""
    definition = NODE_OPS.get(node.op)
    if definition is None:
        return [UnknownType()]
    op: TfOp = definition([], result_types=[])
    for key, message in node.attr.items():
        if message.WhichOneof("value") in ("i", "type") or message.list.type:
            op.set_attribute(key, attribute_value(message)[1])
    return op.infer()
