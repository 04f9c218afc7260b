"""Writing NNB files: what the nnb dialect says, byte for byte; nothing is decided here but the order of the blocks."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path

from ...ir import Attribute, CompileError, Diagnostics, Function, Module, Return, UsageError, Value
from ...ir.dialects import nnb
from ...ir.dialects.nnb.layout import ALIGNMENT, ARGUMENTS, FUNCTION, HEADER, VARIABLE, record_layout
from .blocks import Blocks

VERSIONS = (2, 3)
"""2 counts the sizes of buffers in elements of four bytes, 3 in bytes."""
INT_RANGE = range(-(2**31), 2**31)


def save(
    module: Module,
    target: str | os.PathLike[str],
    *,
    nnb_version: int | None = None,
    api_level: int | None = None,
) -> None:
    """Write the main function of a module in the nnb dialect, with buffers, to the file ``target``.

    ``nnb_version`` is 2 or 3, ``api_level`` the release of the function set: a runtime of that level or a higher one
    reads the file. Without them it is as the module says; else version 2, and the lowest level that knows all functions
    with their arguments.

    Raises CompileError for what a file cannot hold, UsageError for a version or a level that there is not, OSError.
    """
    version = nnb_version if nnb_version is not None else module.attributes.get(nnb.VERSION, VERSIONS[0])
    if version not in VERSIONS:
        raise UsageError(f"there is no NNB version {version}", remedy="the runtime reads 2 and 3: -d nnb_2 or nnb_3")
    function = module.main
    _check(function)
    if api_level is None:
        api_level = module.attributes.get(nnb.API_LEVEL)
    level = nnb.lowest_level(_functions(function)) if api_level is None else nnb.known_level(api_level)
    writer = _Writer(module, version, level)
    header = writer.header()
    with Path(target).open("wb") as file:
        file.write(header)
        writer.blocks.write(file)


def _functions(function: Function) -> list[nnb.NnbFunction]:
    return [op for op in function.body if isinstance(op, nnb.NnbFunction)]


def _check(function: Function) -> None:
    diagnostics = Diagnostics()
    for op in function.body:
        if not isinstance(op, nnb.NnbFunction | nnb.StoredOp | Return):
            diagnostics.error(f"'{op.name}' is no function of an NNB file", op.location, "run lower-to-nnb before")
    diagnostics.raise_if_errors()


class _Writer:
    """The blocks of a network, in the order in which NNabla's converter writes them."""

    def __init__(self, module: Module, version: int, level: int) -> None:
        self.module, self.function = module, module.main
        self.version, self.level = version, level
        self.blocks = Blocks()
        self.diagnostics = Diagnostics()
        self.sizes = self._buffer_sizes()
        self.numbers: dict[Value, int] = {}
        self.buffers: dict[Value, int] = {}

    def header(self) -> bytes:
        """Make all blocks; the header that refers to them. Raises CompileError with all that cannot be written."""
        self._number_variables()
        inputs = self.blocks.add_ints([self.numbers[v] for v in self.function.inputs])
        outputs = self.blocks.add_ints([self.numbers[v] for v in self.function.outputs])
        buffers = self.blocks.add_ints(self._stated_sizes())
        variables = self.blocks.add_ints([self._variable(v) for v in self.numbers])
        functions = self.blocks.add_ints([self._function(op) for op in _functions(self.function)])
        self.diagnostics.raise_if_errors()
        lists = (*buffers, *variables, *functions, *inputs, *outputs)
        return HEADER.pack(self.version, self.level, *lists, len(self.blocks), self.blocks.size)

    # Buffers and variables

    def _buffer_sizes(self) -> tuple[int, ...]:
        sizes = self.module.attributes.get(nnb.BUFFER_SIZES)
        if not isinstance(sizes, tuple):
            raise CompileError("the buffers are not planned", self.function.location, "run plan-memory before")
        for op, fault in nnb.buffer_faults(self.function, sizes):
            self.diagnostics.error(f"'{op.name}' op {fault}", op.location, "run plan-memory again")
        self.diagnostics.raise_if_errors()
        return sizes

    def _stated_sizes(self) -> list[int]:
        sizes = [-(-size // 4) for size in self.sizes] if self.version == 2 else list(self.sizes)
        for index, size in enumerate(sizes):
            if size not in INT_RANGE:
                self._too_large(f"buffer {index} of {size} bytes")
        return [size if size in INT_RANGE else 0 for size in sizes]

    def _too_large(self, what: str) -> None:
        self.diagnostics.error(f"{what} is larger than a file can say", self.function.location, "split the model")

    def _number_variables(self) -> None:
        """The order of the variables: inputs, then for each function what it takes and what it makes."""
        for value, buffer in zip(self.function.inputs, nnb.input_buffers(self.function), strict=True):
            self._add_variable(value, buffer)
        for op in _functions(self.function):
            for operand in op.operands:
                if operand is not None:
                    self._add_variable(operand)
            for result, buffer in zip(op.results, op.buffers, strict=True):
                self._add_variable(result, buffer)
        for value in self.function.outputs:  # a parameter that no function takes
            self._add_variable(value)

    def _add_variable(self, value: Value, buffer: int = 0) -> None:
        self.numbers.setdefault(value, len(self.numbers))
        self.buffers.setdefault(value, buffer)

    def _variable(self, value: Value) -> int:
        shape = value.tensor.static_shape
        if max((value.tensor.size, *shape)) not in INT_RANGE:
            self._too_large(f"the variable {value.name or self.numbers[value]} of type {value.type}")
            shape = ()
        shape_list = self.blocks.add_ints(shape)
        code, point = nnb.point_of(value.tensor.element)
        data = -1 - self.buffers[value]
        stored = value.defining_op
        if isinstance(stored, nnb.StoredOp):
            data = self.blocks.add(stored)
            code = nnb.SIGN if stored.sign else code
        return self.blocks.add(VARIABLE.pack(self.numbers[value], *shape_list, code | point << 4, data))

    # Functions

    def _function(self, op: nnb.NnbFunction) -> int:
        try:
            signature = op.signature(self.level)
        except CompileError as error:
            self.diagnostics.add(error)
            return 0
        inputs = self.blocks.add_ints([self.numbers[v] for v in op.operands if v is not None])
        outputs = self.blocks.add_ints([self.numbers[v] for v in op.results])
        arguments = op.nnb_type.arguments[: signature.count]
        offsets, size = record_layout(arguments)
        record = bytearray(size)
        FUNCTION.pack_into(record, 0, signature.id, op.implement, *inputs, *outputs)
        for argument, offset in zip(arguments, offsets, strict=True):
            fields = self._stored(op, argument, getattr(op, argument.name))
            ARGUMENTS[argument.code].pack_into(record, offset, *fields)
        return self.blocks.add(bytes(record) + bytes(-size % ALIGNMENT))

    def _stored(self, op: nnb.NnbFunction, argument: nnb.Argument, value: Attribute) -> Sequence[int | float]:
        """An argument as the fields of its place in the record."""
        if argument.code == "s":
            return (argument.choices.index(value),)
        if argument.code == "f":
            return (self._float(op, argument, value),)
        numbers = value if argument.code == "I" else (int(value),)
        wrong = [n for n in numbers if n not in INT_RANGE]
        if wrong:
            self._no_place(op, argument, wrong[0], "32 bits")
            return (0, 0) if argument.code == "I" else (0,)
        return self.blocks.add_ints(numbers) if argument.code == "I" else numbers

    def _float(self, op: nnb.NnbFunction, argument: nnb.Argument, value: float) -> float:
        try:
            return float(struct.unpack("<f", struct.pack("<f", value))[0])
        except OverflowError:
            self._no_place(op, argument, value, "a float")
            return 0.0

    def _no_place(self, op: nnb.NnbFunction, argument: nnb.Argument, value: Attribute, place: str) -> None:
        what = f"'{op.name}' op has '{argument.name}' {value}, which {place} cannot hold"
        self.diagnostics.error(what, op.location, "choose another value")
