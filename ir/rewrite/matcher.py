"""Matches patterns against operations: backtracking over the order of commutative operands and over alternatives.

Matching is goal by goal: a goal is a pattern and the value that it must match. Whatever is bound on the way is
undone when a later goal fails, so no variants of a pattern are generated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np

from ..attributes import Attribute, DenseResource, attribute_key
from ..core import Operation, OpResult, Value
from ..module import constant_attribute
from ..opdef import Trait
from ..types import Array, QuantizedType, TensorType
from .pattern import (
    Alternatives,
    AnyValue,
    AttributePattern,
    ConstantValue,
    Number,
    OpPattern,
    OptionalOperand,
    Pattern,
    PatternError,
    ResultOf,
    ValueList,
)

TOLERANCE = 1e-6
"""Numbers of patterns match within this relative error: that of a number that went through float32 and back."""

_Goals: TypeAlias = "tuple[Pattern | None, Value | None, _Goals] | None"


class Match:
    """What a pattern matched: the captures by name (``m.x`` or ``m["x"]``), the root and all operations."""

    def __init__(self, captures: Mapping[str, Any], ops: Sequence[Operation]) -> None:
        self.captures = captures
        self.ops = ops
        """The matched operations, constants left out, the root first."""

    @property
    def root(self) -> Operation:
        return self.ops[0]

    def __getitem__(self, name: str) -> Any:
        return self.captures[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.captures[name]
        except KeyError:
            raise AttributeError(f"the pattern captures no '{name}', only {sorted(self.captures)}") from None


@attrs.define
class NearMiss:
    """The attempt that got furthest, and why it went no further."""

    matched: int = -1
    op: Operation | None = None
    reason: str = ""


class Matcher:
    """Matches one pattern. ``names`` are all captures; one that a match leaves open is None."""

    def __init__(self, root: Pattern, allow_quantized: bool = False) -> None:
        self.roots = _root_patterns(root)
        self.names = frozenset(_capture_names(root))
        self._allow_quantized = allow_quantized

    def match(
        self,
        op: Operation,
        check: Callable[[Match], str | None] | None = None,
        near: NearMiss | None = None,
    ) -> Match | None:
        """The first match rooted at ``op`` that ``check`` does not refuse; ``near`` learns why there is none."""
        for root in self.roots:
            found = _Attempt(self, check, near).run(root, op)
            if found is not None:
                return found
        return None

    def refusal(self, ops: Sequence[Operation], may_be_shared: frozenset[Operation]) -> str | None:
        """Why operations that match must not be replaced."""
        root = ops[0]
        inside = set(ops)
        for op in ops:
            if op.parent is not root.parent:
                return f"'{op.name}' stands in another block than '{root.name}'"
            if op is not root and op not in may_be_shared and not _only_used_by(op, inside):
                return f"the result of '{op.name}' is also used elsewhere"
            if not self._allow_quantized and any(_is_quantized(v) for v in (*op.operands, *op.results)):
                return f"'{op.name}' works on quantized values"
        return None


class _Attempt:
    """One try at one operation: what is bound so far, and the trail to undo it."""

    def __init__(self, matcher: Matcher, check: Callable[[Match], str | None] | None, near: NearMiss | None) -> None:
        self.matcher, self.check, self.near = matcher, check, near
        self.ops: dict[OpPattern, Operation] = {}
        self.captures: dict[str, Any] = {}
        self.trail: list[tuple[dict[Any, Any], Any]] = []
        self.found: Match | None = None

    def run(self, root: OpPattern, op: Operation) -> Match | None:
        self.match_op(root, op, None)
        return self.found

    # Bindings

    def bind(self, name: str | None, value: Any, same: Callable[[Any, Any], bool]) -> bool:
        if name is None:
            return True
        if name in self.captures:
            return same(self.captures[name], value)
        self.captures[name] = value
        self.trail.append((self.captures, name))
        return True

    def undo(self, mark: int) -> bool:
        while len(self.trail) > mark:
            table, key = self.trail.pop()
            del table[key]
        return False

    def fail(self, op: Operation | None, reason: str, *parts: Any) -> bool:
        """Note why the attempt ends here, if anyone wants to know and none got further."""
        near = self.near
        if near is not None and len(self.ops) > near.matched:
            near.matched, near.op, near.reason = len(self.ops), op, reason.format(*parts)
        return False

    # Goals

    def solve(self, goals: _Goals) -> bool:
        if goals is None:
            return self.accept()
        pattern, value, rest = goals
        if pattern is None or value is None:
            return self.match_absent(pattern, value, rest)
        mark = len(self.trail)
        if isinstance(pattern, AnyValue):
            if not self.bind(pattern.name, value, same_value):
                return self.fail(value.defining_op, "two different values for '{}'", pattern.name)
            return self.solve(rest) or self.undo(mark)
        if isinstance(pattern, OpPattern):
            return self.match_result(pattern, 0, value, rest)
        if isinstance(pattern, ResultOf):
            return self.match_result(pattern.op, pattern.index, value, rest)
        if isinstance(pattern, Alternatives):
            return any(self.solve((choice, value, rest)) for choice in pattern.choices)
        if isinstance(pattern, OptionalOperand):
            return self.solve((pattern.present, value, rest))
        return (self.match_constant(pattern, value) and self.solve(rest)) or self.undo(mark)

    def match_absent(self, pattern: Pattern | None, value: Value | None, rest: _Goals) -> bool:
        if value is not None:
            return self.fail(value.defining_op, "an operand is given that the pattern leaves out")
        if pattern is not None and not isinstance(pattern, OptionalOperand):
            return self.fail(None, "an operand is absent")
        return self.solve(rest)

    def match_constant(self, pattern: Pattern, value: Value) -> bool:
        op = value.defining_op
        if isinstance(pattern, Number):
            if is_number(value, pattern.value):
                return True
            return self.fail(op, "expected the constant {}", pattern.value)
        if isinstance(pattern, ConstantValue):
            if constant_attribute(value) is None:
                return self.fail(op, "expected a constant")
            if not pattern.as_number:
                return self.bind(pattern.name, value, same_value)
            number = splat_number(value)
            if number is None:
                return self.fail(op, "expected a constant of one number")
            return self.bind(pattern.name, number, _same_attribute)
        raise PatternError(f"{pattern!r} cannot be an operand")

    def match_result(self, pattern: OpPattern, index: int, value: Value, rest: _Goals) -> bool:
        if not isinstance(value, OpResult):
            return self.fail(None, "expected '{}', got an argument of the block", pattern.definition.name)
        if value.index != index:
            return self.fail(value.op, "expected result {}, got result {}", index, value.index)
        return self.match_op(pattern, value.op, rest)

    def match_op(self, pattern: OpPattern, op: Operation, rest: _Goals) -> bool:
        bound = self.ops.get(pattern)
        if bound is not None:
            return self.solve(rest) if bound is op else self.fail(op, "one part of the pattern is two operations")
        if type(op) is not pattern.definition:
            return self.fail(op, "expected '{}', got '{}'", pattern.definition.name, op.name)
        mark = len(self.trail)
        self.ops[pattern] = op
        self.trail.append((self.ops, pattern))
        if not (self.match_attributes(pattern, op) and self.bind(pattern.name, op, _is)):
            return self.undo(mark)
        return self.match_operands(pattern, op, rest) or self.undo(mark)

    def match_attributes(self, pattern: OpPattern, op: Operation) -> bool:
        for name, expected in pattern.attributes.items():
            actual = op.attributes.get(name, pattern.definition.attribute_fields[name].default)
            if isinstance(expected, AttributePattern):
                fits = not expected.choices or any(attribute_matches(c, actual) for c in expected.choices)
                fits = fits and self.bind(expected.name, actual, _same_attribute)
            else:
                fits = attribute_matches(expected, actual)
            if not fits:
                return self.fail(op, "attribute '{}' is {!r}, expected {!r}", name, actual, expected)
        return True

    def match_operands(self, pattern: OpPattern, op: Operation, rest: _Goals) -> bool:
        wanted, operands = pattern.operands, op.operands
        if wanted and isinstance(wanted[-1], ValueList):
            fixed = len(wanted) - 1
            if not self.bind(wanted[-1].name, operands[fixed:], _same_values):
                return self.fail(op, "two different lists of values for '{}'", wanted[-1].name)
            wanted, operands = wanted[:-1], operands[:fixed]
        if len(operands) > len(wanted):
            return self.fail(op, "{} operands, expected at most {}", len(operands), len(wanted))
        operands = (*operands, *[None] * (len(wanted) - len(operands)))  # trailing ones that are left out
        if self.solve(_goals(wanted, operands, rest)):
            return True
        swap = len(wanted) == 2 and Trait.COMMUTATIVE in op.traits and operands[0] is not operands[1]
        return swap and self.solve(_goals(wanted, operands[::-1], rest))

    def accept(self) -> bool:
        ops = tuple(self.ops.values())
        shared = frozenset(op for pattern, op in self.ops.items() if pattern.may_be_shared)
        refusal = self.matcher.refusal(ops, shared)
        if refusal is None:
            match = Match(dict.fromkeys(self.matcher.names) | self.captures, ops)
            refusal = self.check(match) if self.check is not None else None
            if refusal is None:
                self.found = match
                return True
        return self.fail(ops[0], "{}", refusal)


def _goals(patterns: Sequence[Pattern | None], values: Sequence[Value | None], rest: _Goals) -> _Goals:
    for pattern, value in zip(reversed(patterns), reversed(values), strict=True):
        rest = (pattern, value, rest)
    return rest


# What is the same


def same_value(a: Value, b: Value) -> bool:
    """Whether two values are one, or constants with the same elements."""
    if a is b:
        return True
    mine, its = constant_attribute(a), constant_attribute(b)
    return mine is not None and its is not None and attribute_key(mine) == attribute_key(its)


def _is(a: Any, b: Any) -> bool:
    return a is b


def _same_values(a: Sequence[Value], b: Sequence[Value]) -> bool:
    return len(a) == len(b) and all(map(same_value, a, b))


def _same_attribute(a: Attribute, b: Attribute) -> bool:
    return attribute_key(a) == attribute_key(b)


def attribute_matches(expected: Attribute, actual: Attribute) -> bool:
    """Equality, but numbers within ``TOLERANCE`` where the attribute is a float."""
    if isinstance(actual, float) and isinstance(expected, int | float) and not isinstance(expected, bool):
        return _close(actual, float(expected))
    if isinstance(actual, tuple) and isinstance(expected, tuple):
        return len(actual) == len(expected) and all(map(attribute_matches, expected, actual))
    return attribute_key(expected) == attribute_key(actual)


def _close(actual: float, expected: float) -> bool:
    return actual == expected or math.isclose(actual, expected, rel_tol=TOLERANCE, abs_tol=0.0)


def known_array(value: Value | None) -> Array | None:
    """The real numbers of a constant; None for any other value, and where the text that was parsed has no data."""
    dense = constant_attribute(value)
    if dense is None or (isinstance(dense, DenseResource) and dense.resource.is_elided):
        return None
    return dense.real()


def splat_number(value: Value | None) -> float | None:
    """The number that is in all elements of a constant, exactly the same in each; None otherwise.

    None too for complex numbers and for strings.
    """
    array = known_array(value)
    if array is None or array.size == 0 or (array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16"):
        return None
    first = array.flat[0]
    if first != array.flat[-1]:  # most weights are told from a number without a look at all of them
        return None
    return float(first) if bool(np.all(array == first)) else None


def is_number(value: Value | None, expected: float) -> bool:
    """Whether all elements of a constant are this number, as exactly as their type can hold it."""
    number = splat_number(value)
    if number is None:
        return False
    if _close(number, expected):
        return True
    assert value is not None
    kind = value.tensor.expressed
    return kind.is_float and number == float(np.asarray(expected, kind.dtype))


def _is_quantized(value: Value | None) -> bool:
    return value is not None and isinstance(value.type, TensorType) and isinstance(value.type.element, QuantizedType)


def _only_used_by(op: Operation, users: set[Operation]) -> bool:
    return all(user in users for result in op.results for user in result.iter_users())


# The pattern as a whole


def _root_patterns(root: Pattern) -> tuple[OpPattern, ...]:
    choices = root.choices if isinstance(root, Alternatives) else (root,)
    if not all(isinstance(c, OpPattern) for c in choices):
        raise PatternError(f"the root of a pattern must be an operation, got {root!r}")
    return choices


def _capture_names(pattern: Any) -> set[str]:
    names: set[str] = set()
    stack, seen = [pattern], set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if getattr(node, "name", None) is not None:
            names.add(node.name)
        if isinstance(node, OpPattern):
            stack += [*node.operands, *(a for a in node.attributes.values() if isinstance(a, AttributePattern))]
        elif isinstance(node, Alternatives):
            stack += node.choices
        elif isinstance(node, OptionalOperand):
            stack.append(node.present)
        elif isinstance(node, ResultOf):
            stack.append(node.op)
    return names
