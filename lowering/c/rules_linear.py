"""Rules for products of matrices."""

from __future__ import annotations

from typing import Any

from ...ir import Value
from .target import Target, lowers


@lowers("fully_connected")
def fully_connected(t: Target, op: Any) -> Value:
    return t.value("fully_connected", op.input, op.filter, op.bias, **t.clamp(op))


@lowers("batch_matmul")
def batch_matmul(t: Target, op: Any) -> Value:
    return t.value("matmul", op.x, op.y, transpose_lhs=op.adj_x, transpose_rhs=op.adj_y)
