"""Sorting along an axis."""

from __future__ import annotations

import numpy as np

from ...opdef import BOOL, INT, TYPE, attribute, operand, result
from ...types import I32, Array, Dim, ElementType, TensorType
from .base import NUMBER_ELEMENT, NNOp, checked_index


def sorted_indices(x: Array, axis: int, descending: bool) -> Array:
    """The indices that sort x along an axis; equal elements keep their order."""
    if not descending:
        return np.argsort(x, axis, kind="stable")
    backwards = np.argsort(np.flip(x, axis), axis, kind="stable")
    return np.flip(x.shape[axis] - 1 - backwards, axis)


class SortingOp(NNOp):
    """Base of the operations that give sorted values and where they were."""

    x = operand()
    axis = attribute(INT, "the axis, a negative one from the end", default=-1)
    values = result("elements of x")
    indices = result("where they were along the axis")

    @property
    def index_element(self) -> ElementType:
        """The element type of the indices."""
        return I32

    def infer_along(self, length: Dim) -> tuple[TensorType, TensorType]:
        """The types of the results; the axis gets the length, or keeps its own where that is None."""
        element = self.expect_element("x", self.x, NUMBER_ELEMENT)
        shape = self.x.tensor.shape
        if shape is not None:
            axis = self.axis_in(self.axis, len(shape))
            shape = (*shape[:axis], shape[axis] if length is None else length, *shape[axis + 1 :])
        return TensorType(shape, element), TensorType(shape, self.index_element)


class Sort(SortingOp, name="nn.sort"):
    """The elements in order along an axis, and the indices they had (i32); equal ones keep their order"""

    descending = attribute(BOOL, "whether the greatest come first", default=False)

    def infer(self) -> tuple[TensorType, TensorType]:
        return self.infer_along(None)

    def evaluate(self, x: Array) -> tuple[Array, Array]:
        indices = sorted_indices(x, self.axis, self.descending)
        return np.take_along_axis(x, indices, self.axis), indices.astype(np.int32)


class TopK(SortingOp, name="nn.top_k"):
    """The k greatest elements along an axis, and their indices; of equal ones, the first.

    They come in order, the greatest first, or the smallest if not ``largest``; any order would do where ``sorted`` is
    false. As TopK of ONNX, TOPK_V2 of TFLite.
    """

    k = attribute(INT, "how many")
    largest = attribute(BOOL, "whether the greatest are wanted, or the smallest", default=True)
    sorted = attribute(BOOL, "whether the order matters", default=True)
    index = attribute(TYPE, "the element type of the indices: i32 or i64", default=I32)

    @property
    def index_element(self) -> ElementType:
        return checked_index(self)

    def infer(self) -> tuple[TensorType, TensorType]:
        types = self.infer_along(self.k)
        shape = self.x.tensor.shape
        length = None if shape is None else shape[self.axis]
        if self.k < 0 or (isinstance(length, int) and self.k > length):
            raise self.error(
                f"expected 'k' to be at most the length of axis {self.axis} of {self.x.type}, got {self.k}"
            )
        return types

    def evaluate(self, x: Array) -> tuple[Array, Array]:
        indices = np.take(sorted_indices(x, self.axis, self.largest), range(self.k), self.axis)
        return np.take_along_axis(x, indices, self.axis), indices.astype(self.index_element.dtype)
