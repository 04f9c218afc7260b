"""What the functions that make a value say of its numbers."""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np

from ...ir import Value
from ...ir.dialects.nnp import FunctionOp, Variable

_FARTHEST = 16
"""How many functions are looked at."""
_MOVES = frozenset(
    {
        "Reshape",
        "Transpose",
        "Slice",
        "Concatenate",
        "Broadcast",
        "Tile",
        "Gather",
        "GatherNd",
        "Flip",
        "Identity",
        "Pad",
    }
)
_WHOLE = frozenset({"Ceil", "Floor", "Round", "Sign"})
_KEEP_WHOLE = frozenset(
    {
        "ReLU",
        "ReLU6",
        "Abs",
        "Reshape",
        "Transpose",
        "Slice",
        "Identity",
        "Add2",
        "Sub2",
        "Mul2",
        "Maximum2",
        "Minimum2",
    }
)
_KEEP_WHOLE_WITH_NUMBER = frozenset({"AddScalar", "MulScalar", "MaximumScalar", "MinimumScalar"})
_MIX = frozenset({"Add2", "Sub2", "Mul2", "Where", "Maximum2", "Minimum2"})
_WITH_NUMBER = frozenset({"AddScalar", "MulScalar", "MaximumScalar", "MinimumScalar", "RSubScalar"})
HUGE = 1e8


def is_whole(value: Value, integers: Container[Value]) -> bool:
    """Whether all elements are known to be whole numbers; ``integers`` are values that are."""
    pending, looked_at = [value], 0
    while pending:
        made, looked_at = pending.pop(), looked_at + 1
        if made in integers:
            continue
        op = made.defining_op
        if not isinstance(op, FunctionOp) or looked_at > _FARTHEST:
            return False
        kind = op.function_type.name
        if kind == "Where":
            pending += op.operands[1:]  # type: ignore[arg-type]  # all are there
        elif kind in _KEEP_WHOLE or (
            kind in _KEEP_WHOLE_WITH_NUMBER and float(op.attributes.get("val", 0)).is_integer()
        ):
            pending += _inputs(op)
        elif kind not in _WHOLE:
            return False
    return True


def may_be_huge(value: Value) -> bool:
    """Whether elements may be beyond 1e8: they come from an input or a constant as they are, or with others added."""
    pending, looked_at = [value], 0
    while pending:
        op, looked_at = pending.pop().defining_op, looked_at + 1
        if isinstance(op, Variable):
            if op.value is not None and bool(np.any(np.abs(op.value.read()) >= HUGE)):
                return True
        elif not isinstance(op, FunctionOp) or looked_at > _FARTHEST:
            return True
        elif op.function_type.name in _MOVES or op.function_type.name in _MIX:
            pending += _inputs(op)
        elif op.function_type.name in _WITH_NUMBER:
            if abs(op.attributes.get("val", 0.0)) >= HUGE:
                return True
            pending += _inputs(op)
    return False


def _inputs(op: FunctionOp) -> Iterator[Value]:
    return (v for v in op.operands if v is not None)
