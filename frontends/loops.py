"""Building loops: the types of what they carry are those that all trips hand on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..ir import Block, Diagnostics, Operation, Region, TensorType, Type, Value
from ..ir.dialects.nn.control import covers
from ..ir.types import I1, I64, join_types
from .folding import FoldingBuilder
from .nodes import Node, refuse

_TRIED_DEPTH, _RANKED_DEPTH = 3, 8
"""Types are tried for what loops carry, and each try of a loop lifts all loops inside again: one inside more loops than
this begins with tensors of unknown dimensions, or of unknown rank, which need few tries, or none."""

Body = Callable[[Sequence[Value]], Sequence[Value]]
"""Builds the body of a loop: takes trip, condition and carried values, gives condition, carried and scanned values."""


def build_loop(
    b: FoldingBuilder,
    diagnostics: Diagnostics,
    op: Node,
    limit: Value | None,
    going: Value | None,
    carried: Sequence[Value],
    body: Body,
    depth: int,
) -> Operation:
    """An ``nn.loop`` for a node inside of ``depth`` loops; what the body knows of the carried values is what all trips
    hand on.

    The body is built again with types that say less until they cover what it yields; ``diagnostics`` forgets what
    earlier tries reported. Raises CompileError where a trip hands on other elements than it got.
    """
    types = [_first_try(v.tensor, depth) for v in carried]
    reported = len(diagnostics.items)
    for loosen in (join_types, join_types, _of_one_rank, _of_any_rank, _of_any_rank):
        block = Block.of([TensorType((), I64), TensorType((), I1), *types], ["trip", "condition"])
        with b.inside(block):
            yielded = body(block.args)
        wider: list[Type] = []
        for i, (type, value) in enumerate(zip(types, yielded[1 : 1 + len(types)], strict=True)):
            joined = type if covers(type, value.type) else loosen(type, value.type)
            if joined is None:
                raise refuse(op, f"carries {type} as value {i}, but a trip gives {value.type}", "cast it in the body")
            wider.append(joined)
        if wider == types:
            with b.inside(block):
                b.create("nn.yield", yielded)
            made: Operation = b.create("nn.loop", limit, going, carried, regions=[Region.of(block)])
            return made
        for each in block:
            each.drop_references()
        del diagnostics.items[reported:]
        types = wider
    raise AssertionError("a tensor of unknown rank covers all")


def _first_try(type: TensorType, depth: int) -> Type:
    if depth <= _TRIED_DEPTH:
        return type
    is_ranked = depth <= _RANKED_DEPTH and type.shape is not None
    return type.with_shape((None,) * type.rank if is_ranked else None)


def _of_one_rank(a: Type, b: Type) -> Type | None:
    joined = join_types(a, b)
    if not isinstance(joined, TensorType) or joined.shape is None:
        return joined
    return joined.with_shape((None,) * len(joined.shape))


def _of_any_rank(a: Type, b: Type) -> Type | None:
    joined = join_types(a, b)
    return joined.with_shape(None) if isinstance(joined, TensorType) else None
