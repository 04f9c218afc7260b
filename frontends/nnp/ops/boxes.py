"""Choosing boxes: of those that overlap, the one with the highest score (non-maximum suppression)."""

from __future__ import annotations

import numpy as np

from ....ir import Value
from ....ir.types import I64
from .registry import Call, Lifter, lift, refuse
from .shapes import END, as_float, expect_at_most, expect_rank, numbers, reshape

MOST_BOXES = 512
"""The choice is written out box by box; more than that are refused."""


def _part(b: Lifter, x: Value, start: int, stop: int) -> Value:
    """A range of the last dimension."""
    rank = x.tensor.rank
    return b.nn.slice(x, starts=(*(0,) * (rank - 1), start), stops=(*(END,) * (rank - 1), stop), steps=(1,) * rank)


def _overlaps(b: Lifter, low: Value, high: Value, threshold: float) -> Value:
    """(B, N, N): which boxes, given by two opposite corners (B, N, 2), overlap by more than the threshold.

    What counts is the intersection divided by the union. Boxes that only touch do not overlap.
    """
    (first_low, first_high), (second_low, second_high) = (
        [b.nn.reshape(v, shape=shape) for v in (low, high)] for shape in ((0, 0, 1, 2), (0, 1, -1, 2))
    )
    sides = b.nn.sub(b.nn.minimum(first_high, second_high), b.nn.maximum(first_low, second_low))
    common = b.nn.reduce_prod(b.nn.maximum(sides, 0.0), axes=(3,), keep_dims=False)
    first, second = (
        b.nn.reduce_prod(b.nn.sub(h, v), axes=(3,), keep_dims=False)
        for h, v in ((first_high, first_low), (second_high, second_low))
    )
    union = b.nn.sub(b.nn.add(first, second), common)
    return b.nn.logical_and(b.nn.greater(b.nn.div(common, union), threshold), b.nn.greater(common, 0.0))


def _centred(b: Lifter, boxes: Value) -> tuple[Value, Value]:
    """The corners of boxes (x, y, width, height) given by their centres."""
    centre, half = _part(b, boxes, 0, 2), b.nn.mul(_part(b, boxes, 2, 4), 0.5)
    return b.nn.sub(centre, half), b.nn.add(centre, half)


def _greedy(b: Lifter, op: Call, overlaps: Value, order: Value, alive: Value) -> Value:
    """Which boxes stay, in their order: (B, C, N), starting with those that are ``alive``.

    From the best box on, each that is still there removes those behind it that it overlaps.
    """
    batch, _, count = alive.tensor.dims
    (boxes,) = numbers(op, (count,), "the number of boxes")
    expect_at_most(op, "a number of boxes", boxes, MOST_BOXES)
    rows = b.nn.gather(reshape(b, op, overlaps, (batch, boxes, boxes)), order, axis=1, batch_dims=1)  # (B, C, N, N)
    columns = b.nn.reshape(order, shape=(0, 0, 1, boxes))
    columns = b.nn.add(columns, b.constant(np.zeros((1, 1, boxes, 1)), order.tensor.expressed))
    ordered = b.nn.gather_elements(rows, columns, axis=3)
    for i in range(boxes - 1):
        one, me = (
            b.nn.slice(v, starts=(0, 0, i, *rest), stops=(END, END, i + 1, *ends), steps=(1,) * v.tensor.rank)
            for v, rest, ends in ((ordered, (0,), (END,)), (alive, (), ()))
        )
        behind = b.constant((np.arange(boxes) > i)[None, None])
        removed = b.nn.logical_and(b.nn.logical_and(b.nn.reshape(one, shape=(0, 0, boxes)), me), behind)
        alive = b.nn.logical_and(alive, b.nn.logical_not(removed))
    return alive


@lift("NmsDetection2d")
def nms_detection(b: Lifter, op: Call, x: Value) -> Value:
    """(B, N, 5 + classes): x, y, width, height, objectness, probabilities, which become products with the objectness.

    What is below thresh becomes 0. Then, class by class, so does each probability of a box that overlaps a kept one
    with a higher probability; or, without nms_per_class, everything of a box that overlaps any with more objectness.
    """
    expect_rank(op, x, 3)
    boxes, width = numbers(op, x.tensor.dims[1:], "the boxes")
    if width <= 5:
        raise refuse(op, f"needs more than five numbers a box, got {x.type}")
    overlaps = _overlaps(b, *_centred(b, x), op.nms)
    objectness = _above(b, _part(b, x, 4, 5), op.thresh)
    scores = _above(b, b.nn.mul(objectness, _part(b, x, 5, width)), op.thresh)
    if op.nms_per_class:
        by_class = b.nn.transpose(scores, perm=(0, 2, 1))
        values, order = b.nn.sort(by_class, axis=2, descending=True)
        alive = _greedy(b, op, overlaps, order, b.nn.not_equal(values, 0.0))
        _, places = b.nn.sort(order, axis=2)  # the inverse of the permutation
        kept = b.nn.gather_elements(as_float(b, alive), places, axis=2)
        scores = b.nn.mul(scores, b.nn.transpose(kept, perm=(0, 2, 1)))
    else:
        expect_at_most(op, "a number of boxes", boxes, 8 * MOST_BOXES)
        other = b.nn.reshape(objectness, shape=(0, 1, boxes))
        earlier = b.constant(np.tri(boxes, k=-1, dtype=bool))
        better = b.nn.logical_or(
            b.nn.greater(other, objectness), b.nn.logical_and(b.nn.equal(other, objectness), earlier)
        )
        beaten = b.nn.reduce_max(as_float(b, b.nn.logical_and(overlaps, better)), axes=(2,), keep_dims=True)
        kept = b.nn.sub(b.constant(1.0), beaten)
        objectness, scores = b.nn.mul(objectness, kept), b.nn.mul(scores, kept)
    return b.nn.concat([_part(b, x, 0, 4), objectness, scores], axis=2)


def _above(b: Lifter, x: Value, threshold: float) -> Value:
    """0 where x is below the threshold."""
    return b.nn.select(b.nn.less(x, threshold), b.constant(0.0), x)


@lift("ONNXNonMaxSuppression", data_dependent=True)
def onnx_non_max_suppression(b: Lifter, op: Call, boxes: Value, scores: Value) -> Value:
    """Rows (image, class, box), best first, for boxes (B, N, 4) and scores (B, C, N). As NonMaxSuppression of ONNX."""
    expect_rank(op, boxes, 3)
    expect_rank(op, scores, 3)
    if op.center_point_box not in (0, 1) or boxes.tensor.dims[2] != 4:
        raise refuse(op, f"has center_point_box {op.center_point_box} for {boxes.type}")
    if op.center_point_box:
        low, high = _centred(b, boxes)
    else:
        corners = _part(b, boxes, 0, 2), _part(b, boxes, 2, 4)
        low, high = b.nn.minimum(*corners), b.nn.maximum(*corners)
    values, order = b.nn.sort(scores, axis=2, descending=True)
    overlaps = _overlaps(b, low, high, op.iou_threshold)
    alive = _greedy(b, op, overlaps, order, b.nn.greater_equal(values, op.score_threshold))
    number = b.nn.cumsum(as_float(b, alive), axis=2)
    chosen = b.nn.logical_and(alive, b.nn.less_equal(number, float(op.max_output_boxes_per_class)))
    rows = b.nn.non_zero(chosen)
    box = b.nn.cast(b.nn.gather_nd(order, rows), to=I64)
    return as_float(b, b.nn.concat([_part(b, rows, 0, 2), b.nn.reshape(box, shape=(-1, 1))], axis=1))
