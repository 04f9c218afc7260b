"""Graphs: from messages to operations, with every check that a graph must pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ...ir import Block, DenseAttribute, Diagnostics, Location, Region, Type, UnknownType, UnregisteredOp, Value
from ...ir.attributes import Attribute
from ...ir.dialects.onnx import Initializer, Yield, base, densify, from_type
from ...ir.dialects.onnx.messages import from_sparse
from ...ir.dialects.onnx.values import denotations
from ...ir.types import merge_types
from .external import TensorReader
from .functions import Functions
from .nodes import make_node, read_attributes
from .ordering import CycleError, sorted_nodes
from .scope import Context, Given, Scope

if TYPE_CHECKING:
    from onnx import FunctionProto, GraphProto, NodeProto, SparseTensorProto, TensorProto, ValueInfoProto

REMEDY = "correct the model, or export it again"
MOST_NESTED = 32
"""Graphs in graphs: what protobuf's readers take, with three messages a level."""
MOST_PROBLEMS = 100
"""A file that is damaged throughout need not be described throughout."""
_MOST_DENSE = 1 << 30
"""Bytes that sparse tensors may become: a few numbers must not fill the memory."""


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

    # Ports

    def arguments(self, graph: GraphProto, context: Context) -> list[tuple[ValueInfoProto, Type]]:
        """The inputs of a graph that are no initializers, with their types."""
        place = self.place(context)
        constants = _initializer_names(graph)
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

    def place(self, context: Context, name: str = "", index: int | None = None) -> Location:
        if context.call is not None:
            name = f"{context.prefix}{name}"
        return Location.at(self.file, context.scope_name, name, index)

    # Contents

    def fill(self, block: Block, graph: GraphProto, scope: Scope, context: Context) -> list[Value]:
        """Put the operations of a graph into a block whose arguments are in the scope; gives the outputs."""
        inputs = {port.name: i for i, port in enumerate(graph.input)}
        for tensor in graph.initializer:
            self._initializer(block, tensor, scope, context, graph, inputs)
        for sparse in graph.sparse_initializer:
            self._sparse(block, sparse, scope, context, graph, inputs)
        given = dict(scope.values)
        self.nodes(block, graph.node, scope, context, [*graph.value_info, *graph.output])
        for port in graph.output:
            if (value := given.get(port.name)) is not None:
                self._declare(value, port, self.place(context))
        return self.outputs([port.name for port in graph.output], scope, context)

    def outputs(self, names: Sequence[str], scope: Scope, context: Context) -> list[Value]:
        """The values of the outputs of a graph or a function."""
        found = []
        for name in names:
            try:
                value = scope.find(name)
            except KeyError:
                value = None
            if value is None:
                self.error(f"the output '{name}' is made by nothing", self.place(context))
            else:
                found.append(value)
        return found

    def _declare(self, value: Value, info: ValueInfoProto, place: Location) -> None:
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

    def _initializer(
        self,
        block: Block,
        message: TensorProto,
        scope: Scope,
        context: Context,
        graph: GraphProto,
        inputs: Mapping[str, int],
    ) -> None:
        place = self.place(context, message.name)
        try:
            value = self.tensors.read(message)
        except ValueError as error:
            self.error(f"the tensor '{message.name}' cannot be read: {error}", place)
            scope.values.setdefault(message.name, stand_in())  # a stand-in: one fault is enough
            return
        op = Initializer(value=value, location=place)
        if message.doc_string:
            op.set_attribute(base.DOC_STRING, message.doc_string)
        if message.metadata_props:
            op.set_attribute(base.METADATA, metadata(message.metadata_props))
        self._add_initializer(block, op, message.name, scope, context, graph, inputs)

    def _sparse(
        self,
        block: Block,
        message: SparseTensorProto,
        scope: Scope,
        context: Context,
        graph: GraphProto,
        inputs: Mapping[str, int],
    ) -> None:
        name = message.values.name
        place = self.place(context, name)
        try:
            sparse = from_sparse(message, self.tensors.read)
            value = self._densified(sparse, name)
        except ValueError as error:
            self.error(f"the sparse tensor '{name}' cannot be read: {error}", place)
            scope.values.setdefault(name, stand_in())
            return
        op = Initializer(value=value, sparse={**sparse, "name": ""}, location=place)
        self._add_initializer(block, op, name, scope, context, graph, inputs)

    def _densified(self, sparse: Mapping[str, Any], name: str) -> DenseAttribute:
        type = sparse["values"].type.with_shape(sparse["dims"])
        if type.size * type.storage.dtype.itemsize > _MOST_DENSE:
            raise ValueError(f"it would take {type.size * type.storage.dtype.itemsize} bytes as a dense one")
        return self.tensors.module.add_resource(name, lambda: densify(sparse), type)

    def _add_initializer(
        self,
        block: Block,
        op: Initializer,
        name: str,
        scope: Scope,
        context: Context,
        graph: GraphProto,
        inputs: Mapping[str, int],
    ) -> None:
        if not name:
            self.error("an initializer has no name", op.location)
        op.tensor.name = context.name(name)
        if name in inputs:
            port = graph.input[inputs[name]]
            self._declare(op.tensor, port, op.location)
            op.set_attribute("graph_input", {"position": inputs[name], **value_extras(port)})
        self.define(name, op.tensor, scope, op.location)
        block.append(op)

    # Nodes

    def nodes(
        self,
        block: Block,
        nodes: Sequence[NodeProto],
        scope: Scope,
        context: Context,
        declared: Iterable[ValueInfoProto] = (),
    ) -> None:
        """Put nodes into a block, sorted; ``declared`` tells the types of some of the values that they make."""
        infos: dict[str, list[ValueInfoProto]] = {}
        for info in declared:
            infos.setdefault(info.name, []).append(info)
        if not self._made_once(nodes, scope, context):
            return
        try:
            order = sorted_nodes(nodes)
        except CycleError as error:
            names = [label(nodes[i]) for i in error.cycle]
            shown = " -> ".join(names if len(names) < 12 else [*names[:10], "...", names[-1]])
            place = self.place(context, names[0], error.cycle[0])
            self.error(f"the graph is cyclic, so it cannot be computed: {shown}", place, "remove the cycle")
            scope.values |= {name: stand_in() for node in nodes for name in node.output}
            return
        for index in order:
            self._node(block, nodes[index], index, scope, context, infos)

    def _made_once(self, nodes: Sequence[NodeProto], scope: Scope, context: Context) -> bool:
        """Whether every name is made by one node, and is no input and no weight."""
        seen = set(scope.values)
        twice = False
        for index, node in enumerate(nodes):
            for name in node.output:
                if name and name in seen:
                    place = self.place(context, label(node), index)
                    self.error(f"'{name}' is made twice: every name may be made once in a graph", place)
                    twice = True
                seen.add(name)
        if twice:
            scope.values |= {name: stand_in() for name in seen - scope.values.keys()}
        return not twice

    def _node(
        self,
        block: Block,
        message: NodeProto,
        index: int,
        scope: Scope,
        context: Context,
        infos: Mapping[str, Sequence[ValueInfoProto]],
    ) -> None:
        place = self.place(context, label(message), index)
        callee = self.functions.called(message)
        operands = self._operands(message, scope, place)
        if callee is not None:
            results = self._call(block, message, callee, operands, scope, context, place)
            op = None
        else:
            op = make_node(self, message, operands, scope, context, place)
            results = [stand_in() for _ in message.output] if op is None else op.results  # one fault is enough
        ports: dict[str, Attribute] = {}
        for i, (name, value) in enumerate(zip(message.output, results, strict=False)):
            if not name:
                continue
            if callee is None:
                value.name = context.name(name)
            for info in infos.get(name, ()):
                self._declare(value, info, place)
                ports |= {str(i): extras} if (extras := value_extras(info)) else {}
            self.define(name, value, scope, place)
        if op is not None:
            block.append(op)
            if ports:
                op.set_attribute(base.PORTS, ports)

    def _operands(self, message: NodeProto, scope: Scope, place: Location) -> list[Value | None]:
        found: list[Value | None] = []
        for name in message.input:
            try:
                found.append(scope.find(name) if name else None)
            except KeyError:
                self.error(f"'{label(message)}' takes '{name}', which nothing makes", place)
                found.append(None)
        return found

    # Graphs and functions

    def region(self, graph: GraphProto, outer: Scope, context: Context, place: Location) -> Region:
        """A graph that is an attribute, as a region that ends in ``onnx.yield``."""
        block, scope = Block(), Scope(outer)
        region = Region.of(block)
        if self.depth >= MOST_NESTED:
            self.error(f"graphs are nested more than {MOST_NESTED} deep", place)
            return region
        self.depth += 1
        for port, type in self.arguments(graph, context):
            scope.values[port.name] = block.add_argument(type, context.name(port.name))
        outputs = self.fill(block, graph, scope, context)
        block.append(Yield(outputs, result_types=[], location=place))
        self.depth -= 1
        return region

    def _call(
        self,
        block: Block,
        node: NodeProto,
        function: FunctionProto,
        operands: Sequence[Value | None],
        scope: Scope,
        context: Context,
        place: Location,
    ) -> Sequence[Value]:
        """The nodes of a function in place of a node that calls it; gives what they make for it."""
        if len(operands) > len(function.input) or len(node.output) > len(function.output):
            self.error(
                f"'{label(node)}' has {len(node.input)} inputs and {len(node.output)} outputs, but the function "
                f"'{function.name}' has {len(function.input)} and {len(function.output)}",
                place,
            )
            return []
        inner = Scope()
        for i, name in enumerate(function.input):
            inner.values[name] = operands[i] if i < len(operands) else None
        named = zip(function.output, node.output, strict=False)
        body = Context(
            scope_name=context.scope_name,
            opsets={
                **self.opsets,
                **{("" if e.domain == "ai.onnx" else e.domain): e.version for e in function.opset_import},
            },
            prefix=f"{context.prefix}{label(node)}/",
            renamed={inside: context.name(outside) for inside, outside in named if outside},
            attributes=self._given(node, function, scope, context, place),
            call=place,
        )
        self.nodes(block, function.node, inner, body, function.value_info)
        return self.outputs(list(function.output)[: len(node.output)], inner, body)

    def _given(
        self, node: NodeProto, function: FunctionProto, scope: Scope, context: Context, place: Location
    ) -> dict[str, Given]:
        """The attributes of a call: those of the node, and the defaults of the function."""
        given = {message.name: Given(message, Scope(), context) for message in function.attribute_proto}
        given |= read_attributes(self, node, scope, context, place)
        missing = [name for name in function.attribute if name not in given]
        allowed = {*function.attribute, *(message.name for message in function.attribute_proto)}
        unknown = [name for name in given if name not in allowed]
        if unknown:
            self.error(f"the function '{function.name}' has no attribute '{unknown[0]}'", place)
        return {name: value for name, value in given.items() if name not in missing}


def stand_in() -> Value:
    """A value in place of one that could not be made, so that what needs it is no fault as well."""
    return UnregisteredOp("onnx.unread", result_types=[UnknownType()]).result


def label(node: NodeProto) -> str:
    """What a node is called where it has no name: as what it makes."""
    return node.name or next((name for name in node.output if name), node.op_type)


def value_extras(port: ValueInfoProto) -> dict[str, Attribute]:
    """What the message of a value says beside its name and type."""
    extras = denotations(port.type)
    if port.doc_string:
        extras["doc_string"] = port.doc_string
    if port.metadata_props:
        extras["metadata"] = metadata(port.metadata_props)
    return extras


def metadata(entries: Iterable[Any]) -> dict[str, str]:
    return {entry.key: entry.value for entry in entries}


def graph_fields(graph: GraphProto) -> dict[str, Attribute]:
    """What a graph has beside nodes and ports, as far as it is set."""
    fields: dict[str, Attribute] = {
        "name": graph.name,
        "doc_string": graph.doc_string,
        "metadata": metadata(graph.metadata_props),
        "annotations": tuple(
            {"tensor": a.tensor_name, "parameters": metadata(a.quant_parameter_tensor_names)}
            for a in graph.quantization_annotation
        ),
    }
    return {key: value for key, value in fields.items() if value}


def _initializer_names(graph: GraphProto) -> set[str]:
    return {t.name for t in graph.initializer} | {s.values.name for s in graph.sparse_initializer}
