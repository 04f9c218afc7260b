"""Function bodies: what ONNX itself says an operator means, as a block of onnx operations.

A body comes from the operator's schema: a fixed one, or one that is built for the attributes of a node and the types of
its operands.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from ...ir import Block, CompileError, Location, Operation, Region, Type, UnknownType, Value

if TYPE_CHECKING:
    from onnx import AttributeProto, FunctionProto, GraphProto, NodeProto

    from ...ir.dialects.onnx.base import OnnxOp

Scope = MutableMapping[str, Value | None]
"""The values of a body by name; None for an operand that the node leaves out."""


def has_body(op: OnnxOp) -> bool:
    """Whether the schema of an operator, in the opset in force, says what it means in terms of others."""
    schema = op.schema
    return bool(schema and (schema.has_function or schema.has_context_dependent_function) and not op.regions)


def body_of(op: OnnxOp, operands: Sequence[Any]) -> Block:
    """The body of an operator: a block with an argument for each operand that is there, ending in ``onnx.yield``.

    ``operands`` are what the operands have become; the types of values among them are those that the body is built for.
    Raises CompileError where there is no body for such a node.
    """
    types = [_type_of(operand) for operand in operands]
    function = _function(op, types)
    block = Block()
    scope: Scope = {}
    for i, name in enumerate(function.input):
        given = i < len(operands) and operands[i] is not None
        scope[name] = block.add_argument(types[i], name) if given else None
    builder = _BodyBuilder(op, {entry.domain: entry.version for entry in function.opset_import})
    builder.add(block, function.node, scope)
    builder.end(block, list(function.output)[: len(op.results)], scope)
    return block


def _type_of(operand: Any) -> Type:
    return operand.type if isinstance(operand, Value) else UnknownType()


def _function(op: OnnxOp, types: Sequence[Type]) -> FunctionProto:
    from onnx import FunctionProto

    schema: Any = op.schema
    opset = op.opset or schema.since_version
    text = b""
    if schema.has_function:
        text = schema.get_function_with_opset_version(_newest(schema.function_opset_versions, opset))
    elif schema.has_context_dependent_function:
        version = _newest(schema.context_dependent_function_opset_versions, opset)
        node = _node(op, types).SerializeToString()
        text = schema.get_context_dependent_function_with_opset_version(version, node, _messages(types))
    if not text:
        reason = f"{op.op_type} has no function body for these attributes and types"
        raise CompileError(reason, op.location, "replace it by operators that can be lifted")
    function = FunctionProto()
    function.ParseFromString(text)
    return function


def _newest(versions: Iterable[int], opset: int) -> int:
    """The version of a body to take at an opset: the newest that is not newer, else the oldest: it means the same."""
    return max((v for v in versions if v <= opset), default=min(versions))


def _node(op: OnnxOp, types: Sequence[Type]) -> NodeProto:
    """The node of an operator, as far as bodies depend on it."""
    from onnx import NodeProto

    from ...ir.dialects.onnx.messages import set_attribute

    outputs = [f"output{i}" for i in range(len(op.results))]
    inputs = ["" if value is None else f"input{i}" for i, value in enumerate(op.operands)]
    node = NodeProto(op_type=op.op_type, domain=op.domain, input=inputs, output=outputs)
    specs = op.schema.attributes if op.schema is not None else {}
    for name, value in op.onnx_attributes().items():
        kind = specs[name].type.name if name in specs else None
        message = node.attribute.add(name=name)
        set_attribute(message, value, kind, _no_tensor)
    return node


def _no_tensor(value: Any, message: Any) -> None:
    raise ValueError("the function body of an operator cannot depend on a tensor")


def _messages(types: Sequence[Type]) -> list[bytes]:
    from onnx import TypeProto

    from ...ir.dialects.onnx.values import to_type

    found = []
    for type in types:
        message = TypeProto()
        to_type(type, message)
        found.append(message.SerializeToString())
    return found


class _BodyBuilder:
    """Makes the operations of one body; all have the location of the node that is defined by it."""

    def __init__(self, op: OnnxOp, opsets: dict[str, int]) -> None:
        self.op, self.opsets = op, opsets
        self.location: Location = op.location

    def add(self, block: Block, nodes: Iterable[NodeProto], scope: Scope) -> None:
        for node in nodes:
            operation = block.append(self._operation(node, scope))
            scope.update(zip(node.output, operation.results, strict=True))

    def end(self, block: Block, outputs: Sequence[str], scope: Scope) -> None:
        from ...ir.dialects.onnx.ops import Yield

        block.append(Yield([scope[name] for name in outputs], result_types=[], location=self.location))

    def _operation(self, node: NodeProto, scope: Scope) -> Operation:
        from ...ir.dialects.onnx.base import OPSET, CustomOp, attribute_key, op_name
        from ...ir.dialects.onnx.ops import NODE_OPS

        domain = "" if node.domain == "ai.onnx" else node.domain
        attributes: dict[str, Any] = {OPSET: self.opsets.get(domain, 1)}
        graphs: dict[str, Region] = {}
        for message in node.attribute:
            if message.HasField("g"):
                graphs[message.name] = self._region(message.g, scope)
            elif (value := self._attribute(message)) is not None:
                attributes[attribute_key(message.name)] = value
        operands = [scope[name] if name else None for name in node.input]
        types = [UnknownType() for _ in node.output]
        definition = NODE_OPS.get((domain, node.op_type))
        if definition is None:
            return CustomOp(op_name(node.op_type, domain), operands, types, attributes, location=self.location)
        made = definition(operands, result_types=types, location=self.location, **attributes)
        for name in made.graph_names:
            if name in graphs:
                made.add_region(graphs[name])
        return made

    def _attribute(self, message: AttributeProto) -> Any:
        """The value of an attribute: its own, or that of the node, None if that has none."""
        from ...ir.dialects.onnx.messages import attribute_value

        return self.op.get(message.ref_attr_name) if message.ref_attr_name else attribute_value(message)

    def _region(self, graph: GraphProto, outer: Scope) -> Region:
        from ...ir.dialects.onnx.messages import plain_tensor
        from ...ir.dialects.onnx.ops import Initializer
        from ...ir.dialects.onnx.values import from_type

        scope: Scope = ChainMap({}, outer)
        block = Block()
        for port in graph.input:
            scope[port.name] = block.add_argument(from_type(port.type), port.name)
        for tensor in graph.initializer:
            value = block.append(Initializer(value=plain_tensor(tensor), location=self.location)).result
            scope[tensor.name] = value
        self.add(block, graph.node, scope)
        self.end(block, [port.name for port in graph.output], scope)
        return Region.of(block)
