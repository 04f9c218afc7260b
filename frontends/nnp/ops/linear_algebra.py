"""Determinants, inverses and Cholesky factors of batches of small matrices, written out."""

from __future__ import annotations

import functools

import numpy as np

from ....ir import Value
from .registry import Call, Lifter, lift, refuse
from .shapes import END, expect_rank, numbers, reshape

LARGEST_BY_MINORS = 4
"""Up to this size determinants are expanded by minors: exact enough, and without pivots."""
LARGEST_FACTOR = 64
"""Up to this size Cholesky's algorithm is written out, a few operations a column."""


class _Minors:
    """The minors of a batch of matrices (B, n, n), each computed once."""

    def __init__(self, b: Lifter, op: Call, x: Value) -> None:
        self.b, self.op, self.x = b, op, x
        expect_rank(op, x, 3)
        rows, self.n = numbers(op, x.tensor.dims[1:], "the matrices")
        if rows != self.n or self.n > LARGEST_BY_MINORS:
            raise refuse(op, f"is expanded for square matrices up to {LARGEST_BY_MINORS} rows, got {x.type}")
        self.minor = functools.cache(self._minor)

    def _element(self, row: int, column: int) -> Value:
        """(B, 1)"""
        one = self.b.nn.slice(self.x, starts=(0, row, column), stops=(END, row + 1, column + 1), steps=(1, 1, 1))
        return reshape(self.b, self.op, one, (self.x.tensor.dims[0], 1))

    def _minor(self, rows: tuple[int, ...], columns: tuple[int, ...]) -> Value:
        """The determinant of the rows and columns, expanded along the first row; (B, 1)."""
        if not rows:
            return self.b.constant(np.ones((1, 1), np.float32))
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


@lift("BatchDet")
def batch_det(b: Lifter, op: Call, x: Value) -> Value:
    minors = _Minors(b, op, x)
    return reshape(b, op, minors.minor(minors.all, minors.all), x.tensor.dims[:1])


@lift("BatchLogdet")
def batch_logdet(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.log(b.nn.abs(batch_det(b, op, x)))


@lift("BatchInv")
def batch_inv(b: Lifter, op: Call, x: Value) -> Value:
    """The matrix of the signed minors, transposed, divided by the determinant (Cramer's rule)."""
    minors = _Minors(b, op, x)
    everything = minors.all
    parts = []
    for i in everything:
        for j in everything:
            rows, columns = everything[:j] + everything[j + 1 :], everything[:i] + everything[i + 1 :]
            minor = minors.minor(rows, columns)
            parts.append(b.nn.neg(minor) if (i + j) % 2 else minor)
    flat = b.nn.div(b.nn.concat(parts, axis=1) if len(parts) > 1 else parts[0], minors.minor(everything, everything))
    return reshape(b, op, flat, x.tensor.dims)


@lift("BatchCholesky")
def batch_cholesky(b: Lifter, op: Call, x: Value) -> Value:
    """The triangular factor, column by column: what is left of a column, divided by the root of its first element."""
    expect_rank(op, x, 3)
    rows, n = numbers(op, x.tensor.dims[1:], "the matrices")
    if rows != n or n > LARGEST_FACTOR:
        raise refuse(op, f"is written out for square matrices up to {LARGEST_FACTOR} rows, got {x.type}")
    rest, columns = x, []
    for k in range(n):
        column = b.nn.slice(rest, starts=(0, 0, k), stops=(END, n, k + 1), steps=(1, 1, 1))
        pivot = b.nn.slice(column, starts=(0, k, 0), stops=(END, k + 1, 1), steps=(1, 1, 1))
        below = b.nn.mul(column, b.constant((np.arange(n) >= k).astype(np.float32)[:, None]))
        columns.append(b.nn.mul(below, b.nn.rsqrt(pivot)))
        rest = b.nn.sub(rest, b.nn.matmul(columns[-1], columns[-1], transpose_rhs=True))
    lower = b.nn.concat(columns, axis=2) if n > 1 else columns[0]
    return b.nn.transpose(lower, perm=(0, 2, 1)) if op.upper else lower
