"""The graph of a model that is a function: ONNX, nn, and every dialect but nnp."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..core import Operation, OpResult, Value
from ..module import Function, Module
from ..names import Names
from ..opdef import Trait, registered_ops
from .graph import Cut, Graph


class FunctionGraph(Graph):
    """The main function; every operation of its block but stored constants is a function of the model."""

    def __init__(self, module: Module) -> None:
        self.module, self.main = module, module.main
        block = self.main.body
        super().__init__(
            (op for op in block if not {Trait.CONSTANT, Trait.TERMINATOR} & op.traits),
            self.main.inputs,
            self.main.outputs,
        )
        self._position = {op: i for i, op in enumerate(block)}
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
            number = self._number.get(result.op, 0)
            found[result] = names.free(result.name or f"{self.kind(result.op)}_{number}")
        return found
