"""Reshapes in either layout: when a reshape between permuted tensors is still only a reshape.

A reshape keeps the elements in order. Cut the sizes of both shapes into common factors, the *atoms*: (2, 12) to
(2, 3, 4) has the atoms 2, 3, 4. The order of the atoms in memory is known for either layout of either side, and where
the orders of the two sides agree the elements need not move.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ...ir.layout import is_identity, permute
from ...ir.types import Dim

Atoms = tuple[tuple[int, ...], ...]
"""The numbers of the atoms that each dimension consists of."""


def common_atoms(before: Sequence[Dim], after: Sequence[Dim]) -> tuple[Atoms, Atoms] | None:
    """The atoms of two shapes with the same elements; None where the shapes have no common factors.

    A symbol is an atom by itself, if it stands in both shapes. Dimensions of size 1 have no atoms.
    """
    left, right = [d for d in before if d != 1], [d for d in after if d != 1]
    found_left, found_right = _cut(left), _cut(right)
    number = 0
    i = j = 0
    rest_left: Dim = left[0] if left else None
    rest_right: Dim = right[0] if right else None
    while i < len(left) and j < len(right):
        atom = _common(rest_left, rest_right)
        if atom is None:
            return None
        found_left[i].append(number)
        found_right[j].append(number)
        number += 1
        rest_left, rest_right = _divided(rest_left, atom), _divided(rest_right, atom)
        if rest_left == 1:
            i += 1
            rest_left = left[i] if i < len(left) else None
        if rest_right == 1:
            j += 1
            rest_right = right[j] if j < len(right) else None
    if i < len(left) or j < len(right):
        return None
    return _with_units(before, found_left), _with_units(after, found_right)


def _cut(dims: Sequence[Dim]) -> list[list[int]]:
    return [[] for _ in dims]


def _common(a: Dim, b: Dim) -> Dim:
    """The atom that both begin with; None where they share none."""
    if a == b:
        return a
    if not (isinstance(a, int) and isinstance(b, int)):
        return None
    small, large = sorted((a, b))
    return small if small > 0 and large % small == 0 else None


def _divided(dim: Dim, atom: Dim) -> Dim:
    return 1 if dim == atom else dim // atom  # type: ignore[operator]  # unequal atoms are numbers


def _with_units(dims: Sequence[Dim], found: list[list[int]]) -> Atoms:
    rest = iter(found)
    return tuple(() if d == 1 else tuple(next(rest)) for d in dims)


def is_free(before: Sequence[Dim], after: Sequence[Dim], stored: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether a reshape stays a mere reshape between tensors that lie in memory permuted.

    ``before`` and ``after`` are the shapes as the model has them; the operand lies in memory with its dimensions in the
    order ``stored``, the result in the order ``wanted``.
    """
    atoms = common_atoms(before, after)
    if atoms is None:
        return is_identity(stored) and is_identity(wanted)
    left, right = atoms
    return sum(permute(left, stored), ()) == sum(permute(right, wanted), ())


def derived_order(before: Sequence[Dim], after: Sequence[Dim], stored: Sequence[int]) -> tuple[int, ...] | None:
    """The order of the result's dimensions for which the reshape moves nothing; None where there is none."""
    atoms = common_atoms(before, after)
    if atoms is None:
        return None
    left, right = atoms
    place = {atom: i for i, atom in enumerate(sum(permute(left, stored), ()))}
    begins: list[int] = []
    for dim in right:  # a dimension of size 1 stays behind the one before it
        begins.append(place[dim[0]] if dim else begins[-1] if begins else -1)
    order = tuple(sorted(range(len(after)), key=lambda axis: begins[axis]))
    return order if is_free(before, after, stored, order) else None


def reshape_attribute(dims: Sequence[Dim]) -> tuple[int, ...] | None:
    """The attribute of a reshape to these dimensions: one that is not a number can be left to -1; None for more."""
    if sum(not isinstance(d, int) for d in dims) > 1:
        return None
    return tuple(d if isinstance(d, int) else -1 for d in dims)


def is_flatten(image: Sequence[Dim], features: Sequence[Dim]) -> bool:
    """Whether ``features`` is (N, K) and ``image`` (N, d...) with K = prod(d)."""
    known = [d for d in image[1:] if isinstance(d, int)]
    return len(known) == len(image) - 1 and image[0] == features[0] and prod(known) == features[1]
