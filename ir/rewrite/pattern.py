"""Patterns: expressions that are written with symbolic values and matched against operations.

``pattern(p, x)`` of a rewrite is called once. ``p`` is a :class:`PatternBuilder`, the other parameters are captures:
each stands for any value. What the calls make is a tree (a DAG, where a node is used twice) of the classes below.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from ..attributes import Attribute, as_attribute
from ..opdef import Op, Variadic, lookup_op, registered_ops


class PatternError(Exception):
    """A pattern that cannot be meant: a mistake of whoever wrote the rewrite, not of the user."""


class Pattern:
    """Base of what an operand may be matched against."""

    __slots__ = ()


@attrs.frozen(eq=False)
class AnyValue(Pattern):
    """Any value; the same one wherever the name stands again. Without a name nothing is captured."""

    name: str | None


@attrs.frozen(eq=False)
class ConstantValue(Pattern):
    """The result of a constant operation. ``as_number``: all its elements are one number, which is captured."""

    name: str | None
    as_number: bool = False


@attrs.frozen(eq=False)
class Number(Pattern):
    """A constant all of whose elements are this number."""

    value: float


@attrs.frozen(eq=False)
class OptionalOperand(Pattern):
    """An operand that may be left out; what it captures is None then."""

    present: Pattern


@attrs.frozen(eq=False)
class ValueList(Pattern):
    """All operands of a variadic field, captured as a tuple."""

    name: str | None


@attrs.frozen(eq=False)
class Alternatives(Pattern):
    """The first choice that matches; what only the others capture is None."""

    choices: tuple[Any, ...]


@attrs.frozen(eq=False)
class ResultOf(Pattern):
    """One result of an operation that has several."""

    op: OpPattern
    index: int


@attrs.define(eq=False)
class OpPattern(Pattern):
    """An operation of one definition; as an operand it stands for the operation's first result."""

    definition: type[Op]
    operands: tuple[Pattern | None, ...]
    attributes: dict[str, AttributePattern | Attribute]
    any_other_attributes: bool
    name: str | None = None
    may_be_shared: bool = False

    def named(self, name: str) -> OpPattern:
        """Capture the matched operation itself."""
        self.name = name
        return self

    def shared(self) -> OpPattern:
        """Match even where the result has users outside the pattern: the operation stays for them."""
        self.may_be_shared = True
        return self

    def __getitem__(self, index: int) -> ResultOf:
        return ResultOf(self, index)


@attrs.frozen(eq=False)
class AttributePattern:
    """Any value of an attribute, or one of several; captured where it has a name."""

    name: str | None
    choices: tuple[Attribute, ...] = ()


class PatternBuilder:
    """``p``: its attributes are the operations of ``nn``, ``p.tfl`` those of another dialect.

    An operation takes its operands, then its attributes, by position or by keyword. Python numbers stand for
    constants (all elements that number, within the accuracy of float32) and for attributes. An operand that is not
    given must be absent, an attribute that is not given must have its default; ``...`` as last argument
    lets all other attributes have any value: for patterns whose ``check`` or ``replacement`` looks at them.
    """

    def __init__(self, dialect: str = "nn") -> None:
        self._dialect = dialect

    def any(self) -> AnyValue:
        """Any value, not captured."""
        return AnyValue(None)

    def value(self, name: str) -> AnyValue:
        """Any value: the same as a parameter of ``pattern`` of that name."""
        return AnyValue(name)

    def constant(self, name: str | None = None) -> ConstantValue:
        """A constant of any elements; the capture is its value (see :func:`nncc.ir.constant_array`)."""
        return ConstantValue(name)

    def number(self, name: str) -> ConstantValue:
        """A constant whose elements are all the same; the capture is that number, a float."""
        return ConstantValue(name, as_number=True)

    def optional(self, pattern: Pattern | str | float) -> OptionalOperand:
        """An operand that may be absent; a string captures it."""
        return OptionalOperand(AnyValue(pattern) if isinstance(pattern, str) else as_operand(pattern))

    def values(self, name: str | None = None) -> ValueList:
        """All operands of a variadic field."""
        return ValueList(name)

    def one_of(self, *choices: Any) -> Alternatives:
        """The first of the choices that matches, for operands, for attributes and as root."""
        return Alternatives(choices)

    def attr(self, name: str | None = None, *choices: Any) -> AttributePattern:
        """An attribute of any value, or of one of the choices; captured by name."""
        return AttributePattern(name, tuple(map(as_attribute, choices)))

    def op(self, name: str, *arguments: Any, **keywords: Any) -> OpPattern:
        """``p.op("dialect.name", ...)``: for operations whose name is no attribute of ``p``."""
        definition = lookup_op(name)
        if definition is None:
            raise PatternError(f"there is no operation '{name}'")
        return _op_pattern(definition, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        full = f"{self._dialect}.{name.rstrip('_')}"  # p.and_: Python's keywords take an underscore
        if lookup_op(full) is not None:
            return lambda *arguments, **keywords: self.op(full, *arguments, **keywords)
        if next(registered_ops(name), None) is None:
            raise PatternError(f"there is no operation '{full}' and no dialect '{name}'")
        return PatternBuilder(name)


def as_operand(value: Any) -> Pattern:
    """The pattern for what was given as an operand. Raises PatternError for what cannot be one."""
    if isinstance(value, Alternatives):
        return Alternatives(tuple(map(as_operand, value.choices)))
    if isinstance(value, Pattern):
        return value
    if isinstance(value, bool | int | float):
        return Number(float(value))
    raise PatternError(f"{value!r} cannot be an operand of a pattern")


def _as_attribute_pattern(value: Any) -> AttributePattern | Attribute:
    if isinstance(value, Alternatives):
        return AttributePattern(None, tuple(map(as_attribute, value.choices)))
    if isinstance(value, AttributePattern):
        return value
    if isinstance(value, Pattern):
        raise PatternError(f"{value!r} is an operand, expected an attribute")
    return as_attribute(value)


def _op_pattern(definition: type[Op], arguments: Sequence[Any], keywords: dict[str, Any]) -> OpPattern:
    any_other = bool(arguments) and arguments[-1] is ...
    positional = list(arguments[:-1] if any_other else arguments)
    operand_names = [f.name for f in definition.operand_fields]
    names = [*operand_names, *definition.attribute_fields]
    if len(positional) > len(names):
        raise PatternError(f"'{definition.name}' takes at most {len(names)} arguments, got {len(positional)}")
    given = dict(zip(names, positional, strict=False))
    twice = sorted(given.keys() & keywords.keys())
    unknown = sorted(keywords.keys() - set(names))
    if twice or unknown:
        problem = "is given twice" if twice else "is no field of it"
        raise PatternError(f"'{definition.name}': {', '.join(twice or unknown)} {problem}")
    given |= keywords
    attributes = {k: _as_attribute_pattern(v) for k, v in given.items() if k not in operand_names}
    for name, field in definition.attribute_fields.items():
        if name not in attributes and not any_other:
            if field.required:
                raise PatternError(f"'{definition.name}' needs its attribute '{name}', or '...' for any others")
            attributes[name] = field.default
    return OpPattern(definition, _operands(definition, given), attributes, any_other)


def _operands(definition: type[Op], given: dict[str, Any]) -> tuple[Pattern | None, ...]:
    operands: list[Pattern | None] = []
    for field in definition.operand_fields:
        value = given.get(field.name)
        if isinstance(field, Variadic):
            operands.extend([value] if isinstance(value, ValueList) else map(as_operand, value or ()))
        elif value is None:
            if not field.optional:
                raise PatternError(f"'{definition.name}' needs its operand '{field.name}'")
            operands.append(None)
        else:
            operands.append(as_operand(value))
    return tuple(operands)
