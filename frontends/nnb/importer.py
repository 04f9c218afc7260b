"""From the blocks of a file to a module in the nnb dialect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs

from ...ir import Attribute, CompileError, Diagnostics, Function, Location, Module, Value, as_dense
from ...ir.dialects import nnb, nnp
from ...ir.dialects.nnb.layout import ARGUMENTS, FUNCTION, UNREAD_WEIGHTS, record_layout
from ...ir.dialects.nnp.table import function_types
from ...ir.memory import byte_size
from .image import AGAIN, Image, ListRef
from .variables import Variable, data_loader, read_variables

MOST_ERRORS = 20
"""A file that is broken through and through is not listed to its end."""


def import_module(image: Image, diagnostics: Diagnostics) -> Module:
    """The network of a file. Raises CompileError for a file that cannot be read; other faults are reported."""
    importer = _Importer(image, diagnostics)
    module = importer.run()
    if not diagnostics.errors:
        image.check_overlaps()
    return module


class _Importer:
    def __init__(self, image: Image, diagnostics: Diagnostics) -> None:
        self.image, self.diagnostics = image, diagnostics
        self.module = Module(location=image.place)
        self.variables = read_variables(image)
        self.values: dict[int, Value] = {}
        self.sizes = self._buffer_sizes()

    def run(self) -> Module:
        inputs = self._ports(self.image.header.inputs, "input")
        outputs = self._ports(self.image.header.outputs, "output")
        self._check_inputs(inputs)
        ports = [(f"x{i}", variable.type) for i, variable in enumerate(inputs)]
        self.function, self.block = Function.create("main", ports, self.image.place)
        self.values |= {v.number: arg for v, arg in zip(inputs, self.block.args, strict=True)}
        for number, record in enumerate(self.image.ints(self.image.header.functions, "the list of functions")):
            if len(self.diagnostics.errors) >= MOST_ERRORS:
                break
            self._function(number, record)
        if self.diagnostics.errors:
            return self.module
        named = [(f"y{i}", self._value(v, "the network gives")) for i, v in enumerate(outputs)]
        self.function.set_outputs(named)
        self.module.body.append(self.function)
        self._set_attributes(inputs)
        return self.module

    def _set_attributes(self, inputs: Sequence[Variable]) -> None:
        self.module.set_attribute(nnb.VERSION, self.image.header.version)
        level = self.image.header.api_level
        functions = [op for op in self.block if isinstance(op, nnb.NnbFunction)]
        if nnb.has_all(level, functions):
            self.module.set_attribute(nnb.API_LEVEL, level)
        else:
            self.diagnostics.warning(
                f"the file states API level {level}, which is unknown or lacks some of its functions",
                self.image.place,
                "written again, it gets the lowest level that has all",
            )
        self.function.set_attribute(nnb.INPUT_BUFFERS, self._input_buffers(inputs))
        self.module.set_attribute(nnb.BUFFER_SIZES, self.sizes)
        for op, fault in nnb.buffer_faults(self.function, tuple(self.sizes)):
            self.diagnostics.error(f"'{op.name}' op {fault}", op.location, AGAIN)

    # Variables

    def _buffer_sizes(self) -> list[int]:
        """The sizes of the buffers in bytes."""
        sizes = self.image.ints(self.image.header.buffers, "the list of buffers")
        if min(sizes, default=0) < 0:
            self.image.fail(f"a buffer has the size {min(sizes)}")
        return [4 * size for size in sizes] if self.image.header.version == 2 else sizes

    def _variable(self, number: int, what: str) -> Variable:
        if not 0 <= number < len(self.variables):
            self.image.fail(f"{what} is variable {number}, but there are {len(self.variables)}")
        return self.variables[number]

    def _ports(self, ref: ListRef, kind: str) -> list[Variable]:
        return [self._variable(n, f"an {kind}") for n in self.image.ints(ref, f"the list of {kind}s")]

    def _check_inputs(self, inputs: Sequence[Variable]) -> None:
        for variable, count in Counter(inputs).items():
            if variable.is_parameter or count > 1:
                reason = "is a parameter" if variable.is_parameter else f"is an input {count} times"
                self.image.fail(f"the input {variable.name} {reason}")

    def _input_buffers(self, inputs: Sequence[Variable]) -> list[int]:
        """The buffers of the inputs.

        NNabla's converter gives those that nobody uses the first buffer, whatever lies there and however small it is:
        here they get one of their own.
        """
        buffers = [v.buffer for v in inputs]
        holders = Counter(buffers)
        sizes = dict(enumerate(self.sizes))
        for index, variable in enumerate(inputs):
            fits = holders[variable.buffer] == 1 and byte_size(variable.type) <= sizes.get(variable.buffer, 0)
            if not fits and not self.values[variable.number].has_uses:
                buffers[index] = len(self.sizes)
                self.sizes.append(byte_size(variable.type))
        return buffers

    def _value(self, variable: Variable, user: str) -> Value:
        """What a variable holds when it is used. Raises CompileError where nothing has filled it before."""
        if variable.number not in self.values:
            if not variable.is_parameter:
                self.image.fail(f"{user} {variable.name}, which no function before has made")
            self.values[variable.number] = self._parameter(variable)
        return self.values[variable.number]

    def _parameter(self, variable: Variable) -> Value:
        load = data_loader(self.image, variable)
        value = self.module.add_resource(variable.name, load, variable.type)
        return self._insert(nnb.Parameter(value=value, sign=variable.is_sign), variable)

    def _unread(self, variable: Variable) -> Value:
        """A parameter that may be stored with its first element only; as a whole where another function has used it."""
        if variable.number in self.values or not variable.is_parameter or not variable.type.size:
            return self._value(variable, "a function takes")
        first = attrs.evolve(variable, type=variable.type.with_shape((1,)))
        value = as_dense(data_loader(self.image, first)(), first.type)
        return self._insert(
            nnb.UnreadParameter(value=value, sign=variable.is_sign, result_types=[variable.type]), variable
        )

    def _insert(self, op: nnb.StoredOp, variable: Variable) -> Value:
        op.location = Location.at(str(self.image.place), name=variable.name, index=variable.number)
        self.block.append(op)
        op.output.name = variable.name
        return op.output

    # Functions

    def _function(self, number: int, record: int) -> None:
        what = f"function {number}"
        id, implement, *lists = self.image.unpack(record, FUNCTION, what)
        inputs, outputs = (self.image.ints(ListRef(*lists[i : i + 2]), f"a list of {what}") for i in (0, 2))
        kind, signature = nnb.signatures_by_id().get(id, (None, None))
        place = Location.at(str(self.image.place), name=kind.name if kind else f"id {id}", index=number)
        if kind is None or signature is None or signature.count is None:
            remedy = "save the network for a lower API level"
            self.diagnostics.error(f"no function is known under the id {id} with its arguments", place, remedy)
            return
        made = [self._variable(n, f"an output of {what}") for n in outputs]
        taken = [self._variable(n, f"an input of {what}") for n in inputs]
        try:
            arguments = self._arguments(kind.arguments[: signature.count], record, what)
            op = self._operation(kind.name, taken, made, arguments)
            op.implement = implement
            op.location = place
            op.verify()
        except CompileError as error:
            self.diagnostics.error(error.args[0], place, AGAIN)
        except ValueError as reason:
            self.diagnostics.error(str(reason), place, AGAIN)

    def _operation(
        self, kind: str, taken: Sequence[Variable], made: Sequence[Variable], arguments: dict[str, Attribute]
    ) -> nnb.NnbFunction:
        values = [
            self._unread(v) if kind in UNREAD_WEIGHTS and i == 1 else self._value(v, "it takes")
            for i, v in enumerate(taken)
        ]
        for variable in made:
            if variable.number in self.values or variable.is_parameter:
                raise ValueError(f"it makes {variable.name}, which is there before")
        operands = nnp.place_inputs(function_types()[kind], arguments, values)
        op = nnb.FUNCTION_OPS[kind](*operands, result_types=[v.type for v in made], **arguments)
        op.buffers = tuple(v.buffer for v in made)
        self.block.append(op)
        for variable, result in zip(made, op.results, strict=True):
            self.values[variable.number] = result
            result.name = variable.name
        return op

    def _arguments(self, arguments: Sequence[nnb.Argument], record: int, what: str) -> dict[str, Attribute]:
        offsets, size = record_layout(arguments)
        data = self.image.block(record, size, what)
        found: dict[str, Attribute] = {}
        for argument, offset in zip(arguments, offsets, strict=True):
            fields = ARGUMENTS[argument.code].unpack_from(data, offset)
            if argument.code == "I":
                found[argument.name] = tuple(self.image.ints(ListRef(*fields), f"'{argument.name}' of {what}"))
            elif argument.code == "s":
                if not 0 <= fields[0] < len(argument.choices):
                    raise ValueError(f"its '{argument.name}' is {fields[0]}; there are {len(argument.choices)} choices")
                found[argument.name] = argument.choices[fields[0]]
            else:
                found[argument.name] = bool(fields[0]) if argument.code == "B" else fields[0]
        return found
