"""Reductions along axes, cumulative sums, softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ...opdef import BOOL, INT, INTS, TYPE, attribute, operand, result
from ...types import I64, Array, Dim, ElementType, TensorType
from .base import FLOAT_ELEMENT, NUMBER_ELEMENT, ORDERED_ELEMENT, NNOp, accumulator, checked_index, widened


class ReduceOp(NNOp):
    """Base of the reductions: over ``axes``, which stay with length 1 unless ``keep_dims`` is false."""

    x = operand()
    axes = attribute(INTS, "the axes to reduce, negative ones from the end; with none the result is x")
    keep_dims = attribute(BOOL, "whether the reduced axes stay, with length 1", default=True)
    output = result()
    accepts: ClassVar[str] = NUMBER_ELEMENT

    def infer(self) -> TensorType:
        element = self.expect_element("x", self.x, self.accepts)
        x = self.x.tensor
        if x.shape is None:
            return TensorType(None, element)
        axes = self.axes_in(self.axes, x.rank)
        kept: list[Dim] = [1 if i in axes else d for i, d in enumerate(x.dims) if self.keep_dims or i not in axes]
        return TensorType(tuple(kept), element)


class SummingOp(ReduceOp):
    """Base of the reductions that add or multiply: in double precision, so that long ones keep their digits."""

    ufunc: ClassVar[Callable[..., Any]]

    def evaluate(self, x: Array) -> Array:
        return summed(type(self).ufunc, x, self.axes, self.keep_dims)


def summed(ufunc: Callable[..., Any], x: Array, axes: tuple[int, ...], keep_dims: bool) -> Array:
    """The sum, mean or product over axes, in double precision for floats."""
    return np.asarray(ufunc(x, axis=axes, keepdims=keep_dims, dtype=accumulator(x))).astype(x.dtype)


def reduce_extreme(ufunc: Callable[..., Any], x: Array, axes: tuple[int, ...], keep_dims: bool) -> Array:
    """The maximum (np.max) or minimum over axes; that of no elements is the lowest (greatest) of the type."""
    if x.size:
        return np.asarray(ufunc(x, axis=axes, keepdims=keep_dims))
    return np.asarray(ufunc(x, axis=axes, keepdims=keep_dims, initial=_neutral(x.dtype, ufunc is np.max)))


def _neutral(dtype: np.dtype[Any], lowest: bool) -> Any:
    if dtype.kind == "b":
        return not lowest
    if dtype.kind in "iu":
        return np.iinfo(dtype).min if lowest else np.iinfo(dtype).max
    return -np.inf if lowest else np.inf


class ReduceSum(SummingOp, name="nn.reduce_sum"):
    """The sum over axes"""

    ufunc = np.sum


class ReduceMean(SummingOp, name="nn.reduce_mean"):
    """The mean over axes; that of integers is cut towards zero"""

    ufunc = np.mean


class ReduceProd(SummingOp, name="nn.reduce_prod"):
    """The product over axes"""

    ufunc = np.prod


class ReduceMax(ReduceOp, name="nn.reduce_max"):
    """The greatest element over axes; NaN if one is"""

    accepts = ORDERED_ELEMENT

    def evaluate(self, x: Array) -> Array:
        return reduce_extreme(np.max, x, self.axes, self.keep_dims)


class ReduceMin(ReduceOp, name="nn.reduce_min"):
    """The smallest element over axes; NaN if one is"""

    accepts = ORDERED_ELEMENT

    def evaluate(self, x: Array) -> Array:
        return reduce_extreme(np.min, x, self.axes, self.keep_dims)


class ArgOp(NNOp):
    """Base of argmax and argmin: the place along one axis."""

    x = operand()
    axis = attribute(INT, "the axis to search")
    keep_dims = attribute(BOOL, "whether the axis stays, with length 1", default=True)
    index = attribute(TYPE, "the element type of the result: i32 or i64", default=I64)
    select_last_index = attribute(BOOL, "whether the last of equal ones counts, or the first", default=False)
    output = result()
    ufunc: ClassVar[Callable[..., Any]]

    @property
    def index_element(self) -> ElementType:
        """The element type of the result. Raises VerifyError where the attribute is another type."""
        return checked_index(self)

    def infer(self) -> TensorType:
        index = self.index_element
        self.expect_element("x", self.x, NUMBER_ELEMENT)
        x = self.x.tensor
        if x.shape is None:
            return TensorType(None, index)
        axis = self.axis_in(self.axis, x.rank)
        middle: tuple[Dim, ...] = (1,) if self.keep_dims else ()
        return TensorType((*x.dims[:axis], *middle, *x.dims[axis + 1 :]), index)

    def evaluate(self, x: Array) -> Array:
        if self.select_last_index:
            x = np.flip(x, self.axis)
        found = np.asarray(type(self).ufunc(x, axis=self.axis, keepdims=self.keep_dims))
        if self.select_last_index:
            found = x.shape[self.axis] - 1 - found
        return found.astype(self.index_element.dtype)


class Argmax(ArgOp, name="nn.argmax"):
    """The index of the greatest element along an axis; NaN is greater than all. As ArgMax of ONNX."""

    ufunc = np.argmax


class Argmin(ArgOp, name="nn.argmin"):
    """The index of the smallest element along an axis; NaN is smaller than all. As ArgMin of ONNX."""

    ufunc = np.argmin


class AxisOp(NNOp):
    """Base of the functions along one axis that keep the shape."""

    x = operand()
    output = result("the shape of x")
    axis = attribute(INT, "the axis, a negative one from the end")
    accepts: ClassVar[str] = FLOAT_ELEMENT

    def infer(self) -> TensorType:
        element = self.expect_element("x", self.x, self.accepts)
        x = self.x.tensor
        if x.shape is not None:
            self.axis_in(self.axis, x.rank)
        return TensorType(x.shape, element)


class CumulativeOp(AxisOp):
    """Base of the cumulative sum and product."""

    exclusive = attribute(BOOL, "whether element i leaves out x[i]", default=False)
    reverse = attribute(BOOL, "whether to go from the end to the beginning", default=False)
    accepts = NUMBER_ELEMENT
    ufunc: ClassVar[Callable[..., Any]]
    neutral: ClassVar[int]

    def evaluate(self, x: Array) -> Array:
        return cumulated(type(self).ufunc, self.neutral, x, self.axis, self.exclusive, self.reverse)


def cumulated(
    ufunc: Callable[..., Any], neutral: int, x: Array, axis: int, exclusive: bool = False, reverse: bool = False
) -> Array:
    """The cumulative sum (np.cumsum) or product along an axis; see :class:`CumulativeOp`."""
    if reverse:
        x = np.flip(x, axis)
    y: Array = ufunc(x, axis=axis, dtype=accumulator(x) or x.dtype).astype(x.dtype)
    if exclusive:
        shifted = np.full_like(y, neutral)
        np.moveaxis(shifted, axis, 0)[1:] = np.moveaxis(y, axis, 0)[:-1]
        y = shifted
    return np.flip(y, axis) if reverse else y


class Cumsum(CumulativeOp, name="nn.cumsum"):
    """output[i] = x[0] + ... + x[i] along an axis; without x[i] if ``exclusive``; from the end if ``reverse``"""

    ufunc = np.cumsum
    neutral = 0


class Cumprod(CumulativeOp, name="nn.cumprod"):
    """output[i] = x[0] * ... * x[i] along an axis; without x[i] if ``exclusive``; from the end if ``reverse``"""

    ufunc = np.cumprod
    neutral = 1


class Softmax(AxisOp, name="nn.softmax"):
    """e^x[i] / (sum over j of e^x[j]) along one axis"""

    axis = attribute(INT, "the axis, a negative one from the end", default=-1)

    def evaluate(self, x: Array) -> Array:
        x = widened(x)
        powers = np.exp(x - x.max(self.axis, keepdims=True))
        y: Array = powers / powers.sum(self.axis, keepdims=True, dtype=np.float64).astype(x.dtype)
        return y


class LogSoftmax(AxisOp, name="nn.log_softmax"):
    """x[i] - log(sum over j of e^x[j]) along one axis"""

    axis = attribute(INT, "the axis, a negative one from the end", default=-1)

    def evaluate(self, x: Array) -> Array:
        x = widened(x)
        shifted = x - x.max(self.axis, keepdims=True)
        sums = np.exp(shifted).sum(self.axis, keepdims=True, dtype=np.float64)
        y: Array = shifted - np.log(sums).astype(x.dtype)
        return y
