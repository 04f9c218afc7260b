"""Canonical forms of what limits a range; see :class:`nncc.passes.canonicalize.Canonicalize`.

``relu``, ``clip``, and ``maximum`` and ``minimum`` with a number all limit x to a range. Two in a row are one, whose
ends are those of the inner range limited by the outer one.
"""

from __future__ import annotations

import math

from ..ir import Builder, Operation, Value
from ..ir.dialects import nn
from ..ir.rewrite import OpRewrite, Rewriter, rewrite, splat_number
from ..ir.types import TensorType

Range = tuple[float, float]


@rewrite("canonicalize")
class LimitRange(OpRewrite):
    """minimum(maximum(x, 0), 6)   →   clip(x, 0, 6);   clip(x, 0, inf)   →   relu(x);   clip(x, -inf, inf)   →   x"""

    def match_and_rewrite(self, op: nn.Relu | nn.Clip | nn.Maximum | nn.Minimum, rw: Rewriter) -> bool:
        limited = limits(op)
        if limited is None:
            return False
        x, (low, high) = limited
        inner_op = x.defining_op
        inner = limits(inner_op) if inner_op is not None else None
        if inner_op is not None and inner is not None:
            x, (inner_low, inner_high) = inner
            low, high = min(max(inner_low, low), high), min(max(inner_high, low), high)
            return rw.replace(op, limit(rw.builder(op, [inner_op]), x, low, high))
        if isinstance(op, nn.Relu) or (isinstance(op, nn.Clip) and (low, high) not in _NAMED):
            return False
        return rw.replace(op, limit(rw.builder(op), x, low, high))


_NAMED = {(0.0, math.inf), (-math.inf, math.inf)}
"""The ranges that are not written as a clip: relu, and x itself."""


def limits(op: Operation) -> tuple[Value, Range] | None:
    """What an operation limits, and to which range; None for one that does something else.

    Of floats only: a clip of integers rounds its limits.
    """
    result = op.results[0].type if op.results else None
    if not isinstance(result, TensorType) or result.element != result.expressed or not result.expressed.is_float:
        return None
    if isinstance(op, nn.Relu):
        return op.x, (0.0, math.inf)
    if isinstance(op, nn.Clip):
        return op.x, (op.min, op.max)
    if isinstance(op, nn.Maximum | nn.Minimum):
        for x, bound in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
            number = splat_number(bound)
            if number is not None and not math.isnan(number) and x.type == result:
                return x, (number, math.inf) if isinstance(op, nn.Maximum) else (-math.inf, number)
    return None


def limit(b: Builder, x: Value, low: float, high: float) -> Value:
    """x limited to a range, in canonical form."""
    if (low, high) == (-math.inf, math.inf):
        return x
    if (low, high) == (0.0, math.inf):
        return b.nn.relu(x)
    return b.nn.clip(x, min=low, max=high)
