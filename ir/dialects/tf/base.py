"""What the operations of the tf dialect have in common: names, attributes, and the types that follow from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ...attributes import Attribute, DenseAttribute, SymbolRef
from ...core import BlockArgument, Operation, Region, UnregisteredOp, Value
from ...location import UNKNOWN, Location
from ...opdef import Op, variadic, variadic_results
from ...syntax import OPERATION_NAME
from ...types import ElementType, TensorType, Type
from .elements import TypeAttribute, tensor_of
from .table import OpDefinition, Port

NODE_NAME = "node_name"
"""Of an operation: the name of its node. No operator has an attribute of this name."""
PRODUCER = "tf.producer"
"""Of a module: the version of graphs that the file's writer made; TensorFlow's own is 2,000 and more today."""
OP_TYPE = "tf.op_type"
"""What an operator is called, where the operation's name cannot say it."""
KINDS = "tf.kinds"
"""By attribute: the kind, of an operator that is not in the table."""
UNRANKED = "unranked"
"""An attribute that is a shape of any rank. Others are tuples; a dimension that is not known is -1."""

_TAKEN = frozenset({"tf.yield"})


def op_name(op_type: str) -> str:
    """The name in the dialect of an operator: ``tf.Conv2D``. Characters that no name may have become underscores."""
    name = f"tf.{op_type}"
    if OPERATION_NAME.fullmatch(name) and "." not in op_type and name not in _TAKEN:
        return name
    return f"tf._{''.join(c if c.isascii() and c.isalnum() else '_' for c in op_type)}"


class TfOp(Op):
    """Base of the operations that stand for nodes of a graph."""

    op_type: ClassVar[str] = ""
    definition: ClassVar[OpDefinition | None] = None
    region_attributes: ClassVar[tuple[str, ...]] = ()
    """The attributes that are functions and are regions here, in their order."""

    inputs = variadic("the inputs of the node")
    outputs = variadic_results("the outputs: named as the node, and node:k from the second on")

    @property
    def node_name(self) -> str:
        """The name of the node; empty where it has none."""
        return str(self.attributes.get(NODE_NAME, ""))

    def get(self, name: str) -> Any:
        """An attribute; else what the operands say of it, else the operator's default, else None."""
        if name in self.attributes:
            return self.attributes[name]
        if self.definition is None or name not in self.definition.attributes:
            return None
        implied = self._implied(name)
        return self.definition.attributes[name].default if implied is None else implied

    def _implied(self, name: str) -> Attribute:
        """A type or a number of tensors, from the operands; None where they do not say it."""
        assert self.definition is not None
        for port, values in self.input_groups():
            if port.number == name:
                return len(values)
            if port.type == name and port.is_typed_list:
                types = tuple(element_type(v) for v in values)
                return None if None in types else types
            if port.type == name:
                return next((e for v in values if (e := element_type(v)) is not None), None)
        return None

    def input_groups(self) -> Iterator[tuple[Port, Sequence[Value]]]:
        """The ports of the operator with the operands of each.

        A list whose length no attribute says takes what the ports around it leave; of two such lists, the first does.
        """
        assert self.definition is not None
        ports = self.definition.inputs
        values = [v for v in self._operands if v is not None]
        for index, port in enumerate(ports):
            count = self._length(port)
            if count is None:
                later = [self._length(p) for p in ports[index + 1 :]]
                count = max(len(values) - sum(n or 0 for n in later), 0)
            yield port, values[:count]
            values = values[count:]

    def _length(self, port: Port) -> int | None:
        if port.is_typed_list:
            types = self.attributes.get(port.type)
            return None if types is None else len(types)
        if port.number is None:
            return 1
        number = self.attributes.get(port.number)
        return None if number is None else int(number)

    def infer(self) -> Sequence[Type]:
        """The types of the results, without shapes: what the table and the attributes say of the elements."""
        return [tensor_of(element) for element in self.result_elements()]

    def result_elements(self) -> Sequence[TypeAttribute | None]:
        """The element types of the results, as far as the table and the attributes say them."""
        assert self.definition is not None
        found: list[TypeAttribute | None] = []
        for port in self.definition.outputs:
            if port.is_typed_list:
                found += self.get(port.type) or ()
            else:
                element = self.get(port.type) if port.type in self.definition.attributes else _named(port.type)
                found += [element] * self.output_count(port)
        return found

    def output_count(self, port: Port) -> int:
        """How many results a port of the outputs is."""
        if port.is_typed_list:
            return len(self.get(port.type) or ())
        return 1 if port.number is None else int(self.get(port.number) or 0)

    def verify_op(self) -> None:
        for region in self.regions:
            if len(region.blocks) != 1 or region.block.last_op is None or region.block.last_op.name != "tf.yield":
                raise self.error("expected each of its regions to be a block that ends in 'tf.yield'")
        if self.definition is None:
            return
        if None in self.operands:
            raise self.error(f"expected operand #{self.operands.index(None)}")
        self._verify_operands(self.definition)
        implied = self.definition.implied
        for name, spec in self.definition.attributes.items():
            value = self.attributes.get(name)
            if value is not None and not is_kind(value, spec.kind):
                raise self.error(f"expected attribute '{name}' to be of kind {spec.kind}, got {value!r}")
            if value is None and spec.default is None and name not in implied and name not in self.region_attributes:
                raise self.error(f"expected attribute '{name}' of kind {spec.kind}")

    def _verify_operands(self, definition: OpDefinition) -> None:
        given, lengths = len(self._operands), [self._length(port) for port in definition.inputs]
        least = sum(n or 0 for n in lengths)
        if given < least or (given > least and None not in lengths):
            raise self.error(f"expected {least}{' or more' if None in lengths else ''} operands, got {given}")


class CustomOp(UnregisteredOp, TfOp, takes_any="tf"):
    """A node of an operator that is not in the table: it can be read, moved, written, and lifted by who knows it."""

    def __init__(
        self,
        name: str,
        operands: Sequence[Value | None] = (),
        result_types: Sequence[Type] = (),
        attributes: Mapping[str, Attribute] | None = None,
        regions: Sequence[Region] = (),
        location: Location = UNKNOWN,
    ) -> None:
        Operation.__init__(self, operands, result_types, attributes, regions, location)
        self.name = name

    infer = Op.infer  # type: ignore[assignment]  # nobody knows

    @property
    def op_type(self) -> str:  # type: ignore[override]  # of each operation, not of the class
        return str(self.attributes.get(OP_TYPE) or self.name.partition(".")[2])


def element_type(value: Value) -> TypeAttribute | None:
    """The element type of a value, which a handle has too, such as a list's ("variant"); None where nothing says it."""
    if isinstance(value.type, TensorType):
        return value.type.storage
    op = value.defining_op
    if isinstance(value, BlockArgument):
        op = value.block.parent_op
        if not isinstance(op, TfOp) or op.definition is None:
            return None
        types = op.get(op.definition.inputs[-1].type) or ()
        return types[value.index] if value.index < len(types) else None
    if not isinstance(op, TfOp) or op.definition is None:
        return None
    return op.result_elements()[op.results.index(value)]  # type: ignore[arg-type]  # it is one of its results


def _named(name: str) -> TypeAttribute:
    from ...types import ELEMENT_TYPES

    return ELEMENT_TYPES.get(name, name)


def is_kind(value: Attribute, kind: str) -> bool:
    """Whether an attribute has a value of its kind."""
    if kind.endswith("s"):
        return isinstance(value, tuple) and all(is_kind(v, kind[:-1]) for v in value)
    if kind == "shape":
        return value == UNRANKED or (isinstance(value, tuple) and all(type(d) is int for d in value))
    if kind == "type":
        return isinstance(value, ElementType | str)
    types = {"string": str, "int": int, "float": float, "bool": bool, "tensor": DenseAttribute, "func": SymbolRef}
    return isinstance(value, types[kind]) and (kind != "int" or not isinstance(value, bool))
