"""Equations in Einstein's notation, as files write them, in the explicit form that nn.einsum takes."""

from __future__ import annotations

import string
from collections.abc import Sequence


def explicit_equation(equation: str, ranks: Sequence[int]) -> str:
    """The equation with the result behind ``->`` and a letter for every axis: ``...`` stands for those not named.

    Without ``->`` the result has the axes of ``...``, then the letters that occur once, in alphabetical order (as
    numpy.einsum). Raises ValueError where the number of terms or of letters does not fit the operands' ranks.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError(f"has {len(ranks)} inputs for the equation '{equation}'")
    free = [c for c in string.ascii_letters if c not in equation]
    named = [len(term.replace("...", "")) for term in terms]
    for term, rank, count in zip(terms, ranks, named, strict=True):
        if rank != count if "..." not in term else rank < count:
            raise ValueError(f"has the term '{term}' for an input of rank {rank}")
    hidden = max((r - n for r, n, term in zip(ranks, named, terms, strict=True) if "..." in term), default=0)
    if hidden > len(free):
        raise ValueError(f"has more axes than there are letters: '{equation}'")
    rest = "".join(free[:hidden])
    spelt = [t.replace("...", rest[hidden - (r - n) :]) for t, r, n in zip(terms, ranks, named, strict=True)]
    if not arrow:
        once = sorted(c for c in set(left) if left.count(c) == 1 and c.isalpha())
        right = ("..." if "..." in left else "") + "".join(once)
    return f"{','.join(spelt)}->{right.replace('...', rest)}"
