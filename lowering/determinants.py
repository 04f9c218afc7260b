"""Determinants and inverses of small matrices, written out."""

from __future__ import annotations

import functools

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.types import Dim
from .decompositions import END
from .expansion import reshaped

LARGEST = 4
"""Up to this number of rows, determinants are expanded by minors: exact enough, and without pivots."""


def det(b: Builder, op: nn.Det) -> Value | None:
    """The expansion by minors; None for matrices that are too large for it."""
    minors = _Minors.of(b, op.x)
    return None if minors is None else reshaped(b, minors.minor(minors.all, minors.all), op.output.tensor.dims)


def inverse(b: Builder, op: nn.Inverse) -> Value | None:
    """The signed minors, transposed, over the determinant (Cramer's rule); None for matrices that are too large."""
    minors = _Minors.of(b, op.x)
    if minors is None:
        return None
    everything, parts = minors.all, []
    for i in everything:
        for j in everything:
            rows, columns = everything[:j] + everything[j + 1 :], everything[:i] + everything[i + 1 :]
            minor = minors.minor(rows, columns)
            parts.append(b.nn.neg(minor) if (i + j) % 2 else minor)
    signed = b.nn.concat(parts, axis=1) if len(parts) > 1 else parts[0]
    return reshaped(b, b.nn.div(signed, minors.minor(everything, everything)), op.x.tensor.dims)


class _Minors:
    """The minors of a list of matrices (B, n, n), each computed once."""

    def __init__(self, b: Builder, x: Value, batch: Dim, n: int) -> None:
        self.b, self.batch, self.n = b, batch, n
        self.x = reshaped(b, x, (batch, n, n))
        self.minor = functools.cache(self._minor)

    @classmethod
    def of(cls, b: Builder, x: Value) -> _Minors | None:
        """Those of x (..., n, n); None for matrices that are too large, or of unknown size."""
        *lead, rows, columns = x.tensor.dims
        if rows != columns or not isinstance(rows, int) or not 0 < rows <= LARGEST:
            return None
        batch = lead[0] if len(lead) == 1 else int(np.prod([d for d in lead if isinstance(d, int)]))
        is_known = len(lead) == 1 or all(isinstance(d, int) for d in lead)
        return cls(b, x, batch, rows) if is_known else None

    def _element(self, row: int, column: int) -> Value:
        """(B, 1)"""
        one = self.b.nn.slice(self.x, starts=(0, row, column), stops=(END, row + 1, column + 1), steps=(1, 1, 1))
        return reshaped(self.b, one, (self.batch, 1))

    def _minor(self, rows: tuple[int, ...], columns: tuple[int, ...]) -> Value:
        """The determinant of the rows and columns, expanded along the first row; (B, 1)."""
        if not rows:
            return self.b.constant(np.ones((1, 1), self.x.tensor.expressed.dtype), self.x.tensor.expressed)
        if len(rows) == 1:
            return self._element(rows[0], columns[0])
        total = None
        for i, column in enumerate(columns):
            term = self.b.nn.mul(self._element(rows[0], column), self.minor(rows[1:], columns[:i] + columns[i + 1 :]))
            total = term if total is None else (self.b.nn.sub if i % 2 else self.b.nn.add)(total, term)
        assert total is not None
        return total

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(range(self.n))
