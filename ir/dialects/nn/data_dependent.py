"""Operations whose results have sizes that depend on the data: inference leaves such a dimension unknown."""

from __future__ import annotations

import numpy as np

from ...core import Value
from ...opdef import BOOL, INT, attribute, operand, result
from ...types import I64, Array, Dim, TensorType
from .base import BOOL_ELEMENT, FLOAT_ELEMENT, INTEGER_ELEMENT, NNOp
from .shape_operands import expect_single


class NonZero(NNOp, name="nn.non_zero"):
    """The places where x is not zero (or true), a row of indices each, in row-major order: (K, rank of x), i64.

    As WHERE of TFLite and tf.where; NonZero of ONNX gives the transpose.
    """

    x = operand()
    output = result("(K, rank of x), K being the number of places")

    def infer(self) -> TensorType:
        x = self.x.tensor
        return TensorType((None, None if x.shape is None else x.rank), I64)

    def evaluate(self, x: Array) -> Array:
        return np.argwhere(x)


class Compress(NNOp, name="nn.compress"):
    """The slices of x along an axis for which a condition holds; without ``axis``, of the flattened x.

    A condition that is shorter than the axis is false for the rest. As Compress of ONNX.
    """

    x = operand()
    condition = operand("a vector of i1, not longer than the axis")
    axis = attribute(INT, "the axis, a negative one from the end; x is flattened if not given", default=None)
    output = result("the shape of x, with K along the axis; or (K,)")

    def infer(self) -> TensorType:
        self.expect_element("condition", self.condition, BOOL_ELEMENT)
        self.expect_rank("condition", self.condition, 1)
        x = self.x.tensor
        if self.axis is None:
            return TensorType((None,), x.expressed)
        if x.shape is None:
            return TensorType(None, x.expressed)
        axis = self.axis_in(self.axis, x.rank)
        return TensorType((*x.dims[:axis], None, *x.dims[axis + 1 :]), x.expressed)

    def evaluate(self, x: Array, condition: Array) -> Array:
        return np.compress(condition, x, self.axis)


class Unique(NNOp, name="nn.unique"):
    """The different elements of x, or its different slices along an axis, with where they were. As Unique of ONNX.

    In ascending order if ``sorted``, else in the order of their first occurrence. ``first`` is where each occurs first,
    ``inverse`` which of the values each element of x is, and ``counts`` how often each occurs.
    """

    x = operand()
    axis = attribute(INT, "the axis, a negative one from the end; x is flattened if not given", default=None)
    sorted = attribute(BOOL, "whether the values are in order", default=True)
    values = result("(K,), or the shape of x with K along the axis")
    first = result("(K,) i64")
    inverse = result("(number of elements, or length of the axis) i64")
    counts = result("(K,) i64")

    def infer(self) -> tuple[TensorType, ...]:
        x = self.x.tensor
        each = TensorType((None,), I64)
        if self.axis is None:
            length: Dim = x.size if x.is_static else None
            return TensorType((None,), x.expressed), each, TensorType((length,), I64), each
        if x.shape is None:
            return TensorType(None, x.expressed), each, each, each
        axis = self.axis_in(self.axis, x.rank)
        values = TensorType((*x.dims[:axis], None, *x.dims[axis + 1 :]), x.expressed)
        return values, each, TensorType((x.dims[axis],), I64), each

    def evaluate(self, x: Array) -> tuple[Array, ...]:
        rows = x.reshape(-1, 1) if self.axis is None else np.moveaxis(x, self.axis, 0).reshape(x.shape[self.axis], -1)
        first, inverse, counts = _unique_rows(rows)
        values = np.take(x.reshape(-1) if self.axis is None else x, first, self.axis or 0)
        if not self.sorted:
            order = np.argsort(first, kind="stable")
            places = np.argsort(order, kind="stable")
            values = np.take(values, order, 0 if self.axis is None else self.axis)
            first, inverse, counts = first[order], places[inverse], counts[order]
        return values, first.astype(np.int64), inverse.astype(np.int64), counts.astype(np.int64)


class NonMaxSuppression(NNOp, name="nn.non_max_suppression"):
    """Boxes that overlap no better one of their class too much: rows (batch, class, box), i64.

    For each class of each sample, boxes are taken in the order of their scores, those above ``score_threshold`` alone;
    one whose intersection over union with a box taken before is above ``iou_threshold`` (0 if left out) is dropped. At
    most ``max_output`` (none if left out) are kept of each class. As NonMaxSuppression of ONNX.
    """

    boxes = operand("(B, N, 4): two opposite corners (y, x, y, x), or (x, y, width, height) with center_point_box")
    scores = operand("(B, classes, N)")
    max_output = operand("an integer, or a vector of one", optional=True)
    iou_threshold = operand("a float, or a vector of one", optional=True)
    score_threshold = operand("a float, or a vector of one; all scores count if left out", optional=True)
    center_point_box = attribute(BOOL, "whether boxes are given by center and size", default=False)
    output = result("(K, 3)")

    def infer(self) -> TensorType:
        for name in ("boxes", "scores"):
            value: Value = getattr(self, name)
            self.expect_element(name, value, FLOAT_ELEMENT)
            self.expect_rank(name, value, 3)
        boxes, scores = self.boxes.tensor.shape, self.scores.tensor.shape
        if boxes is not None:
            self.expect_dim("boxes", self.boxes, 2, 4)
        if boxes is not None and scores is not None:
            self.expect_dim("scores", self.scores, 0, boxes[0])
            self.expect_dim("scores", self.scores, 2, boxes[1])
        kinds = (("max_output", INTEGER_ELEMENT), ("iou_threshold", FLOAT_ELEMENT), ("score_threshold", FLOAT_ELEMENT))
        for name, kind in kinds:
            given: Value | None = getattr(self, name)
            if given is not None:
                self.expect_element(name, given, kind)
                expect_single(self, name, given)
        return TensorType((None, 3), I64)

    def evaluate(
        self, boxes: Array, scores: Array, most: Array | None, iou: Array | None, least: Array | None
    ) -> Array:
        limit = 0 if most is None else int(most.reshape(()))
        overlap = 0.0 if iou is None else float(iou.reshape(()))
        threshold = None if least is None else float(least.reshape(()))
        rows = []
        for sample, places in enumerate(_corners(boxes, self.center_point_box)):
            for label, points in enumerate(scores[sample]):
                rows += [(sample, label, box) for box in _suppressed(places, points, limit, overlap, threshold)]
        return np.array(rows, np.int64).reshape(-1, 3)


def _unique_rows(rows: Array) -> tuple[Array, Array, Array]:
    """Of the different rows of a matrix in ascending order: first places, which of them each row is, and counts."""
    ranks = np.stack([np.unique(column, return_inverse=True)[1].reshape(-1) for column in rows.T], 1)
    _, first, inverse, counts = np.unique(ranks, return_index=True, return_inverse=True, return_counts=True, axis=0)
    return first, inverse.reshape(-1), counts  # the shape of the inverse differs between versions of numpy


def _corners(boxes: Array, center_point_box: bool) -> Array:
    """(..., 4): the lower and the upper corner of each box."""
    if center_point_box:
        half = boxes[..., 2:] / 2
        return np.concatenate([boxes[..., :2] - half, boxes[..., :2] + half], -1)
    first, second = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([np.minimum(first, second), np.maximum(first, second)], -1)


def _suppressed(boxes: Array, scores: Array, limit: int, overlap: float, threshold: float | None) -> list[int]:
    """The numbers of the boxes (corners) that are kept, the best first."""
    order = np.argsort(-scores, kind="stable")
    if threshold is not None:
        order = order[scores[order] > threshold]
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], -1)
    kept: list[int] = []
    while order.size and len(kept) < limit:
        best, others = int(order[0]), order[1:]
        kept.append(best)
        sides = np.minimum(boxes[others, 2:], boxes[best, 2:]) - np.maximum(boxes[others, :2], boxes[best, :2])
        common = np.prod(np.maximum(sides, 0), -1)
        ratio = common / (areas[others] + areas[best] - common)
        order = others[~((ratio > overlap) & (common > 0))]  # boxes without area have no ratio
    return kept
