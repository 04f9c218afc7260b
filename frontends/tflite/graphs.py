"""From a subgraph of a file to a block of operations in the tfl dialect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np

from ...ir import Block, Diagnostics, Location, NnccError, Region, TensorType, Value
from ...ir.attributes import as_dense
from ...ir.dialects.tfl.base import INTERMEDIATES, MUTATED, VERSION, TFLOp
from ...ir.dialects.tfl.constant import PseudoConst
from ...ir.dialects.tfl.control import Yield
from ...ir.dialects.tfl.opaque import OpaqueOp, Variable
from ...ir.opdef import lookup_op
from ...ir.types import I32
from . import schema
from .flatbuffer import Malformed, Table
from .options import attributes_of, read_options
from .tensors import Tensor, TensorReader

MOST_PROBLEMS = 20
REMEDY = "export the model again"
_MOST_NESTED = 64
_GROWTH = 16
"""A subgraph that several operators use is read for each: a model may grow to so many times its size by that."""


@attrs.frozen
class Code:
    """What an operator code stands for: the name of a builtin operator, for CUSTOM also that of the custom one."""

    builtin: str
    custom: str
    version: int


@attrs.frozen
class Port:
    """An input or output of a subgraph: its tensor's number and name, and its value."""

    number: int
    name: str
    value: Value


@attrs.frozen
class Graph:
    """A subgraph that was read; its block has no terminator yet."""

    name: str
    block: Block
    inputs: list[Port]
    outputs: list[Port]


class GraphImporter:
    """Makes blocks of subgraphs. What is wrong goes to ``problems``, and what was made is worth nothing then."""

    def __init__(
        self, file: str, graphs: Sequence[Table], codes: Sequence[Code], tensors: TensorReader, problems: Diagnostics
    ) -> None:
        self.file, self.graphs, self.codes, self.tensors, self.problems = file, graphs, codes, tensors, problems
        self.used: set[int] = set()
        """The subgraphs that operators use."""
        self._open: list[int] = []
        self._left = 1000 + _GROWTH * sum(len(_numbers(g, "operators", "<u4")) for g in graphs)

    def read(self, number: int) -> Graph:
        """A subgraph by its number. Raises ValueError where it uses itself, and Malformed."""
        if not 0 <= number < len(self.graphs):
            raise ValueError(f"there is no subgraph {number}, only {len(self.graphs)}")
        if number in self._open or len(self._open) >= _MOST_NESTED:
            raise ValueError(f"subgraph {number} uses itself")
        self._open.append(number)
        try:
            return _Reading(self, self.graphs[number], f"subgraph {number}").run()
        finally:
            self._open.pop()

    def count(self) -> None:
        """Count an operator. Raises Malformed where subgraphs that use each other make too many."""
        self._left -= 1
        if self._left < 0:
            raise Malformed("its subgraphs use each other more often than those of any model")


def _numbers(table: Table, field: str, dtype: str = "<i4") -> list[int]:
    found = table.vector(field, dtype)
    return [] if found is None else found.tolist()


class _Reading:
    """One subgraph on its way to a block."""

    def __init__(self, importer: GraphImporter, table: Table, fallback: str) -> None:
        self.importer, self.table = importer, table
        self.name = table.text("name") or fallback
        self.place = Location.at(importer.file, self.name)
        self.block = Block()
        self.tensors: list[Tensor | None] = []
        self.values: dict[int, Value] = {}

    def run(self) -> Graph:
        for number, table in enumerate(self.table.tables("tensors", schema.TENSOR)):
            self.tensors.append(self._tensor(number, table))
        inputs = [self._input(n) for n in self._listed("inputs") if self.tensors[n] is not None]
        for number, table in enumerate(self.table.tables("operators", schema.OPERATOR)):
            if len(self.importer.problems.errors) >= MOST_PROBLEMS:
                break
            self.importer.count()
            try:
                self._operator(number, table)
            except ValueError as error:
                place = Location.at(self.importer.file, self.name, "", number)
                self._error(f"the operator cannot be read: {error}", place)
        outputs = []
        for number in self._listed("outputs"):
            value = self._value(number)
            if value is None:
                self._error(f"nothing computes the output '{self._name(number)}'", self.place)
            else:
                outputs.append(Port(number, self._name(number), value))
        return Graph(self.name, self.block, inputs, outputs)

    def _error(self, message: str, place: Location, remedy: str = REMEDY) -> None:
        self.importer.problems.error(message, place, remedy)

    def _tensor(self, number: int, table: Table) -> Tensor | None:
        try:
            return self.importer.tensors.read(table)
        except ValueError as error:
            self._error(f"the tensor '{table.text('name') or number}' cannot be read: {error}", self.place)
            return None

    def _listed(self, field: str) -> list[int]:
        """The numbers of the subgraph's inputs or outputs that are tensors of it."""
        found = _numbers(self.table, field)
        for number in found:
            if not 0 <= number < len(self.tensors):
                self._error(f"its {field} name tensor {number} of {len(self.tensors)}", self.place)
        return [n for n in found if 0 <= n < len(self.tensors)]

    def _name(self, number: int) -> str:
        tensor = self.tensors[number]
        return tensor.name if tensor is not None else ""

    def _input(self, number: int) -> Port:
        tensor = self.tensors[number]
        assert tensor is not None
        if number in self.values:
            self._error(f"the input '{tensor.name}' is listed twice", self.place)
        value = self.block.add_argument(tensor.type, tensor.name or None)
        self.values[number] = value
        return Port(number, tensor.name, value)

    def _value(self, number: int) -> Value | None:
        """The value of a tensor: computed before, a constant, or a variable; None where it is nothing of that."""
        if number in self.values:
            return self.values[number]
        tensor = self.tensors[number]
        if tensor is None or (tensor.content is None and not tensor.is_variable):
            return None
        op: TFLOp
        if tensor.content is not None:
            op = PseudoConst(value=tensor.content, result_types=[tensor.type], location=self.place)
        else:
            op = Variable(result_types=[tensor.type], location=self.place)
        self.values[number] = self.block.append(op).results[0]
        self.values[number].name = tensor.name or None
        return self.values[number]

    def _operator(self, number: int, table: Table) -> None:
        index = table.number("opcode_index", "I")
        if index >= len(self.importer.codes):
            raise ValueError(f"it has operator code {index} of {len(self.importer.codes)}")
        code = self.importer.codes[index]
        outputs = self._outputs(table)
        name = (self._name(outputs[0]) if outputs else "") or code.builtin
        place = Location.at(self.importer.file, self.name, name, number)
        operands = self._operands(table, code, place)
        if operands is None or any(self.tensors[n] is None for n in outputs):
            self._give_up(outputs)
        elif code.builtin == "DENSIFY" and len(operands) == len(outputs) == 1 and operands[0] is not None:
            self.values[outputs[0]] = operands[0]  # sparse constants are dense already
        else:
            self._make(table, code, operands, outputs, place)

    def _outputs(self, table: Table) -> list[int]:
        outputs = _numbers(table, "outputs")
        for number in outputs:
            if not 0 <= number < len(self.tensors):
                raise ValueError(f"it computes tensor {number} of {len(self.tensors)}")
            if number in self.values:
                raise ValueError(f"it computes '{self._name(number)}', which is computed before, an input or constant")
        if len(set(outputs)) != len(outputs):
            raise ValueError("it computes a tensor twice")
        return outputs

    def _give_up(self, outputs: Iterable[int]) -> None:
        """Have operators that need these tensors not reported: why they are not there is known."""
        for number in outputs:
            self.tensors[number] = None

    def _operands(self, table: Table, code: Code, place: Location) -> list[Value | None] | None:
        """The operands; None where one is missing for a reason that was reported."""
        operands: list[Value | None] = []
        for number in _numbers(table, "inputs"):
            if number == -1:
                operands.append(None)
                continue
            if not 0 <= number < len(self.tensors):
                raise ValueError(f"it takes tensor {number} of {len(self.tensors)}")
            if self.tensors[number] is None:
                return None
            value = self._value(number)
            if value is None:
                message = f"{code.custom or code.builtin} takes '{self._name(number)}', which nothing computes before"
                self._error(message, place)
                return None
            operands.append(value)
        return operands

    def _make(
        self, table: Table, code: Code, operands: list[Value | None], outputs: list[int], place: Location
    ) -> None:
        options, fields = read_options(table)
        name = f"tfl.{code.builtin.lower()}"
        definition: Any = lookup_op(name)
        attributes = attributes_of(definition or OpaqueOp, options, fields) | self._extras(table, code)
        if code.builtin == "RESHAPE" and len(operands) == 1:
            operands.append(self._shape(fields.get("new_shape") or (), place))
        tensors = [self.tensors[n] for n in outputs]
        types = [t.type for t in tensors if t is not None]
        op: Any
        if definition is None:
            op = OpaqueOp(name, operands, types, attributes, location=place)
        else:
            regions = [self._region(fields.get(f"{r.name}_index"), place) for r in definition.region_fields]
            op = definition(*operands, result_types=types, regions=regions, location=place, **attributes)
        self.block.append(op)
        for number, result in zip(outputs, op.results, strict=True):
            result.name = self._name(number) or None
            self.values[number] = result
        self._check(op, code)

    def _check(self, op: TFLOp, code: Code) -> None:
        """Let the operation be one that its definition allows, and of the version that the file says."""
        try:
            op.verify()
            if code.version != op.version():
                op.set_attribute(VERSION, code.version)
        except NnccError as error:
            for found in error.diagnostics:
                self._error(found.message, found.location, found.remedy or REMEDY)
        except (AttributeError, LookupError, TypeError, ValueError):
            op.set_attribute(VERSION, code.version)  # which version it needs depends on types that are not known

    def _extras(self, table: Table, code: Code) -> dict[str, Any]:
        """What an operator has beside operands and builtin options."""
        found: dict[str, Any] = {}
        if code.builtin == "CUSTOM":
            found["custom_code"] = code.custom
            content = table.vector("custom_options", "u1")
            if content is not None and len(content):
                found["custom_options"] = as_dense(content.copy())
        types = []
        for number in _numbers(table, "intermediates"):
            tensor = self.tensors[number] if 0 <= number < len(self.tensors) else None
            if tensor is None:
                raise ValueError(f"it works with tensor {number} of {len(self.tensors)}")
            types.append(tensor.type)
        if types:
            found[INTERMEDIATES] = tuple(types)
        mutated = table.vector("mutating_variable_inputs", "u1")
        if mutated is not None and mutated.any():
            found[MUTATED] = tuple(bool(m) for m in mutated)
        return found

    def _shape(self, shape: Sequence[int], place: Location) -> Value:
        """The operand that a reshape of the oldest form has as an option."""
        dense = as_dense(np.array(shape, np.int32), TensorType((len(shape),), I32))
        return self.block.append(PseudoConst(value=dense, result_types=[dense.type], location=place)).results[0]

    def _region(self, number: int | None, place: Location) -> Region:
        if number is None:
            raise ValueError("it does not say its subgraphs")
        graph = self.importer.read(number)
        self.importer.used.add(number)
        graph.block.append(Yield([p.value for p in graph.outputs], location=place))
        return Region.of(graph.block)
