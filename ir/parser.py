"""Parses modules in MLIR's generic syntax: what :mod:`nncc.ir.printer` writes, and what people write by hand.

Recursive descent, one class a layer: tokens (``lexer``), types (``parser_types``), numbers and arrays
(``parser_dense``), attributes and locations (``parser_attributes``), and here operations, blocks and regions.
"""

from __future__ import annotations

import attrs

from .attributes import Attribute
from .core import Block, Operation, Region, Value
from .location import Location
from .module import Function, Module
from .opdef import Op, lookup_op, unregistered_class
from .parser_attributes import AttributeParser
from .syntax import ABSENT_OPERANDS, ARGUMENT_NAMES, OPERATION_NAME, RESOURCE_NAMES, RESULT_NAMES
from .types import Type

_MOST_RESULTS = 10_000
"""Of one operation written as ``%a:n``: a few characters must not be able to fill the memory."""


def parse_module(text: str, filename: str = "<text>") -> Module:
    """The module of a text. Operations outside of a module are put into one.

    An operation without ``loc`` gets its line as its location. Raises CompileError, with the place, for invalid text;
    whether the operations make sense is for :func:`nncc.ir.verifier.verify` to say.
    """
    return _Parser(text, filename).module()


@attrs.define
class _Scope:
    """The values that one region defines, and those that it uses before any definition (with the place of a use)."""

    defined: list[str] = attrs.Factory(list)
    pending: dict[str, tuple[Value, int]] = attrs.Factory(dict)


class _Parser(AttributeParser):
    """``values`` holds what is visible at this place by name; a scope knows which of them end with its region."""

    def __init__(self, text: str, filename: str) -> None:
        self.values: dict[str, Value] = {}
        self.scopes: list[_Scope] = []
        self.definitions: dict[str, type[Op] | None] = {}
        super().__init__(text, filename)

    def module(self) -> Module:
        self.scopes.append(_Scope())
        ops: list[Operation] = []
        while self.kind != "end":
            if self.kind == "alias":
                self.alias_definition()
            elif self.kind == "{-#":
                self.resource_section()
            else:
                ops.append(self.operation())
        self.close_scope()
        if len(ops) == 1 and isinstance(ops[0], Module):
            return ops[0]
        module = Module()
        module.resources = self.resources
        for op in ops:
            module.body.append(op)
        return module

    # Values

    def define(self, name: str, value: Value, start: int) -> None:
        """Make a value visible from here on, and for the uses above that wait for it."""
        if name in self.values:
            raise self.error(f"the value %{name} is defined twice", start)
        self.values[name] = value
        scope = self.scopes[-1]
        scope.defined.append(name)
        if scope.pending and name in scope.pending:
            placeholder, use = scope.pending.pop(name)
            self.check_type(name, value, placeholder.type, use)
            placeholder.replace_all_uses_with(value)

    def use(self, name: str, type: Type, start: int) -> Value:
        """The value of a name; one that is not defined yet is a placeholder until it is."""
        value = self.values.get(name)
        if value is None:
            pending = self.scopes[-1].pending
            if name not in pending:
                pending[name] = (Value(type), start)
            value = pending[name][0]
        if value.type is not type:
            self.check_type(name, value, type, start)
        return value

    def check_type(self, name: str, value: Value, type: Type, use: int) -> None:
        if value.type != type:
            raise self.error(f"the value %{name} has the type {value.type}, but is used here as {type}", use)

    def close_scope(self) -> None:
        """Forget the values of a region. What it uses and does not define, the region around it must define."""
        scope = self.scopes.pop()
        for name in scope.defined:
            del self.values[name]
        for name, (placeholder, start) in scope.pending.items():
            if not self.scopes:
                raise self.error(f"the value %{name} is not defined", start)
            outer = self.scopes[-1].pending
            if name in outer:
                self.check_type(name, outer[name][0], placeholder.type, start)
                placeholder.replace_all_uses_with(outer[name][0])
            else:
                outer[name] = (placeholder, start)

    def value_names(self) -> list[tuple[str, int]]:
        """Names of operands, with their places."""
        self.expect("(")
        return self.comma_separated(")", self.value_name)

    def value_name(self) -> tuple[str, int]:
        start, name = self.start, self.expect("value", "a value (%name)")[1:]
        return name.removesuffix("#0"), start

    def result_names(self) -> list[tuple[str, int]]:
        """Names of results; ``%a:3`` stands for %a#0, %a#1 and %a#2."""
        names: list[tuple[str, int]] = []
        while True:
            name, start = self.value_name()
            if "#" in name:
                raise self.error("expected the name of a new value, without '#'", start)
            names.append((name, start))
            if self.at(":"):
                count = self.expect_integer("the number of results")
                if not 0 < count <= _MOST_RESULTS:
                    raise self.error(f"an operation has 1 to {_MOST_RESULTS} results in a group, got {count}", start)
                names += [(f"{name}#{i}", start) for i in range(1, count)]
            if not self.at(","):
                self.expect("=")
                return names

    # Operations

    def operation(self) -> Operation:
        place = self.start
        results = self.result_names() if self.kind == "value" else []
        start, name = self.start, self.expect_string('an operation in generic form ("dialect.name"(...) ...)')
        operand_names = self.value_names()
        if self.kind == "[":
            raise self.error("successors are not supported: regions have no control flow between blocks")
        attributes = self.properties()
        regions = self.regions() if self.kind == "(" else []
        if self.kind == "{":
            attributes = self.merged(attributes, self.dictionary(), start)
        operand_types, result_types = self.signature(len(operand_names), len(results))
        operands: list[Value | None] = [
            self.use(name, type, at) for (name, at), type in zip(operand_names, operand_types, strict=True)
        ]
        absent = attributes.pop(ABSENT_OPERANDS, ())
        if absent:
            operands = self.with_gaps(operands, absent, start)
        location = self.location() if self.kind == "word" and self.value == "loc" else self.line_location(place)
        names = self.text_only_names(attributes, RESULT_NAMES, len(results), start)
        self.rename_arguments(regions, attributes, start)
        op = self.build(name, operands, result_types, attributes, regions, location, start)
        for (id, at), result, given in zip(results, op.results, names or [""] * len(results), strict=True):
            result.name = given or _name_of(id)
            self.define(id, result, at)
        return op

    def properties(self) -> dict[str, Attribute]:
        """``<{...}>``: attributes in MLIR's newer place."""
        if not self.at("<"):
            return {}
        found = self.dictionary()
        self.expect(">")
        return found

    def merged(self, some: dict[str, Attribute], more: dict[str, Attribute], start: int) -> dict[str, Attribute]:
        twice = some.keys() & more.keys()
        if twice:
            raise self.error(f"the attribute '{min(twice)}' is also a property", start)
        return {**some, **more}

    def signature(self, operands: int, results: int) -> tuple[list[Type], list[Type]]:
        """``: (operand types) -> result types``, as many as there are operands and results."""
        self.expect(":", "':' and the types of the operation")
        start = self.start
        operand_types = self.types_in_parentheses()
        if len(operand_types) != operands:
            raise self.error(f"the operation has {operands} operands, but {len(operand_types)} types for them", start)
        self.expect("->")
        start = self.start
        result_types = self.result_types()
        if len(result_types) != results:
            raise self.error(f"the operation has {results} results, but {len(result_types)} types for them", start)
        return operand_types, result_types

    def line_location(self, position: int) -> Location:
        """The location of an operation that has none: its line."""
        return Location.at(self.filename, index=self.line(position))

    def with_gaps(self, operands: list[Value | None], absent: Attribute, start: int) -> list[Value | None]:
        """The operands with None at the positions of those that are left out."""
        count = len(operands) + len(absent) if isinstance(absent, tuple) else 0
        positions = {p for p in absent if type(p) is int and 0 <= p < count} if count else set()
        if not count or len(positions) != len(absent):
            raise self.error(f"'{ABSENT_OPERANDS}' does not list positions of operands", start)
        present = iter(operands)
        return [None if i in positions else next(present) for i in range(count)]

    def text_only_names(self, attributes: dict[str, Attribute], key: str, count: int, start: int) -> tuple[str, ...]:
        """The names that stand in an attribute, which is removed; () where it is not there."""
        if key not in attributes:
            return ()
        names = attributes.pop(key)
        if not isinstance(names, tuple) or len(names) != count or not all(isinstance(n, str) for n in names):
            raise self.error(f"expected '{key}' to list {count} names", start)
        return names

    def build(
        self,
        name: str,
        operands: list[Value | None],
        result_types: list[Type],
        attributes: dict[str, Attribute],
        regions: list[Region],
        location: Location,
        start: int,
    ) -> Operation:
        definition = self.definition(name, start)
        if definition is None:
            return unregistered_class(name)(name, operands, result_types, attributes, regions, location)
        op = object.__new__(definition)  # the constructors of definitions infer types; these here are given
        Operation.__init__(op, operands, result_types, None, regions, location)
        function_type = attributes.pop("function_type", None) if definition is Function else None
        if isinstance(op, Module):
            self.complete_module(op, attributes, start)
        for key, value in attributes.items():
            op.set_attribute(key, value)
        if isinstance(op, Function):
            self.check_function(op, function_type, start)
        return op

    def definition(self, name: str, start: int) -> type[Op] | None:
        if name not in self.definitions:
            if not OPERATION_NAME.fullmatch(name):
                raise self.error(f"'{name[:40]}' is no name of an operation", start)
            self.definitions[name] = lookup_op(name)
        return self.definitions[name]

    def complete_module(self, module: Module, attributes: dict[str, Attribute], start: int) -> None:
        module.resources = self.resources
        if len(module.regions) == 1 and not module.regions[0].blocks:
            module.regions[0].add_block(Block())
        self.check_body(module, start)
        names = attributes.pop(RESOURCE_NAMES, {})
        if not isinstance(names, dict) or not all(isinstance(n, str) for n in names.values()):
            raise self.error(f"expected '{RESOURCE_NAMES}' to give a name for each key", start)
        for key, name in names.items():
            if key in self.resources:
                self.resources[key].name = name

    def check_function(self, function: Function, given: Attribute, start: int) -> None:
        """The type of a function is written in the text, but follows from its ports: they must agree."""
        self.check_body(function, start)
        returns = function.body.last_op
        if given is None or returns is None or returns.name != "func.return":
            return  # without a return there is nothing to compare with, and that is for the verifier
        if given != function.function_type:
            raise self.error(
                f"the function has the type {function.function_type}, but its function_type is {given}", start
            )

    def check_body(self, op: Operation, start: int) -> None:
        if len(op.regions) != 1 or len(op.regions[0].blocks) != 1:
            raise self.error(f"expected '{op.name}' to have one region with one block", start)

    def rename_arguments(self, regions: list[Region], attributes: dict[str, Attribute], start: int) -> None:
        """Give the arguments of blocks the names that stand in an attribute, which is removed."""
        if ARGUMENT_NAMES in attributes:
            arguments = [a for region in regions for block in region.blocks for a in block.args]
            names = self.text_only_names(attributes, ARGUMENT_NAMES, len(arguments), start)
            for argument, name in zip(arguments, names, strict=True):
                argument.name = name or None

    # Regions and blocks

    def regions(self) -> list[Region]:
        self.expect("(")
        return self.comma_separated(")", self.region)

    def region(self) -> Region:
        self.expect("{")
        self.enter()
        self.scopes.append(_Scope())
        region = Region()
        if self.kind not in ("label", "}"):
            self.operations(region.add_block(Block()))
        labels: set[str] = set()
        while self.kind == "label":
            if self.value in labels:
                raise self.error(f"the block {self.value} is defined twice")
            labels.add(self.value)
            self.advance()
            block = region.add_block(Block())
            if self.at("("):
                self.comma_separated(")", lambda block=block: self.block_argument(block))  # type: ignore[misc]
            self.expect(":")
            self.operations(block)
        self.expect("}", "an operation or '}'")
        self.close_scope()
        self.depth -= 1
        return region

    def operations(self, block: Block) -> None:
        while self.kind in ("string", "value"):
            block.append(self.operation())

    def block_argument(self, block: Block) -> None:
        """``%x: type``; a location behind it is read and dropped, as values have none of their own."""
        name, start = self.value_name()
        self.expect(":")
        argument = block.add_argument(self.type(), _name_of(name))
        self.define(name, argument, start)
        if self.kind == "word" and self.value == "loc":
            self.location()


def _name_of(identifier: str) -> str | None:
    """The name that an identifier gives to its value: numbers stand for values without one."""
    base, _, number = identifier.partition("#")
    if base.isdecimal():
        return None
    return f"{base}_{number}" if number else base
