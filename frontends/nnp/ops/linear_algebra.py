"""Determinants, inverses and Cholesky factors of batches of matrices."""

from __future__ import annotations

import numpy as np

from ....ir import Value
from .registry import Call, Lifter, lift, refuse
from .shapes import END, expect_rank, numbers

LARGEST_FACTOR = 64
"""Up to this size Cholesky's algorithm is written out, a few operations a column."""


@lift("BatchDet")
def batch_det(b: Lifter, op: Call, x: Value) -> Value:
    expect_rank(op, x, 3)
    return b.nn.det(x)


@lift("BatchLogdet")
def batch_logdet(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.log(b.nn.abs(batch_det(b, op, x)))


@lift("BatchInv")
def batch_inv(b: Lifter, op: Call, x: Value) -> Value:
    expect_rank(op, x, 3)
    return b.nn.inverse(x)


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
