"""Whether two modules are the same: operations, values and their names, attributes, data and locations."""

from __future__ import annotations

from nncc.ir import Block, DenseResource, Module, Operation, Value
from nncc.ir.attributes import Attribute, attribute_key


def assert_same(a: Module, b: Module, data: bool = True) -> None:
    """Fails, naming the first difference; ``data``: whether the arrays of resources must be there and be equal."""
    values: dict[Value, Value] = {}
    _pair_values(a, b, values)
    _compare(a, b, values, data)


def _pair_values(a: Operation, b: Operation, values: dict[Value, Value]) -> None:
    assert len(a.results) == len(b.results)
    values.update(zip(a.results, b.results, strict=True))
    assert len(a.regions) == len(b.regions), f"{a.name}: {len(a.regions)} and {len(b.regions)} regions"
    for ours, theirs in zip(a.regions, b.regions, strict=True):
        assert len(ours.blocks) == len(theirs.blocks)
        for block, other in zip(ours.blocks, theirs.blocks, strict=True):
            _pair_blocks(block, other, values)


def _pair_blocks(block: Block, other: Block, values: dict[Value, Value]) -> None:
    assert [op.name for op in block] == [op.name for op in other]
    assert len(block.args) == len(other.args)
    values.update(zip(block.args, other.args, strict=True))
    for op, counterpart in zip(block, other, strict=True):
        _pair_values(op, counterpart, values)


def _compare(a: Operation, b: Operation, values: dict[Value, Value], data: bool) -> None:
    for op, other in zip(a.walk(), b.walk(), strict=True):
        assert type(op) is type(other) and op.name == other.name
        assert [v and values[v] for v in op.operands] == list(other.operands), op.name
        assert op.location == other.location
        assert op.attributes.keys() == other.attributes.keys()
        for key, value in op.attributes.items():
            assert _comparable(value, data) == _comparable(other.attributes[key], data), f"{op.name}: {key}"
    for value, other_value in values.items():
        assert (value.name or None, value.type) == (other_value.name, other_value.type)


def _comparable(value: Attribute, data: bool) -> object:
    if isinstance(value, DenseResource):
        content = (str(value.numpy().dtype), value.numpy().tobytes()) if data else None
        return (value.resource.key, value.resource.name, value.type, content)
    if isinstance(value, tuple):
        return tuple(_comparable(v, data) for v in value)
    if isinstance(value, dict):
        return {k: _comparable(v, data) for k, v in value.items()}
    return attribute_key(value)
