"""Computes once what is computed twice.

%1 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
%2 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>          // gone: its users take %1
"""

from __future__ import annotations

from collections.abc import Hashable

import attrs

from ..ir import Block, Location, Module, Operation, Trait, Value
from ..ir.attributes import attribute_key
from ..ir.passes import Pass, PassContext


@attrs.define
class EliminateCommonSubexpressions(Pass, name="eliminate-common-subexpressions"):
    """Merges pure operations with equal operands (in any order where that is no matter), attributes and result types.

    An operation in a region may be replaced by one before it or by one around it, never the other way round. The
    one that stays keeps its name and takes over the locations. Two that are both outputs stay two:
    formats give each output a tensor and a name of its own. Operations with regions are not merged.
    """

    def run(self, module: Module, context: PassContext) -> bool:
        merged = sum(self._merge_in(block, _Known(None)) for block in _blocks(module))
        self.counts["operations"] += merged
        return merged > 0

    def _merge_in(self, block: Block, known: _Known) -> int:
        merged = 0
        for op in block:
            if op.regions:
                merged += sum(self._merge_in(inner, _Known(known)) for inner in _blocks(op))
            elif Trait.PURE in op.traits and op.results:
                key = expression_key(op)
                earlier = known.find(key)
                if earlier is None:
                    known.table[key] = op
                elif not any(_is_output(a) and _is_output(b) for a, b in zip(op.results, earlier.results, strict=True)):
                    _replace(op, earlier, self.name)
                    merged += 1
        return merged


@attrs.define
class _Known:
    """The expressions that are computed so far in a block, and those around it."""

    around: _Known | None
    table: dict[Hashable, Operation] = attrs.Factory(dict)

    def find(self, key: Hashable) -> Operation | None:
        scope: _Known | None = self
        while scope is not None:
            if key in scope.table:
                return scope.table[key]
            scope = scope.around
        return None


def expression_key(op: Operation) -> Hashable:
    """Two pure operations without regions compute the same exactly if their keys are equal."""
    operands = [0 if v is None else id(v) for v in op.operands]
    if Trait.COMMUTATIVE in op.traits:
        operands.sort()
    attributes = tuple(sorted((name, attribute_key(value)) for name, value in op.attributes.items()))
    return op.name, tuple(operands), attributes, tuple(r.type for r in op.results)


def _blocks(op: Operation) -> list[Block]:
    return [block for region in op.regions for block in region.blocks]


def _is_output(value: Value) -> bool:
    return any(Trait.TERMINATOR in user.traits for user in value.iter_users())


def _replace(op: Operation, earlier: Operation, pass_name: str) -> None:
    for old, new in zip(op.results, earlier.results, strict=True):
        old.replace_all_uses_with(new)
    earlier.location = Location.union([earlier.location, op.location], pass_name)
    op.erase()
