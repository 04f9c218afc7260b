"""Einstein sums as transposes and matrix products, for targets that have no such operation."""

from __future__ import annotations

import math

from ..ir import Builder, Value
from ..ir.dialects import nn
from .expansion import reshaped

_Term = tuple[str, Value]
"""The letters of an operand, and the operand."""


def einsum(b: Builder, op: nn.Einsum) -> Value | None:
    """Two operands at a time: as a stack of matrix products."""
    terms, right = op.terms()
    if any(len(set(term)) != len(term) for term in terms) or not all(v.tensor.is_static for v in op.inputs):
        return None
    operands = list(zip(terms, op.inputs, strict=True))
    sizes: dict[str, int] = {}
    for operand in operands:
        for letter, size in _sizes(operand).items():
            if sizes.setdefault(letter, size) != size:
                return None  # a dimension of 1 that stands for others
    while len(operands) > 1:
        first, second = operands[:2]
        kept = set(right).union(*(term for term, _ in operands[2:]))
        operands[:2] = [_contract(b, first, second, kept)]
    term, value = operands[0]
    return _arranged(b, _summed(b, (term, value), set(right)), right)


def _summed(b: Builder, operand: _Term, kept: set[str]) -> _Term:
    """Without the letters that nobody needs."""
    term, value = operand
    axes = [i for i, letter in enumerate(term) if letter not in kept]
    if not axes:
        return operand
    return "".join(c for c in term if c in kept), b.nn.reduce_sum(value, axes=axes, keep_dims=False)


def _arranged(b: Builder, operand: _Term, order: str) -> Value:
    term, value = operand
    return value if term == order else b.nn.transpose(value, perm=[term.index(c) for c in order])


def _contract(b: Builder, first: _Term, second: _Term, kept: set[str]) -> _Term:
    """The product of two operands, summed over the letters that are in both and not kept."""
    first = _summed(b, first, kept | set(second[0]))
    second = _summed(b, second, kept | set(first[0]))
    batch = "".join(c for c in first[0] if c in second[0] and c in kept)
    inner = "".join(c for c in first[0] if c in second[0] and c not in kept)
    rows = "".join(c for c in first[0] if c not in second[0])
    columns = "".join(c for c in second[0] if c not in first[0])
    sizes = _sizes(first) | _sizes(second)

    def count(letters: str) -> int:
        return math.prod(sizes[c] for c in letters)

    lead = [sizes[c] for c in batch]
    lhs = reshaped(b, _arranged(b, first, batch + rows + inner), (*lead, count(rows), count(inner)))
    rhs = reshaped(b, _arranged(b, second, batch + inner + columns), (*lead, count(inner), count(columns)))
    y = b.nn.matmul(lhs, rhs)
    return batch + rows + columns, reshaped(b, y, [sizes[c] for c in batch + rows + columns])


def _sizes(operand: _Term) -> dict[str, int]:
    return dict(zip(operand[0], operand[1].tensor.static_shape, strict=True))
