"""Choosing boxes that overlap."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....ir import Value
from ....ir.types import I32, I64
from ...nodes import expect_affordable
from ...sizes import END, as_scalar, cast, filled, reshape, sizes_of
from .registry import Lifter, lift, refuse


def _chosen(b: Lifter, op: Any, boxes: Value, scores: Value, limits: tuple[Value, Value, Value]) -> tuple[Value, int]:
    """The indices of the boxes that are kept, best first, and how many they are at most."""
    (most,) = b.known_ints(op, limits[0], "the number of boxes")
    expect_affordable(op, "a result", most)
    rows = b.nn.non_max_suppression(
        reshape(b, boxes, [1, *sizes_of(boxes)]),
        reshape(b, scores, [1, 1, *sizes_of(scores)]),
        b.constant(np.int64(most)),
        as_scalar(b, limits[1]),
        as_scalar(b, limits[2]),
    )
    column = b.nn.slice(rows, starts=(0, 2), stops=(END, 3), steps=(1, 1))
    return b.nn.reshape(column, shape=(-1,)), most


def _padded(b: Lifter, x: Value, length: int) -> Value:
    """A vector with zeros behind, so that it has a length."""
    longer = b.nn.concat([x, filled(b, 0, (length,), x.tensor.storage)], axis=0)
    made: Value = b.nn.slice(longer, starts=(0,), stops=(length,), steps=(1,))
    made.type = made.tensor.with_shape((length,))
    return made


def _count(b: Lifter, indices: Value) -> Value:
    return as_scalar(b, cast(b, b.nn.shape_of(indices), I32))


@lift("NON_MAX_SUPPRESSION_V4")
def non_max_suppression_v4(b: Lifter, op: Any, boxes: Value, scores: Value, *limits: Value) -> Any:
    indices, most = _chosen(b, op, boxes, scores, (limits[0], limits[1], limits[2]))
    return _padded(b, cast(b, indices, I32), most), _count(b, indices)


@lift("NON_MAX_SUPPRESSION_V5")
def non_max_suppression_v5(b: Lifter, op: Any, boxes: Value, scores: Value, *limits: Value) -> Any:
    sigma = b.array(limits[3])
    if sigma is None or sigma.reshape(-1)[0]:
        raise refuse(op, "lowers the scores of boxes that overlap (soft_nms_sigma)", "set soft_nms_sigma to 0")
    indices, most = _chosen(b, op, boxes, scores, (limits[0], limits[1], limits[2]))
    kept = b.nn.gather(scores, cast(b, indices, I64), axis=0)
    return _padded(b, cast(b, indices, I32), most), _padded(b, kept, most), _count(b, indices)
