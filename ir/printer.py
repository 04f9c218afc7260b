"""Prints modules in MLIR's generic syntax, which xDSL and MLIR's tools read, and :mod:`nncc.ir.parser` reads exactly.

    %y = "nn.conv"(%x, %w) {pads = array<i64: 2, 2, 2, 2>} : (tensor<1x1x28x28xf32>, ...) -> tensor<...> loc(...)

The identifiers of values are made from their names. What MLIR's syntax has no place for stands in attributes that
exist only in the text (see :mod:`nncc.ir.syntax`): names that are no identifiers, operands that are left out, names of
resources.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Literal, TextIO, TypeAlias

from .attribute_text import array_fault, format_dictionary, format_location, little_endian
from .attributes import Attribute, DenseResource
from .core import Block, Operation, Region, Value
from .diagnostics import CompileError
from .module import Module
from .syntax import (
    ABSENT_OPERANDS,
    ARGUMENT_NAMES,
    MAX_NESTING,
    RESOURCE_NAMES,
    RESULT_NAMES,
    TEXT_ONLY,
    VALUE_IDENTIFIER,
    format_string,
)
from .types import Array, FunctionType, Type

Constants: TypeAlias = Literal["elide", "inline"]
"""What becomes of the data of resources: left out of the text, or written behind the module in hexadecimal."""

_HEX_CHUNK = 1 << 20


def print_module(module: Module, *, constants: Constants = "elide", locations: bool = True) -> str:
    """The text of a module. Raises CompileError for what cannot be written."""
    out = io.StringIO()
    write_module(module, out, constants=constants, locations=locations)
    return out.getvalue()


def write_module(module: Module, file: TextIO, *, constants: Constants = "elide", locations: bool = True) -> None:
    """Write the text of a module to a file as it is made: big modules need no big string."""
    printer = _Printer(file.write, locations)
    printer.operation(module, 0)
    if constants == "inline":
        printer.resource_section()


def print_operation(op: Operation, *, locations: bool = False) -> str:
    """The text of one operation with its regions, without a line break at the end."""
    out = io.StringIO()
    _Printer(out.write, locations).operation(op, 0)
    return out.getvalue().rstrip("\n")


def resources_in_text(module: Module) -> dict[str, DenseResource]:
    """The resources that the text of a module refers to, by the keys that they have there."""
    printer = _Printer(lambda text: None, locations=False)
    printer.operation(module, 0)
    return printer.resources


def resource_data(key: str, dense: DenseResource) -> Array:
    """The array of a resource. Raises CompileError where it cannot be written as bytes, or contradicts its type."""
    if dense.resource.is_elided:
        raise CompileError(
            f"the resource '{key}' has no data: it was elided from the text", remedy="give the file of constants"
        )
    if dense.type.storage.name == "!nncc.string":
        raise CompileError(f"the resource '{key}' holds strings, which can only be written as an inline array")
    array = dense.numpy()
    fault = array_fault(array, dense.type)
    if fault:
        raise CompileError(f"the resource '{key}' contradicts its type: {fault}")
    return array


class _Printer:
    """``ids`` holds the identifiers of the values that are visible, ``taken`` the same by identifier.

    The number behind a taken identifier is the suffix that the next value of this name is tried with.
    """

    def __init__(self, write: Callable[[str], object], locations: bool) -> None:
        self.write, self.locations = write, locations
        self.ids: dict[Value, str] = {}
        self.taken: dict[str, int] = {}
        self.claimed: list[str] = []
        self.next_number = 0
        self.depth = 0
        self.type_texts: dict[Type, str] = {}
        self.keys: dict[int, str] = {}
        self.resources: dict[str, DenseResource] = {}

    # Names

    def claim(self, value: Value) -> None:
        """Give a value an identifier that no visible value has."""
        if not value.name:
            self.ids[value] = str(self.next_number)
            self.next_number += 1
            return
        base = identifier = _identifier(value.name)
        if base in self.taken:
            suffix = self.taken[base]
            while (identifier := f"{base}_{suffix}") in self.taken:
                suffix += 1
            self.taken[base] = suffix + 1
        self.taken[identifier] = 1
        self.claimed.append(identifier)
        self.ids[value] = identifier

    def claim_region(self, region: Region) -> None:
        """Name all values of a region before any region inside it: those may use values that are defined below them."""
        for block in region.blocks:
            for argument in block.args:
                self.claim(argument)
            for op in block:
                for result in op.results:
                    self.claim(result)

    def id(self, value: Value) -> str:
        if value not in self.ids:  # an operation that is printed alone, or invalid IR
            self.claim(value)
        return self.ids[value]

    def key_of(self, dense: DenseResource) -> str:
        """The key of a resource in this text: its own, unless another resource has it."""
        resource = dense.resource
        if id(resource) not in self.keys:
            key, suffix = resource.key, len(self.resources)
            while key in self.resources:
                key, suffix = f"{resource.key}_{suffix}", suffix + 1
            self.keys[id(resource)] = key
            self.resources[key] = dense
        return self.keys[id(resource)]

    # Operations

    def operation(self, op: Operation, indent: int) -> None:
        """One operation in lines of its own."""
        write, margin = self.write, "  " * indent
        results = f"%{', %'.join([self.id(r) for r in op.results])} = " if op.results else ""
        operands = [v for v in op.operands if v is not None]
        operand_ids = ", ".join([f"%{self.id(v)}" for v in operands])
        write(f"{margin}{results}{format_string(op.name)}({operand_ids})")
        if op.regions:
            self.regions(op.regions, indent)
        write(f"{self.attributes(op)} : {self.signature([v.type for v in operands], [r.type for r in op.results])}")
        write(f" loc({format_location(op.location)})\n" if self.locations else "\n")

    def regions(self, regions: list[Region], indent: int) -> None:
        if self.depth == MAX_NESTING:
            raise CompileError(f"regions are nested more than {MAX_NESTING} deep")
        self.depth += 1
        for i, region in enumerate(regions):
            self.write(", {" if i else " ({")
            mark, number = len(self.claimed), self.next_number
            self.claim_region(region)
            if region.blocks:
                self.write("\n")
                for label, block in enumerate(region.blocks):
                    self.block(block, label, indent)
                self.write("  " * indent)
            self.write("}")
            for identifier in self.claimed[mark:]:
                del self.taken[identifier]
            del self.claimed[mark:]
            self.next_number = number
        self.write(")")
        self.depth -= 1

    def block(self, block: Block, label: int, indent: int) -> None:
        if block.args or label or block.first_op is None:
            arguments = ", ".join(f"%{self.ids[a]}: {self.type(a.type)}" for a in block.args)
            arguments = f"({arguments})" if arguments else ""
            self.write(f"{'  ' * indent}^bb{label}{arguments}:\n")
        for op in block:
            self.operation(op, indent + 1)

    def attributes(self, op: Operation) -> str:
        """The dictionary of attributes with a space before it; nothing where there are none."""
        attributes = op.text_attributes()
        extra = self.text_only_attributes(op)
        if not attributes and not extra:
            return ""
        reserved = TEXT_ONLY & attributes.keys()
        if reserved:
            raise CompileError(f"'{op.name}' has the attribute '{min(reserved)}', which is reserved", op.location)
        try:
            return f" {format_dictionary({**attributes, **extra}, self.key_of)}"
        except CompileError as error:
            reason = error.diagnostics[0].message
            raise CompileError(f"cannot print the attributes of '{op.name}': {reason}", op.location) from error

    def text_only_attributes(self, op: Operation) -> dict[str, Attribute]:
        extra: dict[str, Attribute] = {}
        if any(r.name and self.ids[r] != r.name for r in op.results):
            extra[RESULT_NAMES] = tuple(r.name or "" for r in op.results)
        if op.regions:
            arguments = [a for region in op.regions for block in region.blocks for a in block.args]
            if any(a.name and self.ids[a] != a.name for a in arguments):
                extra[ARGUMENT_NAMES] = tuple(a.name or "" for a in arguments)
        absent = tuple(i for i, v in enumerate(op.operands) if v is None)
        if absent:
            extra[ABSENT_OPERANDS] = absent
        if isinstance(op, Module):
            names = {key: d.resource.name for key, d in self.resources.items() if d.resource.name != key}
            if names:
                extra[RESOURCE_NAMES] = names
        return extra

    def signature(self, operands: list[Type], results: list[Type]) -> str:
        texts = [self.type(t) for t in results]
        one = len(texts) == 1 and not isinstance(results[0], FunctionType)
        outputs = texts[0] if one else f"({', '.join(texts)})"
        return f"({', '.join([self.type(t) for t in operands])}) -> {outputs}"

    def type(self, type: Type) -> str:
        text = self.type_texts.get(type)
        if text is None:
            text = self.type_texts[type] = str(type)
        return text

    # Resources

    def resource_section(self) -> None:
        """The data of all resources that were printed: the alignment in 4 bytes, then the elements, little-endian."""
        if not self.resources:
            return
        self.write("{-#\n  dialect_resources: {\n    builtin: {\n")
        for i, (key, dense) in enumerate(self.resources.items()):
            array = resource_data(key, dense)
            self.write(",\n" if i else "")
            self.write(f'      {key}: "0x{array.itemsize:02X}000000')
            data = little_endian(array)
            for start in range(0, len(data), _HEX_CHUNK):
                self.write(data[start : start + _HEX_CHUNK].hex().upper())
            self.write('"')
        self.write("\n    }\n  }\n#-}\n")


def _identifier(name: str) -> str:
    """The nearest identifier to a name."""
    if VALUE_IDENTIFIER.fullmatch(name):
        return name
    identifier = _FOREIGN.sub("_", name)
    return identifier if VALUE_IDENTIFIER.fullmatch(identifier) else f"_{identifier}"


_FOREIGN = re.compile(r"[^\w$.-]", re.ASCII)
