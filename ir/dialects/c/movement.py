"""Operations that move elements: views, copies by strides, joining, padding."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...memory import Share, byte_size
from ...opdef import FLOAT, INT, INTS, attribute, operand, result, variadic
from ...types import Array
from .base import KernelOp


class View(KernelOp, name="c.view"):
    """The elements of x, from element ``begin`` on, in the shape of the result"""

    x = operand()
    begin = attribute(INT, "the element of x that is the first one", default=0)
    output = result()

    def evaluate(self, x: Array) -> Array:
        size = self.output_type.size
        return x.reshape(-1)[self.begin : self.begin + size].reshape(self.output_type.static_shape)

    def views(self) -> Sequence[Share]:
        return (Share(0, 0, self.begin * self.output_type.storage.dtype.itemsize),)


class Copy(KernelOp, name="c.copy"):
    """y[i, j, ...] = x[begin + i * strides[0] + j * strides[1] + ...], where x is a row of elements.

    Transposing, slicing, reversing, broadcasting and repeating are copies with other strides.
    """

    x = operand()
    shape = attribute(INTS, "how often each index counts; their product is the size of the result")
    strides = attribute(INTS, "what a step of each index is in x, in elements: 0 repeats, below 0 goes back")
    begin = attribute(INT, "the element of x that is the first one", default=0)
    output = result()

    def verify_op(self) -> None:
        if len(self.shape) != len(self.strides) or math.prod(self.shape) != self.output_type.size:
            raise self.error(f"expected 'shape' and 'strides' for {self.output_type}, got {self.shape}, {self.strides}")

    def evaluate(self, x: Array) -> Array:
        grids = np.ogrid[tuple(map(slice, self.shape))] if self.shape else []
        index = sum((g * s for g, s in zip(grids, self.strides, strict=True)), np.int64(self.begin))
        y: Array = x.reshape(-1)[index]
        return y.reshape(self.output_type.static_shape)


class Concat(KernelOp, name="c.concat"):
    """The inputs behind each other: each is ``outer`` rows, which stand side by side in a row of the result"""

    inputs = variadic()
    outer = attribute(INT, "the number of rows")
    output = result()

    def evaluate(self, inputs: list[Array]) -> Array:
        rows = [x.reshape(self.outer, -1) for x in inputs]
        return np.concatenate(rows, axis=1).reshape(self.output_type.static_shape)

    def parts(self) -> Sequence[Share]:
        if self.outer != 1:
            return ()
        sizes = [byte_size(v.tensor) for v in self.inputs]
        return [Share(0, i, sum(sizes[:i])) for i in range(len(sizes))]


class Pad(KernelOp, name="c.pad"):
    """x with ``value`` around it"""

    x = operand()
    pads = attribute(INTS, "how many elements before each axis, and then behind each")
    value = attribute(FLOAT, "the element around x", default=0.0)
    output = result()

    def evaluate(self, x: Array) -> Array:
        rank = x.ndim
        pairs = list(zip(self.pads[:rank], self.pads[rank:], strict=True))
        return np.pad(x, pairs, constant_values=np.asarray(self.value, x.dtype))

    def is_spatial(self) -> bool:
        """Whether it is put around the axes between the first and the last alone."""
        rank = self.x.tensor.rank
        return not any(self.pads[i] for i in (0, rank - 1, rank, -1))
