"""Nodes become operations of the tf dialect; functions become the operations inside, in place of the calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ir import Block, CompileError, Location, Region, TensorType, Type, UnknownType, Value, VerifyError
from ...ir.attributes import Attribute, attribute_key
from ...ir.core import OpResult
from ...ir.dialects.tf import KINDS, NODE_NAME, NODE_OPS, OP_TYPE, CustomOp, TfOp, Yield, op_name
from ...ir.types import Shape, merge_types
from .attributes import ReadTensor, attribute_value
from .graphs import LOOP_REMEDY, LOOPS, Scope, effects, needed_nodes
from .interface import Reference

CALLS = ("PartitionedCall", "StatefulPartitionedCall")
MOST_DEPTH = 50
"""Calls of functions in functions."""
MOST_NODES = 2_000_000
"""Nodes in all, those of functions once for each call: a file of a few bytes must not fill the memory."""
_SHAPES = "_output_shapes"
_AGAIN = "export the model again"


class GraphImporter:
    """Imports nodes to blocks."""

    def __init__(self, graph: Any, read: ReadTensor) -> None:
        self.functions = {f.signature.name: f for f in graph.library.function}
        self.read = read
        self.depth = self.count = 0

    def fill(self, scope: Scope, wanted: Sequence[Reference], block: Block) -> list[Value]:
        """Import the nodes that lead to what is wanted, to the end of a block; gives what is wanted.

        Raises CompileError.
        """
        order = needed_nodes(scope, wanted)
        for name in order:
            if scope.nodes[name].op in LOOPS:
                reason = f"the node '{name}' is a part of a loop or a branch of TensorFlow 1 ({scope.nodes[name].op})"
                raise CompileError(reason, scope.place(name), LOOP_REMEDY)
        for name in effects(scope, order)[:1]:
            reason = f"what the model gives waits for '{name}' ({scope.nodes[name].op}), which changes a state"
            raise CompileError(reason, scope.place(name), "freeze the graph, or give --outputs that do not need it")
        for name in order:
            self._add(scope, scope.nodes[name], block)
        return [scope.value(reference, reference.node) for reference in wanted]

    def _add(self, scope: Scope, node: Any, block: Block) -> None:
        place = scope.place(node.name)
        self.count += 1
        if self.count > MOST_NODES:
            raise CompileError(f"the model has more than {MOST_NODES} nodes", place, _AGAIN)
        if node.op in ("Placeholder", "PlaceholderV2"):
            reason = f"the outputs need the placeholder '{node.name}', which is not among the inputs"
            raise CompileError(reason, place, f"add it: --inputs ...,{node.name}")
        operands = [scope.value(reference, node.name) for reference in scope.inputs(node)]
        callee = node.attr["f"].func.name if node.op in CALLS else node.op
        if callee in self.functions:
            results = self._call(self.functions[callee], node.name, operands, scope, block)
        elif node.op in CALLS:
            raise CompileError(f"'{node.name}' calls '{callee}', which the file does not hold", place, _AGAIN)
        else:
            scope.made[node.name] = op = self._operation(node, operands, place, scope)
            block.append(op)
            results = list(op.results)
        for index, value in enumerate(results):
            if isinstance(value, OpResult) and value.name is None:
                value.name = f"{scope.prefix}{node.name}:{index}" if index else f"{scope.prefix}{node.name}"
        scope.results[node.name] = results

    # Functions

    def _call(self, function: Any, caller: str, operands: Sequence[Value], around: Scope, block: Block) -> list[Value]:
        """The nodes of a function, imported in the place of a call; gives what it returns. Raises CompileError."""
        place = around.place(caller)
        arguments = [port.name for port in function.signature.input_arg]
        if any(p.number_attr or p.type_list_attr for p in function.signature.input_arg) or len(arguments) != len(
            operands
        ):
            reason = f"'{caller}' gives {len(operands)} values to '{function.signature.name}', which takes others"
            raise CompileError(reason, place, _AGAIN)
        if self.depth > MOST_DEPTH:
            raise CompileError(f"'{caller}' is a call inside more than {MOST_DEPTH} others", place, _AGAIN)
        given = {Reference(name): value for name, value in zip(arguments, operands, strict=True)}
        prefix = f"{around.prefix}{caller}/"
        nodes = {node.name: node for node in function.node_def}
        scope = Scope(nodes, around.location, prefix, given, is_function=True)
        self.depth += 1
        try:
            wanted = [scope.refer(function.ret[port.name]) for port in function.signature.output_arg]
            return self.fill(scope, wanted, block)
        finally:
            self.depth -= 1

    def _region(self, name: str, caller: Any, types: Sequence[Type], around: Scope) -> Region:
        """A function as the region of an operation that has values of these types to give to it."""
        if name not in self.functions:
            reason = f"'{caller.name}' needs the function '{name}', which the file does not hold"
            raise CompileError(reason, around.place(caller.name), _AGAIN)
        function = self.functions[name]
        block = Block.of(types, [port.name for port in function.signature.input_arg])
        results = self._call(function, f"{caller.name}/{name}", block.args, around, block)
        block.append(Yield(results, location=around.place(caller.name)))
        return Region.of(block)

    # Operations

    def _operation(self, node: Any, operands: Sequence[Value], place: Location, scope: Scope) -> TfOp:
        """The operation of a node. Raises CompileError where the node does not fit its operator."""
        found: dict[str, Attribute] = {}
        kinds: dict[str, str] = {}
        for key in sorted(node.attr):
            if key.startswith("_"):
                continue  # hints for TensorFlow's own runtime
            try:
                kinds[key], found[key] = attribute_value(node.attr[key], self.read, scope.prefix + node.name)
            except ValueError as error:
                reason = f"the attribute '{key}' of '{node.name}' cannot be read: {error}"
                raise CompileError(reason, place, _AGAIN) from error
        definition = NODE_OPS.get(node.op)
        if definition is None:
            return _custom(node, operands, found, kinds, place)
        regions = [
            self._region(function, node, [v.type for v in _taken(node.op, operands)], scope)
            for attribute in definition.region_attributes
            for function in _names(found.pop(attribute, ()))
        ]
        op = definition(operands, result_types=[], regions=regions, location=place)
        _set_attributes(op, found, node.name)
        try:
            op.results += [OpResult(type, op, i) for i, type in enumerate(op.inferred_types())]
            op.verify()
        except VerifyError as error:
            raise CompileError(
                f"{node.op} '{node.name}' {error.args[0].partition(' op ')[2]}", place, _AGAIN
            ) from error
        _refine(op, node)
        return op


def _set_attributes(op: TfOp, found: dict[str, Attribute], name: str) -> None:
    """Set the attributes of an operation that neither its operands nor the defaults of the operator say."""
    assert op.definition is not None
    types = {port.type for port in op.definition.inputs if not port.is_typed_list}
    for key, value in found.items():
        spec = op.definition.attributes.get(key)
        if spec is None or (op.op_type == "Const" and key == "dtype"):
            continue  # of a newer release, which must not set what changes the meaning for older ones
        is_default = spec.default is not None and attribute_key(spec.default) == attribute_key(value)
        if not is_default and not (key in types and op.get(key) == value):
            op.set_attribute(key, value)
    op.set_attribute(NODE_NAME, name)


def _custom(
    node: Any, operands: Sequence[Value], found: dict[str, Attribute], kinds: dict[str, str], place: Location
) -> CustomOp:
    """The operation of an operator that is not in the table: of one result, unless its shapes say that it has more."""
    name = op_name(node.op)
    extra: dict[str, Attribute] = {NODE_NAME: node.name, KINDS: {k: v for k, v in kinds.items() if v}}
    if name != f"tf.{node.op}":
        extra[OP_TYPE] = node.op
    types = [UnknownType() for _ in range(max(len(node.attr[_SHAPES].list.shape), 1))] if _SHAPES in node.attr else None
    return CustomOp(name, operands, types or [UnknownType()], {**found, **extra}, location=place)


def _refine(op: TfOp, node: Any) -> None:
    """Let the results have the shapes that the file declares, too."""
    if _SHAPES in node.attr:
        for value, shape in zip(op.results, node.attr[_SHAPES].list.shape, strict=False):
            if isinstance(value.type, TensorType):
                value.type = merge_types(value.type, value.type.with_shape(shape_of(shape))) or value.type


def shape_of(message: Any) -> Shape | None:
    """The shape in a message; None where not even the rank is known."""
    return None if message.unknown_rank else tuple(int(d.size) if d.size >= 0 else None for d in message.dim)


def _names(value: Attribute) -> list[str]:
    """The functions that an attribute names, one or a list of them."""
    return [function.name for function in (value if isinstance(value, tuple) else (value,))]


def _taken(op: str, operands: Sequence[Value]) -> Sequence[Value]:
    """What an operation hands to its regions: all, but for the condition or the number of a branch."""
    return operands if op.endswith("While") else operands[1:]
