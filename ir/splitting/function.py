"""The graph of a model that is a function: ONNX, nn, and every dialect but nnp."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..core import Operation, OpResult, Value
from ..module import Function, Module
from ..names import Names
from ..opdef import Trait, registered_ops
from ..regions import captured_values
from ..types import Array, Type
from .graph import Cut, Graph


class FunctionGraph(Graph):
    """The main function; the operations of its block that depend on its inputs, or on chance, are the functions."""

    def __init__(self, module: Module) -> None:
        self.module, self.main = module, module.main
        constant = _constant_operations(self.main)
        functions = (op for op in self.main.body if op not in constant and Trait.TERMINATOR not in op.traits)
        super().__init__(functions, self.main.inputs, self.main.outputs)
        self._position = {op: i for i, op in enumerate(self.main.body)}
        self._names = self._name_all()

    def name(self, value: Value) -> str:
        return self._names[value]

    def label(self, function: Operation) -> str:
        return str(function.attributes.get("node_name", ""))

    def known_kinds(self) -> Iterable[str]:
        dialects = {f.name.partition(".")[0] for f in self.functions}
        return (op.name.partition(".")[2] for dialect in dialects for op in registered_ops(dialect))

    def extract(self, cut: Cut) -> Module:
        made = Module(self.module.location, **self.module.attributes)
        named = [(self.name(v), v.type) for v in cut.inputs]
        function, block = Function.create(self.main.sym_name, named, self.main.location)
        made.body.append(function)
        copies: dict[Value, Value] = dict(zip(cut.inputs, block.args, strict=True))
        for op in self._with_constants(cut):
            block.append(op.clone(copies))
        function.set_outputs([(self.name(v), copies[v]) for v in cut.outputs])
        self._copy_ports(function, "arg", cut.inputs, self.main.inputs)
        self._copy_ports(function, "res", cut.outputs, self.main.outputs)
        made.resources = dict(self.module.resources)
        made.drop_unused_resources()
        return made

    def settle(self, types: Mapping[Value, Type], constants: Mapping[Value, Array]) -> None:
        """Note what is known of values: their types, and what turned out to be constant. Numbers stay as they are."""
        for value, type in types.items():
            value.type = type
        for value, array in constants.items():
            constant = self._constant(value, array)
            for user, index in value.uses:
                if user is not self.main.terminator:
                    user.set_operand(index, constant)
        self._needed = self._makers(self.outputs)

    def _constant(self, value: Value, array: Array) -> Value:
        maker = value.defining_op
        assert maker is not None
        dialect = maker.name.partition(".")[0]
        kind = next(op for op in registered_ops(dialect) if Trait.CONSTANT in op.traits)
        dense = self.module.constant(array, self.name(value))
        constant = kind(value=dense, location=maker.location)
        self.main.body.insert_before(maker, constant)
        constant.result.name = self.name(value)
        self._position[constant] = self._position[maker]
        return constant.result

    def _with_constants(self, cut: Cut) -> list[Operation]:
        """The functions of a cut and the constants that they need, in the order of the block."""
        found = dict.fromkeys(cut.functions)
        waiting = list(cut.functions)
        while waiting:
            for value in self.ports(waiting.pop()):
                maker = value.defining_op
                if maker is not None and maker not in found and not self.flows(value):
                    found[maker] = None
                    waiting.append(maker)
        return sorted(found, key=self._position.__getitem__)

    def _copy_ports(self, function: Function, side: str, values: Sequence[Value], ports: Sequence[Value]) -> None:
        """Keep what else the source says of ports that parts share with it."""
        described = self.main.attributes.get(f"{side}_attrs", ())
        for index, value in enumerate(values):
            stated = described[ports.index(value)] if described and value in ports else {}
            for key, attribute in stated.items():
                function.set_port_attribute(side, index, key, attribute)

    def _name_all(self) -> dict[Value, str]:
        """A name for each value; that of the port where it is one."""
        names = Names()
        found: dict[Value, str] = {}
        for side in (
            zip(self.main.inputs, self.main.input_names, strict=True),
            zip(self.main.outputs, self.main.output_names, strict=True),
        ):
            for value, name in side:
                if value not in found:
                    found[value] = names.free(name)
        made: list[OpResult] = [r for op in self.main.body for r in op.results if r not in found]
        for result in made:
            number = self._number.get(result.op, self._position[result.op])
            found[result] = names.free(result.name or f"{self.kind(result.op)}_{number}")
        return found


def _constant_operations(function: Function) -> set[Operation]:
    """The operations that compute the same thing every time."""
    found: set[Operation] = set()
    for op in function.body:
        taken = (v for v in (*op.operands, *captured_values(op)) if v is not None)
        if {Trait.PURE, Trait.CONSTANT} & op.traits and all(v.defining_op in found for v in taken):
            found.add(op)
    return found
