"""Names of values in a file: every value needs one, and no graph may have one twice, nor one of a graph around it."""

from __future__ import annotations

from collections.abc import Container

import attrs

from ...core import Block, Operation, OpResult, Value
from ...module import Function
from .ops import Initializer, Yield
from .schema import find_schema


@attrs.define
class Names:
    """The names of all values of a graph, and those of the outputs by the operation that ends a block.

    An output whose name is not that of its value needs a copy of the value: one value cannot be two outputs, nor be
    an input and an output of different names, nor leave a graph that it was not made in.
    """

    of: dict[Value, str] = attrs.Factory(dict)
    outputs: dict[Operation, list[str]] = attrs.Factory(dict)
    _taken: dict[str, int] = attrs.Factory(dict)

    @classmethod
    def of_function(cls, function: Function) -> Names:
        """The names that the values of the main function have in a file."""
        names = cls()
        for argument, name in zip(function.inputs, function.input_names, strict=True):
            names._claim(argument, name)
        names._ports(function)
        names._block(function.body)
        return names

    def _ports(self, function: Function) -> None:
        """Name the outputs as their ports before anything else takes these names."""
        listed = []
        given: set[Value] = set()
        for value, wished in zip(function.outputs, function.output_names, strict=True):
            if value not in self.of and wished not in self._taken:
                listed.append(self._claim(value, wished))
            elif self.of.get(value) == wished and value not in given:
                listed.append(wished)
            else:
                listed.append(self._free(wished))
            given.add(value)
        self.outputs[function.terminator] = listed

    def _claim(self, value: Value, wished: str) -> str:
        self.of[value] = name = self._free(wished)
        return name

    def _free(self, wished: str) -> str:
        """The wished name, or the first of ``name_1``, ``name_2``, ... that is free."""
        name = wished
        if name in self._taken:
            suffix = self._taken[name]
            while (name := f"{wished}_{suffix}") in self._taken:
                suffix += 1
            self._taken[wished] = suffix + 1
        self._taken[name] = 1
        return name

    def _block(self, block: Block) -> list[str]:
        """Name the values of a block, then those of the blocks inside it; gives the names that it took."""
        claimed = []
        for argument in block.args:
            if argument not in self.of:
                claimed.append(self._claim(argument, argument.name or "input"))
        for op in block:
            for result in op.results:
                if result not in self.of and not _is_left_out(op, result):
                    claimed.append(self._claim(result, result.name or _default_name(op)))
        for op in block:
            for region in op.regions:
                self._region(region.block)
        return claimed

    def _region(self, block: Block) -> None:
        claimed = self._block(block)
        terminator = block.last_op
        assert isinstance(terminator, Yield)
        made = set(block.args) | {result for op in block for result in op.results}
        claimed += self._end(terminator, made)
        for name in claimed:
            del self._taken[name]

    def _end(self, terminator: Yield, made: Container[Value]) -> list[str]:
        """Name the outputs of a graph that makes these values; gives the names of copies."""
        given: set[Value] = set()
        outputs: list[str] = []
        copies: list[str] = []
        for value in terminator.values:
            name = self.of[value]
            if value not in made or value in given:
                name = self._free(name)
                copies.append(name)
            outputs.append(name)
            given.add(value)
        self.outputs[terminator] = outputs
        return copies


def _is_left_out(op: Operation, result: OpResult) -> bool:
    """Whether an output needs no name: nothing uses it, it has none, and it may be missing."""
    if result.name or result.has_uses or isinstance(op, Initializer):
        return False
    op_type, domain, opset = getattr(op, "op_type", ""), getattr(op, "domain", ""), getattr(op, "opset", None)
    schema = find_schema(op_type, domain, opset)
    if schema is None:
        return True
    ports = schema.outputs
    port = ports[min(result.index, len(ports) - 1)]
    return bool(port.option.name == "Optional")


def _default_name(op: Operation) -> str:
    return f"{getattr(op, 'op_type', 'tensor')}_output".lower()
