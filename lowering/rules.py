"""What lowerings do alike, whatever the target: finding rules, putting what they make in the place of an operation, and
giving values names of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import attrs

from ..ir import Function, Operation, Value
from ..ir.names import Names
from ..ir.regions import blocks_within

_R = TypeVar("_R", bound=Callable[..., Any])


@attrs.frozen
class Rules(Generic[_R]):
    """The rules of a lowering, by the operations of ``dialect`` that they lower.

    An operation that has none has that of ``base``.
    """

    dialect: str
    base: Rules[_R] | None = None
    _by_name: dict[str, _R] = attrs.Factory(dict)

    def lowers(self, *names: str) -> Callable[[_R], _R]:
        """Register the rule for operations of these names (without the dialect)."""

        def register(rule: _R) -> _R:
            for name in names:
                assert f"{self.dialect}.{name}" not in self._by_name, name
                self._by_name[f"{self.dialect}.{name}"] = rule
            return rule

        return register

    def items(self) -> Iterator[tuple[str, _R]]:
        """The operations that have a rule of their own, with it."""
        return iter(self._by_name.items())

    def rule_for(self, op: Operation) -> _R | None:
        """The rule that lowers an operation."""
        own = self._by_name.get(op.name)
        return self.base.rule_for(op) if own is None and self.base is not None else own


def replace_op(op: Operation, values: Sequence[Value]) -> None:
    """Let values stand for the results of an operation, under their names, and erase it."""
    for old, new in zip(op.results, values, strict=True):
        if old.name is not None and new.name is None:
            new.name = old.name
        old.replace_all_uses_with(new)
    op.erase()


def values_by_block(function: Function) -> Iterator[Value]:
    """The values of a function, those of a block before those further inside."""
    for block in blocks_within(function):
        yield from block.args
        yield from (result for op in block for result in op.results)


def name_values(function: Function, values: Iterable[Value]) -> None:
    """Let no two values have one name, so that each is that of a tensor in the file.

    Ports have theirs first; then ``values``, which are all of the function, in their order.
    """
    names = Names()
    ports = [*zip(function.input_names, function.inputs, strict=True)]
    ports += zip(function.output_names, function.outputs, strict=True)
    for name, value in ports:
        value.name = names.free(name)
    named = {value for _, value in ports}
    for value in values:
        if value.name is not None and value not in named:
            value.name = names.free(value.name)
