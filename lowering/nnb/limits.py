"""What nnabla-c-runtime cannot do of the functions that it has; found by running it beside NNabla."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...ir.dialects.nnb import NnbFunction

Fault = tuple[str, str]
"""The reason, and the remedy."""
_Check = Callable[[Any], "Fault | None"]
_CHECKS: dict[str, list[_Check]] = {}

_LIFT = "lift-nnp and lower-to-nnp{runtime=nnablart} express it by others"


def fault(op: NnbFunction) -> Fault | None:
    """Why the runtime fails at a function or computes something else, and what to do; None where it is right."""
    name = op.function_type.name
    if not op.nnb_type.is_implemented:
        return f"nnabla-c-runtime knows {name} by its id, and has no code for it", _LIFT
    if getattr(op, "channel_last", False):
        return "the runtime computes with channels first alone", _LIFT
    for check in _CHECKS.get(name, ()):
        found = check(op)
        if found is not None:
            return found
    return None


def _checks(*names: str) -> Callable[[_Check], _Check]:
    def register(check: _Check) -> _Check:
        for name in names:
            _CHECKS.setdefault(name, []).append(check)
        return check

    return register


@_checks("Softmax", "Concatenate", "Stack", "Split", "Flip", "Sum", "Transpose")
def _axes(op: Any) -> Fault | None:
    axes = [op.axis] if hasattr(op, "axis") else op.axes
    return ("an axis is negative: the runtime does not count from the end", _LIFT) if min(axes, default=0) < 0 else None


@_checks("Sum")
def _order(op: Any) -> Fault | None:
    return ("its axes are not in order", _LIFT) if list(op.axes) != sorted(set(op.axes)) else None


@_checks("Slice")
def _slice(op: Any) -> Fault | None:
    if min(op.step, default=1) < 1 or min(op.start, default=0) < 0:
        return "the runtime takes negative starts and steps for 0 and 1", _LIFT
    return None


@_checks("Add2", "Sub2", "Mul2", "Div2", "Pow2", "Maximum2", "Minimum2")
def _ranks(op: Any) -> Fault | None:
    ranks = {v.tensor.rank for v in (*op.operands, *op.results) if v is not None}
    if len(ranks) > 1 or ranks == {0}:
        return "its operands have different ranks, or no dimension: the runtime broadcasts dimensions of 1 alone", _LIFT
    return None


@_checks("BatchMatmul")
def _batch_matmul(op: Any) -> Fault | None:
    return "the runtime adds to what lies in the memory of the result: only the first run is right", _LIFT


@_checks("BatchNormalization")
def _batch_normalization(op: Any) -> Fault | None:
    if len(op.axes) != 1 or len(op.operands) < 5 or None in op.operands:
        return "the runtime needs all five inputs, and one axis", _LIFT
    if op.batch_stat:
        return "it normalizes by the batch, and the runtime then writes into the stored mean and variance", _LIFT
    return None


@_checks("Pad")
def _pad(op: Any) -> Fault | None:
    return (f"the runtime has no mode '{op.mode}'", _LIFT) if op.mode not in ("constant", "reflect") else None


@_checks("MaxPooling", "AveragePooling", "SumPooling")
def _pool(op: Any) -> Fault | None:
    if len(op.kernel) not in (2, 3) or len(op.stride) not in (0, len(op.kernel)):
        return f"the runtime pools over 2 or 3 axes, not {len(op.kernel)}", _LIFT
    return None


@_checks("Dropout")
def _dropout(op: Any) -> Fault | None:
    return "the runtime multiplies by 1 - p, which NNabla does in training", _LIFT


@_checks("BinarySigmoid", "BinaryTanh")
def _binary(op: Any) -> Fault | None:
    return "at 0 the runtime gives 1, and NNabla does not", _LIFT
