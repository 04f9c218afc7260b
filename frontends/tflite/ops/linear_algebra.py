"""Matrix products."""

from __future__ import annotations

from typing import Any

from ....ir import Value
from ...nodes import expect_rank, numbers
from .lifter import activated
from .registry import Lifter, lift, refuse


@lift("FULLY_CONNECTED")
def fully_connected(b: Lifter, op: Any, x: Value, filter: Value, bias: Value | None = None) -> Value:
    """The input counts as a matrix, unless ``keep_num_dims``."""
    expect_rank(op, filter, 2, 2)
    if op.weights_format != "DEFAULT":
        raise refuse(op, f"has weights in the order {op.weights_format}", "export it with weights in the default order")
    if not op.keep_num_dims and x.tensor.rank != 2:
        x = b.nn.reshape(x, shape=(-1, *numbers(op, filter.tensor.dims[1:], "the weights")))
    if not b.is_constant(filter):
        product = b.nn.matmul(x, filter, transpose_rhs=True)
        return activated(b, op, product if bias is None else b.nn.add(product, bias))
    return activated(b, op, b.nn.affine(x, b.transpose(filter, (1, 0)), bias))


@lift("BATCH_MATMUL")
def batch_matmul(b: Lifter, op: Any, x: Value, y: Value) -> Value:
    made: Value = b.nn.matmul(x, y, transpose_lhs=op.adj_x, transpose_rhs=op.adj_y)
    return made
