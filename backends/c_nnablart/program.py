"""From a network in the nnb dialect to the tables of a program: variables, their places, functions and their links."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

import attrs

from ...ir import Attribute, CompileError, Diagnostics, Function, Module, Return, Value
from ...ir.dialects import nnb
from ...ir.types import F32
from ..c_text import literal

_SNAKE = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "CReLU": "crelu", "PReLU": "prelu"}
"""Names in the runtime that do not follow from the words of NNabla's."""


@attrs.frozen
class Variable:
    """A variable: where it lies in the memory, counted in floats, or which parameter it is."""

    shape: tuple[int, ...]
    offset: int = 0
    parameter: int | None = None


@attrs.frozen
class Call:
    """A function: its name in the runtime, the numbers of its variables, and its arguments as assignments in C."""

    snake: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    arguments: tuple[str, ...]


@attrs.frozen
class Program:
    """All that the texts are made of."""

    name: str
    variables: tuple[Variable, ...]
    parameters: tuple[nnb.StoredOp, ...]
    parameter_numbers: tuple[int, ...]
    """The variable of every parameter."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    calls: tuple[Call, ...]
    lists: tuple[tuple[int, ...], ...]
    """The lists of numbers that shapes and arguments are made of, each once."""
    memory: int
    """How many floats all buffers take together."""

    @property
    def prefix(self) -> str:
        """What the names of the interface begin with."""
        return f"nnablart_{self.name.lower()}"

    def size(self, variable: int) -> int:
        """The number of elements of a variable."""
        count = 1
        for dim in self.variables[variable].shape:
            count *= dim
        return count

    def parameter_size(self, index: int) -> int:
        """The number of elements that are stored of a parameter."""
        return self.parameters[index].value.type.size


def file_word(name: str) -> str:
    """The name of a network as a part of names in C and of files."""
    word = re.sub(r"\W", "_", name, flags=re.ASCII) or "network"
    return f"_{word}" if word[0].isdigit() else word


def snake_case(kind: str) -> str:
    """The name of a function in the runtime: ``batch_matmul``."""
    if kind in _SNAKE:
        return _SNAKE[kind]
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", kind))
    return words.lower()


def build_program(module: Module, name: str) -> Program:
    """The program of the main function, whose buffers are planned.

    Raises CompileError for functions that the runtime has no code for, for elements other than float32, and for values
    without a buffer of their own.
    """
    _check(module)
    return _Builder(module, name).program()


def _check(module: Module) -> None:
    function = module.main
    diagnostics = Diagnostics()
    sizes = module.attributes.get(nnb.BUFFER_SIZES)
    if not isinstance(sizes, tuple):
        raise CompileError("the buffers are not planned", function.location, "run plan-memory before")
    for op in function.body:
        if not isinstance(op, nnb.NnbFunction | nnb.StoredOp | Return):
            diagnostics.error(f"'{op.name}' is no function of the runtime", op.location, "run lower-to-nnb before")
        elif isinstance(op, nnb.NnbFunction) and not op.nnb_type.is_implemented:
            what = f"nnabla-c-runtime has no code for {op.function_type.name}"
            diagnostics.error(what, op.location, "express it by functions that the runtime has")
    for value in _values(function):
        if value.tensor.element != F32:
            owner = value.defining_op or function
            what = f"{value.name or 'a value'} has elements of type {value.tensor.element}, C source has float32 alone"
            diagnostics.error(what, owner.location, "write an NNB file, or leave it in float32")
    diagnostics.raise_if_errors()
    for op, fault in nnb.buffer_faults(function, sizes):
        diagnostics.error(f"'{op.name}' op {fault}", op.location, "run plan-memory again")
    diagnostics.raise_if_errors()


def _values(function: Function) -> Iterable[Value]:
    return (*function.inputs, *(r for op in function.body for r in op.results))


class _Builder:
    def __init__(self, module: Module, name: str) -> None:
        self.module, self.function, self.name = module, module.main, name
        sizes = [-(-size // 4) for size in module.attributes[nnb.BUFFER_SIZES]]
        self.offsets = [0, *itertools.accumulate(sizes)]
        self.numbers: dict[Value, int] = {}
        self.variables: list[Variable] = []
        self.parameters: list[nnb.StoredOp] = []
        self.lists: dict[tuple[int, ...], int] = {}

    def program(self) -> Program:
        functions = [op for op in self.function.body if isinstance(op, nnb.NnbFunction)]
        for value, buffer in zip(self.function.inputs, nnb.input_buffers(self.function), strict=True):
            self._number(value, buffer)
        for op in functions:
            for operand in op.operands:
                if operand is not None:
                    self._number(operand)
            for result, buffer in zip(op.results, op.buffers, strict=True):
                self._number(result, buffer)
        for output in self.function.outputs:
            self._number(output)
        calls = tuple(self._call(op) for op in functions)
        for variable in self.variables:
            self.list_name(variable.shape)
        return Program(
            self.name,
            tuple(self.variables),
            tuple(self.parameters),
            tuple(i for i, v in enumerate(self.variables) if v.parameter is not None),
            tuple(self.numbers[v] for v in self.function.inputs),
            tuple(self.numbers[v] for v in self.function.outputs),
            calls,
            tuple(self.lists),
            self.offsets[-1],
        )

    def _number(self, value: Value, buffer: int = 0) -> None:
        if value in self.numbers:
            return
        self.numbers[value] = len(self.variables)
        shape = value.tensor.static_shape
        parameter = value.defining_op
        if isinstance(parameter, nnb.StoredOp):
            self.variables.append(Variable(shape, parameter=len(self.parameters)))
            self.parameters.append(parameter)
        else:
            self.variables.append(Variable(shape, self.offsets[buffer]))

    def list_name(self, numbers: Sequence[int]) -> str:
        """The array that holds the numbers."""
        return list_name(self.lists.setdefault(tuple(numbers), len(self.lists)))

    def _call(self, op: nnb.NnbFunction) -> Call:
        snake = snake_case(op.function_type.name)
        arguments = []
        for argument in op.nnb_type.arguments:
            arguments += self._assignments(snake, argument, getattr(op, argument.name))
        inputs = tuple(self.numbers[v] for v in op.operands if v is not None)
        return Call(snake, inputs, tuple(self.numbers[v] for v in op.results), tuple(arguments))

    def _assignments(self, snake: str, argument: nnb.Argument, value: Attribute) -> list[str]:
        name = argument.name
        if argument.code == "I":
            return [f"{name}.size = {len(value)};", f"{name}.data = {self.list_name(value)};"]
        if argument.code == "s":
            return [f"{name} = {f'{snake}_{name}_{value}'.upper()};"]
        return [f"{name} = {literal(value, 'float' if argument.code == 'f' else 'int')};"]


def list_name(index: int) -> str:
    """The name of an array of numbers."""
    return f"ints_{index}"
