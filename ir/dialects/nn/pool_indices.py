"""Maximum pooling that also tells where the maxima were."""

from __future__ import annotations

import numpy as np

from ...opdef import BOOL, INTS, attribute, operand, result
from ...types import I64, Array, TensorType
from .base import NUMBER_ELEMENT, NNOp
from .window import SpatialInts, Window, check_window, on_axes


class MaxPoolWithIndices(NNOp, name="nn.max_pool_with_indices"):
    """The greatest element of each window, as nn.max_pool, and its index in the flattened x; of equal ones the first.

    With ``column_major`` the indices count the spatial axes in the opposite order: the first one varies fastest. As
    MaxPool of ONNX with its second output.
    """

    x = operand("(N, C, *L)")
    kernel = attribute(INTS, "the lengths of the window")
    strides = SpatialInts("the steps of the window", 1)
    pads = SpatialInts("places around x that hold nothing (begin..., end...)", 0, 2)
    dilations = SpatialInts("the distances between the elements of a window", 1)
    overhang = SpatialInts("how far windows may reach beyond the padded end", 0)
    column_major = attribute(BOOL, "whether the first spatial axis varies fastest in the indices", default=False)
    values = result("(N, C, *L')")
    indices = result("(N, C, *L') i64")

    @property
    def spatial_rank(self) -> int:
        """The number of spatial dimensions."""
        return len(self.kernel)

    @property
    def window(self) -> Window:
        """Kernel, strides, pads, dilations and overhang together."""
        return Window.of(self.kernel, self.strides, self.pads, self.dilations, self.overhang)

    def infer(self) -> tuple[TensorType, TensorType]:
        element = self.expect_element("x", self.x, NUMBER_ELEMENT)
        check_window(self, self.window)
        if not self.kernel:
            raise self.error("expected 'kernel' to have a number for each spatial dimension, got none")
        self.expect_rank("x", self.x, len(self.kernel) + 2)
        shape = self.x.tensor.shape
        if shape is None:
            return TensorType(None, element), TensorType(None, I64)
        try:
            found = (*shape[:2], *self.window.output(shape[2:]))
        except ValueError as error:
            raise self.error(f"expected windows that fit into {self.x.type}: {error}") from None
        return TensorType(found, element), TensorType(found, I64)

    def evaluate(self, x: Array) -> tuple[Array, Array]:
        window, axes = self.window, range(2, x.ndim)
        lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf
        padded = window.padded(x, axes, lowest)
        numbers = window.padded(self._numbers(x.shape), axes, -1)
        counts: tuple[int, ...] = window.output(x.shape[2:])  # type: ignore[assignment]  # numbers in, numbers out
        values: Array | None = None
        indices: Array = np.empty(0)
        for _, slices in window.taps(counts):
            place = on_axes(x.ndim, axes, slices)
            found, number = padded[place], numbers[place]
            if values is None:
                values, indices = found.copy(), number.copy()
                continue
            better = (number >= 0) & ((found > values) | (indices < 0))
            values, indices = np.where(better, found, values), np.where(better, number, indices)
        assert values is not None
        return values, indices

    def _numbers(self, shape: tuple[int, ...]) -> Array:
        """The index of each element."""
        order = (*shape[:2], *shape[:1:-1]) if self.column_major else shape
        numbers = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(order)
        return numbers.transpose(0, 1, *range(len(shape) - 1, 1, -1)) if self.column_major else numbers
