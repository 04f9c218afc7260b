"""From a planned module to the parts of a program: kernels, calls, constants, ports."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import attrs

from ...ir import Diagnostics, Function, Module, Operation, Return, Trait, Value
from ...ir.dialects.c import Constant, KernelOp
from ...ir.memory import byte_size
from ...ir.opdef import Variadic
from ...ir.types import TensorType
from ..c_text import C_TYPES, c_type, identifier
from .kernels.registry import KERNELS, QUANTIZED, is_quantized

RESERVED = frozenset({"arena", "stored_weights", "main", "size_t", "memcpy", "memmove", "memset"})

MOST_ELEMENTS = 2**31 - 1
"""How many elements a tensor has at most: kernels index them by int."""


@attrs.frozen
class Port:
    """An input or an output: its name in the model, a C identifier for it, its type, and where it lies."""

    name: str
    word: str
    type: TensorType
    offset: int

    @property
    def c_type(self) -> str:
        return c_type(self.type.storage)


@attrs.frozen
class Program:
    """The parts of a program in C."""

    name: str
    kernels: tuple[str, ...]
    """The source of each kernel."""
    calls: tuple[str, ...]
    """The calls of the kernels, in order."""
    constants: dict[str, Constant]
    """The constants by the identifiers of their arrays."""
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    arena_bytes: int
    weights_in_file: bool
    """Whether the weights come from a file that the program is given, not from arrays that it holds."""
    is_exact: bool
    """Whether all kernels compute with integers, which no compiler rounds in another way."""


def build_program(module: Module, name: str, weights_in_file: bool = False) -> Program:
    """The program for the main function, which ``plan-memory`` has laid out.

    Raises CompileError where an operation has no kernel, or a tensor elements that C does not have, or too many.
    """
    function = module.main
    _check(function)
    return _Builder(function, name, weights_in_file).program()


def _check(function: Function) -> None:
    diagnostics = Diagnostics()
    for op in function.body:
        if not isinstance(op, KernelOp | Constant | Return):
            diagnostics.error(f"'{op.name}' is no kernel", op.location, "run lower-to-c before")
            continue
        for value in (*op.operands, *op.results):
            if value is not None and value.tensor.storage.name not in C_TYPES:
                what = f"'{op.name}' has {value.tensor.storage} elements, which C does not have"
                diagnostics.error(what, op.location, "cast to f32 or i32 before")
            elif value is not None and value.tensor.size > MOST_ELEMENTS:
                what = f"'{op.name}' has {value.type}: kernels count in 32 bits, to {MOST_ELEMENTS:,} elements"
                diagnostics.error(what, op.location, "make the batch or the images smaller, or split the network")
        if isinstance(op, KernelOp) and op.name[2:] not in (QUANTIZED if is_quantized(op) else KERNELS):
            kind = "integers that stand for real numbers" if is_quantized(op) else "these elements"
            remedy = "leave it in float, or express it by other operations"
            diagnostics.error(f"'{op.name}' has no kernel for {kind}", op.location, remedy)
    if "arena_bytes" not in function.attributes:
        diagnostics.error("the memory of the function is not planned", function.location, "run plan-memory before")
    diagnostics.raise_if_errors()


class _Builder:
    def __init__(self, function: Function, name: str, weights_in_file: bool) -> None:
        self.function, self.name, self.weights_in_file = function, name, weights_in_file
        self.words: set[str] = set(RESERVED)
        self.constants: dict[str, Constant] = {}
        self.kernels: dict[tuple[str, str], str] = {}
        self.failing: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.places: dict[Value, int] = {}
        self.arrays: dict[Value, str] = {}

    def program(self) -> Program:
        for index, value in enumerate(self.function.inputs):
            self.places[value] = self.function.port_attribute("arg", index, "nncc.offset", 0)
        calls = [call for op in self.function.body for call in self._calls(op)]
        ports = [*zip(self.function.input_names, self.function.inputs, strict=True)]
        inputs = self._ports(ports)
        outputs = self._ports([*zip(self.function.output_names, self.function.outputs, strict=True)])
        return Program(
            self.name,
            tuple(self.kernels_source()),
            tuple(calls),
            self.constants,
            inputs,
            outputs,
            int(self.function.attributes["arena_bytes"]),
            self.weights_in_file,
            all(map(_is_exact, self.function.body)),
        )

    def kernels_source(self) -> Iterator[str]:
        for (signature, body), name in self.kernels.items():
            type = "int" if name in self.failing else "void"
            yield f"static {type} {name}({signature})\n{{\n{textwrap.indent(body, '    ')}\n}}\n"

    def _ports(self, named: Sequence[tuple[str, Value]]) -> tuple[Port, ...]:
        words: set[str] = set()
        return tuple(Port(n, identifier(n, words), v.tensor, self.places[v]) for n, v in named)

    def _calls(self, op: Operation) -> Iterator[str]:
        if isinstance(op, Constant):
            word = identifier(f"weights_{op.results[0].name or 'constant'}", self.words)
            self.constants[word] = op
            self.arrays[op.results[0]] = word
        elif isinstance(op, KernelOp):
            offsets = list(op.offsets)
            self.places.update(zip(op.results, offsets, strict=False))
            if not self._is_in_place(op):
                yield self._call(op, offsets)

    def _is_in_place(self, op: KernelOp) -> bool:
        """Whether a result is a view of an operand, at the address where it has to be."""
        return any(
            self._place_of(op.operands[s.operand]) == self.places[op.results[s.result]] - s.offset for s in op.views()
        )

    def _place_of(self, value: Value | None) -> int | None:
        return None if value is None else self.places.get(value)

    def _call(self, op: KernelOp, offsets: list[int]) -> str:
        parameters: list[str] = []
        arguments: list[str] = []
        overwritten: list[str] = []
        apart = "" if op.parts() or op.views() or self._changes_type_in_place(op) else "restrict "
        for name, value in named_values(op):
            kind = c_type(value.tensor.storage)
            const = "" if value in op.results else "const "
            if not apart or value in op.results or not self._is_overwritten(op, value):
                parameters.append(f"{const}{kind} *{apart}{name}")
                arguments.append(self.address(value))
            else:
                overwritten.append(f"const {kind} *{name} = {op.result_fields[0].name};")
        if op.scratch_bytes():
            parameters.append("uint8_t *scratch")
            arguments.append(f"arena.as_uint8_t + {offsets[len(op.results)]}")
        kernel = self._kernel(op, ", ".join(parameters), overwritten)
        call = f"{kernel}({', '.join(arguments)})"
        return f"if ({call} != 0) {{\n    return 1;\n}}" if op.can_fail else f"{call};"

    def _is_overwritten(self, op: KernelOp, value: Value) -> bool:
        """Whether the first result lies where this operand is: compilers that know it can use vectors."""
        return bool(op.overwrites()) and self._place_of(value) == self.places[op.results[0]]

    def _changes_type_in_place(self, op: KernelOp) -> bool:
        result = c_type(op.output_type.storage)
        values = [v for v in op.operands if v is not None and self._is_overwritten(op, v)]
        return any(c_type(v.tensor.storage) != result for v in values)

    def address(self, value: Value) -> str:
        """Where a value lies, as an expression of C."""
        if value in self.arrays:
            return self.arrays[value]
        kind, size = c_type(value.tensor.storage), value.tensor.storage.dtype.itemsize
        return f"arena.as_{kind} + {self.places[value] // size}"

    def _kernel(self, op: KernelOp, signature: str, declarations: Sequence[str]) -> str:
        short = op.name.partition(".")[2]
        table = QUANTIZED if is_quantized(op) else KERNELS
        key = (signature, "\n".join([*declarations, table[short](op)]))
        if key not in self.kernels:
            self.numbers[short] = self.numbers.get(short, 0) + 1
            self.kernels[key] = identifier(f"{short}_{self.numbers[short]}", self.words)
            if op.can_fail:
                self.failing.add(self.kernels[key])
        return self.kernels[key]


def _is_exact(op: Operation) -> bool:
    """Whether an operation computes with integers, or prescribes how real numbers are rounded."""
    values = [v for v in (*op.operands, *op.results) if v is not None]
    return (
        Trait.STORED in op.traits
        or isinstance(op, Constant | Return)
        or not any(v.tensor.storage.is_float for v in values)
    )


def named_values(op: KernelOp) -> Iterator[tuple[str, Value]]:
    """The operands and results that are there, with the names of their parameters."""
    for field in op.operand_fields:
        if isinstance(field, Variadic):
            yield from ((f"{field.name}_{i}", v) for i, v in enumerate(op.operands[field.index :]) if v is not None)
        elif field.index < len(op.operands) and (value := op.operands[field.index]) is not None:
            yield field.name, value
    yield from zip((f.name for f in op.result_fields), op.results, strict=False)


def constant_bytes(program: Program) -> int:
    """The size of all constants."""
    return sum(byte_size(op.value.type) for op in program.constants.values())
