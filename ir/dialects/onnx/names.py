"""Names of values in a file: every value needs one, and no graph may have one twice, nor one of a graph around it."""

from __future__ import annotations

from collections.abc import Container, Sequence

import attrs

from ...core import Block, Operation, Value
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
        reserved: dict[Value, str] = {}
        for value, name in zip(function.outputs, function.output_names, strict=True):
            if value not in names.of and value not in reserved and name not in names._taken:
                reserved[value] = name
        for value, name in reserved.items():
            names._claim(value, name)
        names._block(function.body)
        names._end(function.body, function.output_names, names.of)
        return names

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
        wished = [self.of[v] if v is not None else "" for v in terminator.operands]
        claimed += self._end(block, wished, made)
        for name in claimed:
            del self._taken[name]

    def _end(self, block: Block, wished: Sequence[str], own: Container[Value]) -> list[str]:
        """Name the outputs of a block; ``own`` are the values that it may give away under their own names."""
        terminator = block.last_op
        assert terminator is not None
        given: set[Value] = set()
        outputs: list[str] = []
        copies: list[str] = []
        for value, name in zip(terminator.operands, wished, strict=True):
            assert value is not None
            if self.of[value] == name and value in own and value not in given:
                outputs.append(name)
            else:
                copies.append(self._free(name))
                outputs.append(copies[-1])
            given.add(value)
        self.outputs[terminator] = outputs
        return copies


def _is_left_out(op: Operation, result: Value) -> bool:
    """Whether an output needs no name: nothing uses it, it has none, and it may be missing."""
    if result.name or result.has_uses or isinstance(op, Initializer):
        return False
    op_type, domain, opset = getattr(op, "op_type", ""), getattr(op, "domain", ""), getattr(op, "opset", None)
    schema = find_schema(op_type, domain, opset)
    if schema is None:
        return True
    ports = schema.outputs
    index = op.results.index(result)  # type: ignore[arg-type]
    port = ports[min(index, len(ports) - 1)]
    return bool(port.option.name == "Optional")


def _default_name(op: Operation) -> str:
    return f"{getattr(op, 'op_type', 'tensor')}_output".lower()
