"""A module in the tf dialect as the message ``GraphDef``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from ...ir import Block, CompileError, Diagnostics, Function, Module, Region, Trait, Value
from ...ir.dialects.tf import KINDS, PRODUCER, REGIONS, Const, TfOp, data_type, element_type
from ...ir.dialects.tf.messages import message_class
from ...ir.names import Names
from .attributes import set_attribute, set_shape

MOST_BYTES = 2**31 - 1
"""What a message of protobuf holds."""
OLDEST_PRODUCER = 1087
"""The version of graphs that TensorFlow 2.11 makes, which all later releases read."""


def graph_message(module: Module) -> Any:
    """The ``GraphDef`` of the main function: a Placeholder for each input, a node for each operation.

    Outputs are nodes with the names of the ports. Raises CompileError for all that is no operation of TensorFlow, and
    for more weights than a message holds.
    """
    _check(module)
    _check_size(module)
    graph = message_class("GraphDef")()
    graph.versions.producer = int(module.attributes.get(PRODUCER, OLDEST_PRODUCER))
    function = module.main
    names = _Nodes(function)
    for name, value in zip(function.input_names, function.inputs, strict=True):
        node = graph.node.add(name=names.node(value), op="Placeholder")
        node.attr["dtype"].type = _code(value, name)
        set_shape(node.attr["shape"].shape, value.tensor.shape)
    writer = _Writer(graph.library)
    for op in function.body:
        if isinstance(op, TfOp):
            writer.add(graph.node.add(), op, names)
    return graph


def _check_size(module: Module) -> None:
    """Raises CompileError where the weights alone are more than a message holds: before any is read."""
    constants = (op.value.type for op in module.main.walk() if isinstance(op, Const))
    size = sum(type.size * type.storage.dtype.itemsize for type in constants)
    if size > MOST_BYTES:
        raise CompileError(
            f"the weights have {size} bytes, and a frozen graph holds {MOST_BYTES}",
            module.main.location,
            "choose a format that keeps weights apart: ONNX with --external-data",
        )


def node_names(function: Function) -> tuple[list[str], list[str]]:
    """The names of the nodes of the inputs and of the outputs, as :func:`graph_message` gives them."""
    names = _Nodes(function)
    return [names.node(v) for v in function.inputs], [names.node(v) for v in function.outputs]


def _check(module: Module) -> None:
    diagnostics = Diagnostics()
    for op in module.main.walk():
        if not isinstance(op, TfOp) and Trait.TERMINATOR not in op.traits and op is not module.main:
            diagnostics.error(f"'{op.name}' is no operator of TensorFlow", op.location, "run lower-to-tf before")
    for name, value in zip(module.main.output_names, module.main.outputs, strict=True):
        if not isinstance(value.defining_op, TfOp):
            diagnostics.error(f"the output '{name}' is made by no node", module.main.location, "run lower-to-tf before")
    diagnostics.raise_if_errors()


def _code(value: Value, name: str) -> int:
    try:
        element = element_type(value)
        if element is None:
            raise ValueError(f"nothing says what {value.type} holds")
        return data_type(element)
    except ValueError as error:
        raise CompileError(f"'{name}': {error}", remedy="cast it to f32 before") from error


_NODE_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/-]*")


def valid_name(name: str) -> str:
    """The name as TensorFlow takes it for a node: characters that it may not have become underscores."""
    word = re.sub(r"[^A-Za-z0-9_.\\/-]", "_", name)
    return word if _NODE_NAME.fullmatch(word) else f"x{word}"


class _Nodes:
    """The names of the nodes of a function's values: those of ports first, then all others in their order."""

    def __init__(self, function: Function) -> None:
        names = Names()
        self._names: dict[Any, str] = {}
        for name, value in zip(function.input_names, function.inputs, strict=True):
            self._names[value] = names.free(valid_name(name))
        for name, value in zip(function.output_names, function.outputs, strict=True):
            if value.defining_op is not None and value.defining_op not in self._names:
                self._names[value.defining_op] = names.free(valid_name(name))
        for op in function.body:
            if isinstance(op, TfOp) and op not in self._names:
                self._names[op] = names.free(_own_name(op))

    def node(self, value: Value) -> str:
        """The name of the node that makes a value."""
        op = value.defining_op
        return self._names[value if op is None else op]

    def reference(self, value: Value) -> str:
        """A value as an input of a node."""
        op, name = value.defining_op, self.node(value)
        index = 0 if op is None else op.results.index(value)  # type: ignore[arg-type]  # it is one of its results
        return f"{name}:{index}" if index else name


def _own_name(op: TfOp) -> str:
    named = op.node_name or next((r.name for r in op.results if r.name), None) or op.op_type
    return valid_name(named.removesuffix(":0"))


class _FunctionNodes:
    """The names of the values of a function of the library."""

    def __init__(self, block: Block) -> None:
        names = Names()
        self._arguments = {value: names.free(f"arg{i}") for i, value in enumerate(block.args)}
        self._nodes = {op: names.free(valid_name(_own_name(op))) for op in block if isinstance(op, TfOp)}

    def node(self, value: Value) -> str:
        op = value.defining_op
        return self._arguments[value] if op is None else self._nodes[op]  # type: ignore[index]  # both are made here

    def reference(self, value: Value) -> str:
        """A value as functions refer to it: by the port of the node, and the place in the port."""
        op = value.defining_op
        if op is None:
            return self._arguments[value]  # type: ignore[index]
        assert isinstance(op, TfOp)
        place = op.results.index(value)  # type: ignore[arg-type]
        for port, count in _output_ports(op):
            if place < count:
                return f"{self.node(value)}:{port}:{place}"
            place -= count
        raise AssertionError("a node has more results than its operator")


def _output_ports(op: TfOp) -> Iterator[tuple[str, int]]:
    if op.definition is None:
        yield "output", len(op.results)
        return
    for port in op.definition.outputs:
        yield port.name, op.output_count(port)


@attrs.define
class _Writer:
    """Writes nodes; what they have regions for goes into the library."""

    library: Any
    functions: Names = attrs.Factory(Names)

    def add(self, node: Any, op: TfOp, names: _Nodes | _FunctionNodes) -> None:
        node.name, node.op = names.node(op.results[0]), op.op_type
        node.input.extend(names.reference(v) for v in op.operands if v is not None)
        for key, kind, value in self._attributes(op):
            try:
                set_attribute(node.attr[key], kind, value)
            except ValueError as error:
                raise CompileError(f"'{op.name}': {error}", op.location, "cast to f32 before") from error
        for key, regions in _regions(op):
            called = [self._function(f"{node.name}_{key}", region) for region in regions]
            if op.definition is not None and op.definition.attributes[key].kind == "funcs":
                for name in called:
                    node.attr[key].list.func.add().name = name
            else:
                node.attr[key].func.name = called[0]

    def _attributes(self, op: TfOp) -> Iterator[tuple[str, str, Any]]:
        """Name, kind and value of every attribute that the node has."""
        if op.definition is None:
            kinds: dict[str, str] = op.attributes.get(KINDS, {})
            yield from ((key, kind, op.attributes[key]) for key, kind in kinds.items())
            return
        for key, spec in op.definition.attributes.items():
            value = op.get(key)
            if value is not None and key not in op.region_attributes:
                yield key, spec.kind, value

    def _function(self, wanted: str, region: Region) -> str:
        """Add a region to the library; gives the name of the function."""
        block = region.block
        function = self.library.function.add()
        name = self.functions.free(re.sub(r"\W", "_", wanted))
        function.signature.name = name
        names = _FunctionNodes(block)
        for value in block.args:
            function.signature.input_arg.add(name=names.node(value), type=_code(value, name))
        for op in block:
            if isinstance(op, TfOp):
                self.add(function.node_def.add(), op, names)
        assert block.last_op is not None
        for index, given in enumerate(block.last_op.operands):
            assert given is not None
            port = f"out{index}"
            function.signature.output_arg.add(name=port, type=_code(given, name))
            function.ret[port] = names.reference(given)
        return name


def _regions(op: TfOp) -> Iterator[tuple[str, Sequence[Region]]]:
    """The attributes that are regions here, with these."""
    attributes = REGIONS.get(op.op_type, ())
    if len(attributes) == 1:
        yield attributes[0], op.regions
    else:
        yield from ((key, [region]) for key, region in zip(attributes, op.regions, strict=True))
