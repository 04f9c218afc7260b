"""Graphs: from messages to operations, with every check that a graph must pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from ...ir import Block, Diagnostics, Location, Region, Type, UnknownType, Value
from ...ir.attributes import Attribute
from ...ir.dialects.onnx import Initializer, Yield, base, from_type
from ...ir.types import merge_types
from .external import TensorReader
from .extras import value_extras
from .functions import Functions, domain_of
from .initializers import add_initializers, initializer_names
from .nodes import make_node, read_attributes
from .ordering import CycleError, sorted_nodes
from .scope import Context, Frame, Given, Scope, stand_in

if TYPE_CHECKING:
    from onnx import FunctionProto, GraphProto, NodeProto, ValueInfoProto

REMEDY = "correct the model, or export it again"
MOST_NESTED = 32
"""Graphs in graphs: what protobuf's readers take, with three messages a level."""
MOST_PROBLEMS = 100
"""A file that is damaged throughout need not be described throughout."""
_MOST_NAMED = 12
"""Nodes of a cycle that are named."""


@attrs.define
class GraphImporter:
    """Makes the operations of all graphs of a model; ``opsets`` are the module's. Faults go to ``problems``."""

    file: str
    opsets: dict[str, int]
    functions: Functions
    tensors: TensorReader
    problems: Diagnostics
    depth: int = 0

    def error(self, message: str, location: Location, remedy: str = REMEDY) -> None:
        self.problems.error(message, location, remedy)
        if len(self.problems.errors) >= MOST_PROBLEMS:
            self.problems.raise_if_errors()

    def place(self, context: Context, name: str = "", index: int | None = None) -> Location:
        if context.call is not None:
            name = f"{context.prefix}{name}"
        return Location.at(self.file, context.scope_name, name, index)

    # Values

    def arguments(self, graph: GraphProto, context: Context) -> list[tuple[ValueInfoProto, Type]]:
        """The inputs of a graph that are no initializers, with their types."""
        place = self.place(context)
        constants = initializer_names(graph)
        seen: set[str] = set()
        found = []
        for port in graph.input:
            if not port.name or port.name in seen:
                self.error(f"the input '{port.name}' is listed twice" if port.name else "an input has no name", place)
            elif port.name not in constants:
                found.append((port, self.type_of(port, place)))
            seen.add(port.name)
        return found

    def type_of(self, port: ValueInfoProto, place: Location) -> Type:
        try:
            return from_type(port.type)
        except ValueError as error:
            self.error(f"'{port.name}' has no sound type: {error}", place)
            return UnknownType()

    def declare(self, value: Value, info: ValueInfoProto, place: Location) -> None:
        """Let a value be of the type that the file declares, too."""
        declared = self.type_of(info, place)
        both = merge_types(value.type, declared)
        if both is None:
            self.error(f"'{info.name}' is of type {value.type}, but is declared to be of type {declared}", place)
        elif value.defining_op is not None and not isinstance(value.defining_op, Initializer):
            value.type = both

    def define(self, name: str, value: Value | None, scope: Scope, location: Location) -> None:
        if name in scope.values:
            self.error(f"'{name}' is made twice: every name may be made once in a graph", location)
        scope.values.setdefault(name, value)

    def outputs(self, names: Iterable[str], frame: Frame) -> list[Value]:
        """The values of the outputs of a graph or a function."""
        found = []
        for name in names:
            try:
                value = frame.scope.find(name)
            except KeyError:
                value = None
            if value is None:
                self.error(f"the output '{name}' is made by nothing", self.place(frame.context))
            else:
                found.append(value)
        return found

    # Graphs

    def fill(self, graph: GraphProto, frame: Frame) -> list[Value]:
        """Put the operations of a graph into a block whose arguments are in the scope; gives the outputs."""
        add_initializers(self, graph, frame)
        given = dict(frame.scope.values)
        self.nodes(graph.node, frame, [*graph.value_info, *graph.output])
        for port in graph.output:
            if (value := given.get(port.name)) is not None:  # of the others, those that make them tell the types
                self.declare(value, port, self.place(frame.context))
        return self.outputs([port.name for port in graph.output], frame)

    def region(self, graph: GraphProto, outer: Scope, context: Context, place: Location) -> Region:
        """A graph that is an attribute, as a region that ends in ``onnx.yield``."""
        frame = Frame(Block(), Scope(outer), context)
        region = Region.of(frame.block)
        if self.depth >= MOST_NESTED:
            self.error(f"graphs are nested more than {MOST_NESTED} deep", place)
            return region
        self.depth += 1
        for port, type in self.arguments(graph, context):
            frame.scope.values[port.name] = frame.block.add_argument(type, context.name(port.name))
        outputs = self.fill(graph, frame)
        frame.block.append(Yield(outputs, result_types=[], location=place))
        self.depth -= 1
        return region

    # Nodes

    def nodes(self, nodes: Sequence[NodeProto], frame: Frame, declared: Iterable[ValueInfoProto]) -> None:
        """Put nodes into a block, sorted; ``declared`` tells the types of some of the values that they make."""
        infos: dict[str, list[ValueInfoProto]] = {}
        for info in declared:
            infos.setdefault(info.name, []).append(info)
        for index in self._order(nodes, frame):
            self._node(nodes[index], index, frame, infos)

    def _order(self, nodes: Sequence[NodeProto], frame: Frame) -> Sequence[int]:
        """The numbers of the nodes in an order in which they can be computed; none where there is none."""
        context, values = frame.context, frame.scope.values
        seen = set(values)
        sound = True
        for index, node in enumerate(nodes):
            for name in filter(None, node.output):
                if name in seen:
                    place = self.place(context, label(node), index)
                    self.error(f"'{name}' is made twice: every name may be made once in a graph", place)
                    sound = False
                seen.add(name)
        if sound:
            try:
                return sorted_nodes(nodes)
            except CycleError as error:
                names = [label(nodes[i]) for i in error.cycle]
                shown = names if len(names) <= _MOST_NAMED else [*names[: _MOST_NAMED - 2], "...", names[-1]]
                self.error(
                    f"the graph is cyclic, so it cannot be computed: {' -> '.join(shown)}",
                    self.place(context, names[0], error.cycle[0]),
                    "remove the cycle",
                )
        values |= {name: stand_in() for name in seen - values.keys()}
        return ()

    def _node(
        self, message: NodeProto, index: int, frame: Frame, infos: Mapping[str, Sequence[ValueInfoProto]]
    ) -> None:
        place = self.place(frame.context, label(message), index)
        operands = self._operands(message, frame, place)
        callee = self.functions.called(message)
        if callee is not None:
            for name, value in zip(message.output, self._call(message, callee, operands, frame, place), strict=False):
                self._settle(name, value, frame, infos, place)
            return
        op = make_node(self, message, operands, frame, place)
        results = [stand_in() for _ in message.output] if op is None else op.results
        ports: dict[str, Attribute] = {}
        for i, (name, value) in enumerate(zip(message.output, results, strict=True)):
            if name:
                value.name = frame.context.name(name)
                ports |= {str(i): extras} if (extras := self._settle(name, value, frame, infos, place)) else {}
        if op is not None:
            frame.block.append(op)
            if ports:
                op.set_attribute(base.PORTS, ports)

    def _settle(
        self, name: str, value: Value, frame: Frame, infos: Mapping[str, Sequence[ValueInfoProto]], place: Location
    ) -> dict[str, Attribute]:
        """Make a value known under its name, with what the file declares of it; gives what is no type."""
        extras: dict[str, Attribute] = {}
        if name:
            for info in infos.get(name, ()):
                self.declare(value, info, place)
                extras |= value_extras(info)
            self.define(name, value, frame.scope, place)
        return extras

    def _operands(self, message: NodeProto, frame: Frame, place: Location) -> list[Value | None]:
        found: list[Value | None] = []
        for name in message.input:
            try:
                found.append(frame.scope.find(name) if name else None)
            except KeyError:
                self.error(f"'{label(message)}' takes '{name}', which nothing makes", place)
                found.append(None)
        return found

    # Functions

    def _call(
        self,
        node: NodeProto,
        function: FunctionProto,
        operands: Sequence[Value | None],
        frame: Frame,
        place: Location,
    ) -> list[Value]:
        """The nodes of a function in place of a node that calls it; gives what they make for it."""
        if len(operands) > len(function.input) or len(node.output) > len(function.output):
            self.error(
                f"'{label(node)}' has {len(node.input)} inputs and {len(node.output)} outputs, but the function "
                f"'{function.name}' has {len(function.input)} and {len(function.output)}",
                place,
            )
            return [stand_in() for _ in node.output]
        context = frame.context
        padded = [*operands, *[None] * (len(function.input) - len(operands))]
        named = zip(function.output, node.output, strict=False)
        body = Context(
            scope_name=context.scope_name,
            opsets=self.opsets | {domain_of(entry.domain): entry.version for entry in function.opset_import},
            prefix=f"{context.prefix}{label(node)}/",
            renamed={inside: context.name(outside) for inside, outside in named if outside},
            attributes=self._given(node, function, frame, place),
            call=place,
        )
        inner = Frame(frame.block, Scope(values=dict(zip(function.input, padded, strict=True))), body)
        self.nodes(function.node, inner, function.value_info)
        return self.outputs(list(function.output)[: len(node.output)], inner)

    def _given(self, node: NodeProto, function: FunctionProto, frame: Frame, place: Location) -> dict[str, Given]:
        """The attributes of a call: those of the node, and the defaults of the function."""
        defaults = {message.name: Given(message, Scope(), frame.context) for message in function.attribute_proto}
        given = read_attributes(self, node, frame, place)
        for name in given.keys() - defaults.keys() - set(function.attribute):
            self.error(f"the function '{function.name}' has no attribute '{name}'", place)
        return defaults | given


def label(node: NodeProto) -> str:
    """What a node is called where it has no name: as what it makes."""
    return node.name or next((name for name in node.output if name), node.op_type)
