"""Masks of attention, bounded so that 8 bits can tell what is not masked apart."""

from __future__ import annotations

import numpy as np

from ...ir import Builder, Function, Module, Operation, Value
from ...ir.dialects import nn
from ...ir.module import constant_attribute
from ...ir.types import Array
from ..ranges import get_range, set_range

REACH = 10.0
"""So far below the greatest number of its row a number counts for nothing: exp(-10) = 0.00005, the step is 1/256."""


def bound_masks(module: Module, function: Function) -> int:
    """Raise the numbers that mask others in front of a softmax to what suffices; returns how many masks there were.

    Models add -1e9 to the scores that are not to count, or put it in their place. A range that holds such a number has
    steps of millions, in which all scores are alike. Works on ranges, so after `calibrate`.
    """
    return sum(_bound(module, function, op) for op in list(function.body) if isinstance(op, nn.Add | nn.Select))


def _bound(module: Module, function: Function, op: Operation) -> bool:
    axis = _softmax_axis(op.results[0])
    if axis is None:
        return False
    added = isinstance(op, nn.Add)
    for number in (0, 1) if added else (1, 2):
        mask, scores = op.operands[number], op.operands[1 - number if added else 3 - number]
        values, found = _real(mask), None if scores is None else get_range(function, scores)
        if values is None or found is None or _real(scores) is not None:
            continue
        # The greatest number of a row is at least the least score, where a mask leaves one; masked ones are far below.
        least, greatest = found
        level = _least_of_rows(values, axis - op.results[0].tensor.rank) if added else 0.0
        bound = level - (greatest - least) - REACH if added else least - REACH
        if not np.isfinite(bound) or values.min() >= bound:
            continue
        made = Builder.before(module, op).constant(np.maximum(values, np.float32(bound)).astype(np.float32))
        op.set_operand(number, made)
        high = greatest + max(float(values.max()), bound) if added else max(greatest, float(values.max()))
        set_range(function, op.results[0], (least + level - REACH, high))
        return True
    return False


def _softmax_axis(value: Value) -> int | None:
    """The axis along which all users of a value take a softmax; None where there is another user."""
    users = value.users
    axes = {user.axis % value.tensor.rank for user in users if isinstance(user, nn.Softmax)}
    return axes.pop() if len(axes) == 1 and all(isinstance(user, nn.Softmax) for user in users) else None


def _real(value: Value | None) -> Array | None:
    dense = constant_attribute(value)
    return dense.real() if dense is not None and dense.type.expressed.is_float else None


def _least_of_rows(values: Array, axis: int) -> float:
    """What a mask leaves of each row, at least: the greatest number along ``axis``, which counts from the end."""
    has_axis = -axis <= values.ndim
    return float((values.max(axis=axis) if has_axis else values).min())
