"""Branches: NNabla computes the same in every run, so both are computed and one is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import Builder, Region, TensorType, Value
from ...ir.dialects import nn
from ...ir.dialects.nn.control import yielded_values
from .expansion import expands


@expands("if")
def branches(b: Builder, op: nn.If) -> Sequence[Value] | None:
    """The operations of both branches in the place of the operation, and a choice for each result.

    None where a result has different shapes in the two.
    """
    pairs = list(zip(*(yielded_values(op, branch) for branch in op.regions), strict=True))
    if not all(_are_alike(*pair) for pair in pairs):
        return None
    for branch in op.regions:
        _move(b, branch)
    return [b.nn.select(op.condition, one, other) for one, other in pairs]


def _are_alike(one: Value, other: Value) -> bool:
    types = (one.type, other.type)
    return types[0] == types[1] and isinstance(one.type, TensorType) and None not in (one.type.shape or (None,))


def _move(b: Builder, branch: Region) -> None:
    """Put the operations of a region at the builder's place; the one that ends it goes."""
    for inner in branch.block:
        inner.unlink()
        if isinstance(inner, nn.Yield):
            inner.drop_references()
        else:
            b.insert(inner)
