"""Softmax and normalizations, along the last axis."""

from __future__ import annotations

from typing import Any

from ....ir import Value
from ...nodes import expect_rank
from .lifter import activated
from .registry import Lifter, lift

_LEAST_SQUARE = 1e-12
"""What the sum of squares is at least in L2_NORMALIZATION: the kernel's 1e-6, squared."""


@lift("SOFTMAX")
def softmax(b: Lifter, op: Any, x: Value) -> Value:
    scaled = x if op.beta == 1.0 else b.nn.mul(x, op.beta)
    made: Value = b.nn.softmax(scaled, axis=expect_rank(op, x, 1) - 1)
    return made


@lift("LOG_SOFTMAX")
def log_softmax(b: Lifter, op: Any, x: Value) -> Value:
    made: Value = b.nn.log_softmax(x, axis=expect_rank(op, x, 1) - 1)
    return made


@lift("L2_NORMALIZATION")
def l2_normalization(b: Lifter, op: Any, x: Value) -> Value:
    squares = b.nn.reduce_sum(b.nn.square(x), axes=(expect_rank(op, x, 1) - 1,), keep_dims=True)
    return activated(b, op, b.nn.mul(x, b.nn.rsqrt(b.nn.maximum(squares, _LEAST_SQUARE))))


@lift("LOCAL_RESPONSE_NORMALIZATION")
def local_response_normalization(b: Lifter, op: Any, x: Value) -> Value:
    size, axis = 2 * op.radius + 1, expect_rank(op, x, 1) - 1
    made: Value = b.nn.lrn(x, size=size, alpha=op.alpha * size, beta=op.beta, bias=op.bias, axis=axis)
    return made
