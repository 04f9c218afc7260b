"""Reductions, sorting and cumulative sums by operands: axes and counts are computed where the network runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...opdef import BOOL, INT, attribute, one_of, operand, result
from ...types import F32, I64, Array, Dim, TensorType
from .base import INTEGER_ELEMENT, NUMBER_ELEMENT, ORDERED_ELEMENT, NNOp
from .indexing import one_hot
from .movement import MovementOp
from .rearrange import triangle
from .reduce import cumulated, reduce_extreme, summed
from .shape_operands import expect_single, ints_of, known_axes, known_scalar, known_vector
from .sorting import sorted_indices

_KINDS: dict[str, Callable[[Array, tuple[int, ...], bool], Array]] = {
    "sum": lambda x, axes, keep: summed(np.sum, x, axes, keep),
    "mean": lambda x, axes, keep: summed(np.mean, x, axes, keep),
    "prod": lambda x, axes, keep: summed(np.prod, x, axes, keep),
    "max": lambda x, axes, keep: reduce_extreme(np.max, x, axes, keep),
    "min": lambda x, axes, keep: reduce_extreme(np.min, x, axes, keep),
}


class DynamicReduce(NNOp, name="nn.dynamic_reduce"):
    """The sum, mean, product, maximum or minimum over the axes that an operand names, as nn.reduce_sum and so on.

    An empty ``axes`` stands for all, unless ``empty_is_none``. As ReduceSum of ONNX, and its siblings.
    """

    x = operand()
    axes = operand("a vector of integers, negative ones from the end")
    kind = attribute(one_of(*_KINDS), "what is done")
    keep_dims = attribute(BOOL, "whether the reduced axes stay, with length 1", default=True)
    empty_is_none = attribute(BOOL, "whether without axes nothing is reduced, instead of all", default=False)
    output = result()

    def infer(self) -> TensorType:
        kind = ORDERED_ELEMENT if self.kind in ("max", "min") else NUMBER_ELEMENT
        element = self.expect_element("x", self.x, kind)
        elements = known_vector(self, "axes", self.axes)
        x = self.x.tensor.shape
        if x is None:
            return TensorType(None, element)
        axes = known_axes(self, "axes", self.axes, len(x))
        if axes is not None:
            reduced = set(axes) if axes or self.empty_is_none else set(range(len(x)))
            kept: list[Dim] = [1 if i in reduced else d for i, d in enumerate(x) if self.keep_dims or i not in reduced]
            return TensorType(tuple(kept), element)
        if self.keep_dims:
            return TensorType((None,) * len(x), element)
        return TensorType(None if elements is None else (None,) * (len(x) - len(elements)), element)

    def evaluate(self, x: Array, axes: Array) -> Array:
        places = ints_of(axes)
        if not places and not self.empty_is_none:
            places = tuple(range(x.ndim))
        return _KINDS[self.kind](x, places, self.keep_dims)


class DynamicTopK(NNOp, name="nn.dynamic_top_k"):
    """The k greatest elements along an axis, and their indices; k is an operand. As nn.top_k, and TopK of ONNX."""

    x = operand()
    k = operand("how many: an integer, or a vector of one")
    axis = attribute(INT, "the axis, a negative one from the end", default=-1)
    largest = attribute(BOOL, "whether the greatest are wanted, or the smallest", default=True)
    sorted = attribute(BOOL, "whether the order matters", default=True)
    values = result("elements of x")
    indices = result("where they were along the axis (i64)")

    def infer(self) -> tuple[TensorType, TensorType]:
        element = self.expect_element("x", self.x, NUMBER_ELEMENT)
        k = known_scalar(self, "k", self.k)
        shape = self.x.tensor.shape
        if shape is not None:
            axis = self.axis_in(self.axis, len(shape))
            length = shape[axis]
            if isinstance(k, int) and (k < 0 or (isinstance(length, int) and k > length)):
                raise self.error(f"expected 'k' to be at most the length of axis {axis} of {self.x.type}, got {k}")
            shape = (*shape[:axis], k, *shape[axis + 1 :])
        return TensorType(shape, element), TensorType(shape, I64)

    def evaluate(self, x: Array, k: Array) -> tuple[Array, Array]:
        (count,) = ints_of(k)
        if not 0 <= count <= x.shape[self.axis]:
            raise ValueError(f"there are no {count} elements along an axis of {x.shape[self.axis]}")
        indices = np.take(sorted_indices(x, self.axis, self.largest), range(count), self.axis)
        return np.take_along_axis(x, indices, self.axis), indices.astype(np.int64)


class DynamicOneHot(NNOp, name="nn.dynamic_one_hot"):
    """1.0 at the place that an index names along a new axis, 0.0 elsewhere (f32); ``depth`` is the length of the axis.

    An index that is out of range (negative ones are) gives zeros alone, as in nn.one_hot.
    """

    indices = operand("integers")
    depth = operand("the length of the new axis: an integer, or a vector of one")
    axis = attribute(INT, "where the new axis stands in the result, negative from the end", default=-1)
    output = result()

    def infer(self) -> TensorType:
        self.expect_element("indices", self.indices, INTEGER_ELEMENT)
        depth = known_scalar(self, "depth", self.depth)
        if isinstance(depth, int) and depth < 0:
            raise self.error(f"expected 'depth' not to be negative, got {depth}")
        shape = self.indices.tensor.shape
        if shape is None:
            return TensorType(None, F32)
        axis = self.axis_in(self.axis, len(shape) + 1)
        return TensorType((*shape[:axis], depth, *shape[axis:]), F32)

    def evaluate(self, indices: Array, depth: Array) -> Array:
        (length,) = ints_of(depth)
        return one_hot(indices, length, self.axis)


class DynamicCumsum(NNOp, name="nn.dynamic_cumsum"):
    """The sums of nn.cumsum along the axis that an operand names. As CumSum of ONNX."""

    x = operand()
    axis = operand("an integer, or a vector of one; a negative one from the end")
    exclusive = attribute(BOOL, "whether element i leaves out x[i]", default=False)
    reverse = attribute(BOOL, "whether to go from the end to the beginning", default=False)
    output = result("the type of x")

    def infer(self) -> TensorType:
        element = self.expect_element("x", self.x, NUMBER_ELEMENT)
        axis = known_scalar(self, "axis", self.axis)
        shape = self.x.tensor.shape
        if isinstance(axis, int) and shape is not None:
            self.axis_in(axis, len(shape))
        return TensorType(shape, element)

    def evaluate(self, x: Array, axis: Array) -> Array:
        return cumulated(np.cumsum, 0, x, int(axis.reshape(())), self.exclusive, self.reverse)


class DynamicTrilu(MovementOp, name="nn.dynamic_trilu"):
    """The triangles of nn.trilu, from the diagonal that an operand numbers. As Trilu of ONNX."""

    k = operand("the number of the diagonal: an integer, or a vector of one")
    upper = attribute(BOOL, "whether what lies above is kept, or what lies below", default=True)
    output = result("the type of x")

    def infer(self) -> TensorType:
        self.expect_element("k", self.k, INTEGER_ELEMENT)
        expect_single(self, "k", self.k)
        shape = self.x.tensor.shape
        if shape is not None and len(shape) < 2:
            raise self.error(f"expected 'x' of rank 2 or more, got {self.x.type}")
        return self.typed(shape)

    def evaluate(self, x: Array, k: Array) -> Array:
        return triangle(x, self.upper, int(k.reshape(())))
