"""Pooling: the maximum of each window, with its place or without, or the mean."""

from __future__ import annotations

import numpy as np

from ...opdef import BOOL, INTS, attribute, operand, result
from ...types import I64, Array, Dim, TensorType
from .activation import activation_field, apply_activation
from .base import FLOAT_ELEMENT, NUMBER_ELEMENT, NNOp, widened
from .window import SpatialInts, Window, channel_axis, check_window, layout_shape, on_axes, spatial_axes


class WindowsOp(NNOp):
    """Base of what moves windows over the spatial axes of each channel.

    The lengths are L' = floor((L + pad_begin + pad_end + overhang - extent) / stride) + 1, where the extent of a window
    is dilation * (kernel - 1) + 1. ``overhang`` is how far windows may reach beyond the padded end (what ONNX calls
    ceil_mode is an overhang of stride - 1, or less).
    """

    x = operand("(N, C, *L); of pools with channel_last (N, *L, C)")
    kernel = attribute(INTS, "the lengths of the window")
    strides = SpatialInts("the steps of the window", 1)
    pads = SpatialInts("places around x that hold nothing (begin..., end...)", 0, 2)
    dilations = SpatialInts("the distances between the elements of a window", 1)
    overhang = SpatialInts("how far windows may reach beyond the padded end", 0)

    @property
    def spatial_rank(self) -> int:
        """The number of spatial dimensions."""
        return len(self.kernel)

    @property
    def window(self) -> Window:
        """Kernel, strides, pads, dilations and overhang together."""
        return Window.of(self.kernel, self.strides, self.pads, self.dilations, self.overhang)

    def verify_op(self) -> None:
        check_window(self, self.window)
        if not self.kernel:
            raise self.error("expected 'kernel' to have a number for each spatial dimension, got none")
        self.expect_rank("x", self.x, len(self.kernel) + 2)

    def shape_of_windows(self, channel_last: bool = False) -> tuple[Dim, ...] | None:
        """The shape of the result. Raises VerifyError where the attributes are wrong, or windows too large for x."""
        self.verify_op()
        x = self.x.tensor
        if x.shape is None:
            return None
        try:
            spatial = self.window.output(tuple(x.dims[a] for a in spatial_axes(x.rank, channel_last)))
        except ValueError as error:
            raise self.error(f"expected windows that fit into {x}: {error}") from None
        return layout_shape(x.dims[0], x.dims[channel_axis(x.rank, channel_last)], spatial, channel_last)


class PoolOp(WindowsOp):
    """Base of the pools."""

    channel_last = attribute(BOOL, "whether x and the result have their channels last", default=False)
    activation = activation_field()
    output = result("(N, C, *L'), with channel_last (N, *L', C)")

    def infer(self) -> TensorType:
        return TensorType(self.shape_of_windows(self.channel_last), self.x.tensor.expressed)

    def counts(self, x: Array) -> tuple[int, ...]:
        """The number of windows along each spatial axis."""
        lengths = tuple(x.shape[a] for a in spatial_axes(x.ndim, self.channel_last))
        return self.window.output(lengths)  # type: ignore[return-value]  # numbers in, numbers out


def reduce_windows(x: Array, window: Window, counts: tuple[int, ...], axes: range, ufunc: np.ufunc) -> Array:
    """``ufunc`` over the elements of each window of the padded x: axis by axis, as it is associative."""
    for i, axis in enumerate(axes):
        reach = window.strides[i] * (counts[i] - 1) + 1
        places = [
            slice(p * window.dilations[i], p * window.dilations[i] + reach, window.strides[i])
            for p in range(window.kernel[i])
        ]
        reduced = x[on_axes(x.ndim, [axis], places[:1])]
        if len(places) > 1:
            reduced = ufunc(reduced, x[on_axes(x.ndim, [axis], places[1:2])])
        for place in places[2:]:
            ufunc(reduced, x[on_axes(x.ndim, [axis], [place])], out=reduced)
        x = reduced
    return x


class MaxPool(PoolOp, name="nn.max_pool"):
    """The greatest element of each window; pads and overhang never are. As MaxPool of ONNX."""

    def verify_op(self) -> None:
        self.expect_element("x", self.x, NUMBER_ELEMENT)
        super().verify_op()

    def evaluate(self, x: Array) -> Array:
        axes = spatial_axes(x.ndim, self.channel_last)
        lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf
        padded = self.window.padded(x, axes, lowest)
        y = reduce_windows(padded, self.window, self.counts(x), axes, np.maximum)
        return apply_activation(y, self.activation)


class MaxPoolWithIndices(WindowsOp, name="nn.max_pool_with_indices"):
    """The greatest element of each window, as nn.max_pool, and its index in the flattened x; of equal ones the first.

    With ``column_major`` the indices count the spatial axes in the opposite order: the first one varies fastest. As
    MaxPool of ONNX with its second output.
    """

    column_major = attribute(BOOL, "whether the first spatial axis varies fastest in the indices", default=False)
    values = result("(N, C, *L')")
    indices = result("(N, C, *L') i64")

    def infer(self) -> tuple[TensorType, TensorType]:
        element = self.expect_element("x", self.x, NUMBER_ELEMENT)
        found = self.shape_of_windows()
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


class AveragePool(PoolOp, name="nn.average_pool"):
    """The mean of each window: the sum of its elements, divided by their number.

    Pads count (as zeros) with ``count_include_pad``, else not; the overhang never counts. The mean of no element is 0.
    As AveragePool of ONNX.
    """

    count_include_pad = attribute(BOOL, "whether pads count as elements", default=False)

    def verify_op(self) -> None:
        self.expect_element("x", self.x, FLOAT_ELEMENT)
        super().verify_op()

    def divisors(self, lengths: tuple[int, ...]) -> list[Array]:
        """For each spatial axis, how many elements the windows along it have: their products are the divisors."""
        found = []
        window = self.window
        for i, count in enumerate(window.output(lengths)):
            assert isinstance(count, int)
            starts = np.arange(count) * window.strides[i] - window.pads_begin[i]
            low, high = 0, lengths[i]
            if self.count_include_pad:
                low, high = -window.pads_begin[i], high + window.pads_end[i]
            places = starts.reshape(-1, 1) + np.arange(window.kernel[i]) * window.dilations[i]
            found.append(((places >= low) & (places < high)).sum(1))
        return found

    def evaluate(self, x: Array) -> Array:
        x = widened(x)
        axes = spatial_axes(x.ndim, self.channel_last)
        padded = self.window.padded(x, axes, 0)
        y = reduce_windows(padded, self.window, self.counts(x), axes, np.add)
        for axis, divisor in zip(axes, self.divisors(tuple(x.shape[a] for a in axes)), strict=True):
            shape = [-1 if a == axis else 1 for a in range(x.ndim)]
            y = y / np.maximum(divisor, 1).astype(x.dtype).reshape(shape)
        return apply_activation(y, self.activation)
