"""Operations on images and volumes: convolutions, pools, resizing; always channel-last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...opdef import BOOL, INT, attribute, operand, result
from ...types import Array
from ..nn.convolution_kernels import convolve, convolve_transposed
from ..nn.pool import reduce_windows
from ..nn.window import Window
from .base import ACTIVATION, PADDING, TFLOp, activate
from .windows import window_of


class _Windowed2D(TFLOp):
    """Base of the operations that move windows over images."""

    padding = attribute(PADDING, default="SAME")
    stride_h = attribute(INT, default=1)
    stride_w = attribute(INT, default=1)
    fused_activation_function = attribute(ACTIVATION, default="NONE")

    @property
    def strides(self) -> tuple[int, int]:
        return self.stride_h, self.stride_w


class _Convolution2D(_Windowed2D):
    dilation_h_factor = attribute(INT, default=1)
    dilation_w_factor = attribute(INT, default=1)

    @property
    def dilations(self) -> tuple[int, int]:
        return self.dilation_h_factor, self.dilation_w_factor


class _Convolution3D(TFLOp, options="Conv3D"):
    padding = attribute(PADDING, default="SAME")
    stride_d = attribute(INT, default=1)
    stride_h = attribute(INT, default=1)
    stride_w = attribute(INT, default=1)
    dilation_d_factor = attribute(INT, default=1)
    dilation_h_factor = attribute(INT, default=1)
    dilation_w_factor = attribute(INT, default=1)
    fused_activation_function = attribute(ACTIVATION, default="NONE")

    @property
    def strides(self) -> tuple[int, int, int]:
        return self.stride_d, self.stride_h, self.stride_w

    @property
    def dilations(self) -> tuple[int, int, int]:
        return self.dilation_d_factor, self.dilation_h_factor, self.dilation_w_factor


class Conv2D(_Convolution2D, name="tfl.conv_2d", builtin="CONV_2D", options="Conv2D"):
    """Convolution: (N, H, W, C), weights (O, kH, kW, C / groups), bias (O,) → (N, H', W', O).

    The groups follow from the shapes.
    """

    input = operand("(N, H, W, C)")
    filter = operand("(O, kH, kW, C / groups)")
    bias = operand("(O,)", optional=True)
    output = result("(N, H', W', O)")

    def version(self) -> int:
        if self.input.tensor.dims[-1] != self.filter.tensor.dims[-1]:
            return 6
        kinds = (self.storage_name(0), self.storage_name(1))
        return {("i16", "i8"): 4, ("i8", "i8"): 3, ("f32", "i8"): 5, ("i8", "i4"): 7}.get(kinds, 1)

    def evaluate(self, input: Array, filter: Array, bias: Array | None) -> Array:
        y = _convolved(input, _filters_first(filter), self.strides, self.padding, self.dilations)
        return activate(_biased(y, bias), self.fused_activation_function)


class DepthwiseConv2D(
    _Convolution2D, name="tfl.depthwise_conv_2d", builtin="DEPTHWISE_CONV_2D", options="DepthwiseConv2D"
):
    """Convolution of each channel alone: (N, H, W, C), weights (1, kH, kW, C * m) → (N, H', W', C * m)."""

    input = operand("(N, H, W, C)")
    filter = operand("(1, kH, kW, C * depth_multiplier)")
    bias = operand("(C * depth_multiplier,)", optional=True)
    depth_multiplier = attribute(INT, default=1)
    output = result("(N, H', W', C * depth_multiplier)")

    def version(self) -> int:
        kinds = (self.storage_name(0), self.storage_name(1))
        by_type = {("i16", "i8"): 5, ("i8", "i8"): 3, ("f32", "i8"): 6, ("i8", "i4"): 7}
        return by_type.get(kinds, 2 if self.dilations != (1, 1) else 1)

    def evaluate(self, input: Array, filter: Array, bias: Array | None) -> Array:
        weight = filter.transpose(3, 0, 1, 2)
        y = _convolved(input, weight, self.strides, self.padding, self.dilations)
        return activate(_biased(y, bias), self.fused_activation_function)


class TransposeConv(_Windowed2D, name="tfl.transpose_conv", builtin="TRANSPOSE_CONV", options="TransposeConv"):
    """Transposed convolution: the gradient of a convolution with this padding, giving ``output_shape``."""

    typed_by = 1
    output_shape = operand("(4,) i32")
    weights = operand("(O, kH, kW, C)")
    input = operand("(N, H, W, C)")
    bias = operand("(O,)", optional=True)
    output = result("(N, H', W', O)")

    def version(self) -> int:
        if self.fused_activation_function != "NONE":
            return 4
        if len(self.operands) == 4:
            return 3
        return 2 if self.storage_name(1) == "i8" else 1

    def evaluate(self, output_shape: Array, weights: Array, input: Array, bias: Array | None) -> Array:
        lengths = [int(n) for n in output_shape[1:3]]
        y = _transposed(input, weights.transpose(3, 0, 1, 2), self.strides, lengths, self.padding)
        return activate(_biased(y, bias), self.fused_activation_function)


class Conv3D(_Convolution3D, name="tfl.conv_3d", builtin="CONV_3D"):
    """Convolution of volumes: (N, D, H, W, C), weights (kD, kH, kW, C, O) → (N, D', H', W', O)."""

    input = operand("(N, D, H, W, C)")
    filter = operand("(kD, kH, kW, C, O)")
    bias = operand("(O,)", optional=True)
    output = result("(N, D', H', W', O)")

    def evaluate(self, input: Array, filter: Array, bias: Array | None) -> Array:
        y = _convolved(input, filter.transpose(4, 3, 0, 1, 2), self.strides, self.padding, self.dilations)
        return activate(_biased(y, bias), self.fused_activation_function)


class Conv3DTranspose(_Convolution3D, name="tfl.conv_3d_transpose", builtin="CONV_3D_TRANSPOSE"):
    """Transposed convolution of volumes; weights (kD, kH, kW, O, C)."""

    typed_by = 1
    output_shape = operand("(5,) i32")
    filter = operand("(kD, kH, kW, O, C)")
    input = operand("(N, D, H, W, C)")
    bias = operand("(O,)", optional=True)
    output = result("(N, D', H', W', O)")

    def evaluate(self, output_shape: Array, filter: Array, input: Array, bias: Array | None) -> Array:
        lengths = [int(n) for n in output_shape[1:4]]
        y = _transposed(input, filter.transpose(4, 3, 0, 1, 2), self.strides, lengths, self.padding)
        return activate(_biased(y, bias), self.fused_activation_function)


class _Pool(_Windowed2D, options="Pool2D", versions={"i8": 2, "i16": 3}):
    input = operand("(N, H, W, C)")
    filter_height = attribute(INT, default=1)
    filter_width = attribute(INT, default=1)
    output = result("(N, H', W', C)")

    def reduced(self, input: Array, ufunc: np.ufunc, padding: float) -> Array:
        """``ufunc`` over the elements of each window, with ``padding`` around the input."""
        kernel = (self.filter_height, self.filter_width)
        window = window_of(input.shape[1:3], kernel, self.strides, self.padding)
        counts = self.output_type.static_shape[1:3]
        return reduce_windows(window.padded(input, range(1, 3), padding), window, counts, range(1, 3), ufunc)


class MaxPool2D(_Pool, name="tfl.max_pool_2d", builtin="MAX_POOL_2D"):
    """The largest element of each window."""

    def evaluate(self, input: Array) -> Array:
        return activate(self.reduced(input, np.maximum, -np.inf), self.fused_activation_function)


class AveragePool2D(_Pool, name="tfl.average_pool_2d", builtin="AVERAGE_POOL_2D"):
    """The mean of each window; padding is not counted."""

    def evaluate(self, input: Array) -> Array:
        counts = self.reduced(np.ones_like(input[:1, ..., :1]), np.add, 0.0)
        return activate(self.reduced(input, np.add, 0.0) / counts, self.fused_activation_function)


class L2Pool2D(_Pool, name="tfl.l2_pool_2d", builtin="L2_POOL_2D", versions={}):
    """The root of the mean square of each window; padding is not counted."""

    def evaluate(self, input: Array) -> Array:
        counts = self.reduced(np.ones_like(input[:1, ..., :1]), np.add, 0.0)
        mean = self.reduced(input * input, np.add, 0.0) / counts
        return activate(np.sqrt(mean), self.fused_activation_function)


class _Resize(TFLOp, versions={"i8": 2, "i16": 4}):
    input = operand("(N, H, W, C)")
    size = operand("(2,) i32")
    align_corners = attribute(BOOL, default=False)
    half_pixel_centers = attribute(BOOL, default=False)
    output = result("(N, H', W', C)")


class ResizeBilinear(_Resize, name="tfl.resize_bilinear", builtin="RESIZE_BILINEAR", options="ResizeBilinear"):
    """Linear interpolation of (N, H, W, C) to the size (H', W')."""

    def version(self) -> int:
        return max(super().version(), 3 if self.half_pixel_centers else 1)

    def neighbours(self, size: int, out: int) -> tuple[Array, Array, Array]:
        """For an axis of these lengths: the two elements that each of the result mixes, and the part of the second."""
        place = _source(size, out, self.align_corners, self.half_pixel_centers)
        place = np.clip(place, 0, size - 1)
        low = np.floor(place).astype(np.int64)
        return low, np.minimum(low + 1, size - 1), place - low

    def evaluate(self, input: Array, size: Array) -> Array:
        y = input
        for axis, out in enumerate(size, 1):
            low, high, part = self.neighbours(input.shape[axis], int(out))
            part = part.reshape([-1 if i == axis else 1 for i in range(4)])
            y = np.take(y, low, axis) * (1 - part) + np.take(y, high, axis) * part
        return y.astype(input.dtype)


class ResizeNearestNeighbor(
    _Resize,
    name="tfl.resize_nearest_neighbor",
    builtin="RESIZE_NEAREST_NEIGHBOR",
    options="ResizeNearestNeighbor",
):
    """The nearest element, for (N, H, W, C) to the size (H', W')."""

    def version(self) -> int:
        return max(super().version(), 3 if self.half_pixel_centers or self.align_corners else 1)

    def places(self, size: int, out: int) -> Array:
        """For an axis of these lengths: the elements that the result takes."""
        # The kernel adds half an output pixel but does not take half an input pixel off again.
        scale = _scale(size, out, self.align_corners)
        place = (np.arange(out, dtype=np.float32) + (0.5 if self.half_pixel_centers else 0.0)) * scale
        index = np.floor(place + 0.5) if self.align_corners else np.floor(place)
        places: Array = np.clip(index, 0, size - 1).astype(np.int64)
        return places

    def evaluate(self, input: Array, size: Array) -> Array:
        y = input
        for axis, out in enumerate(size, 1):
            y = np.take(y, self.places(input.shape[axis], int(out)), axis)
        return y


class _Blocks(TFLOp, versions={"i8": 2}):
    input = operand("(N, H, W, C)")
    block_size = attribute(INT, default=1)
    output = result()


class DepthToSpace(_Blocks, name="tfl.depth_to_space", builtin="DEPTH_TO_SPACE", options="DepthToSpace"):
    """(N, H, W, C) → (N, H * b, W * b, C / b²); the block position is the slow part of the channel."""

    def evaluate(self, input: Array) -> Array:
        n, h, w, c = input.shape
        b = self.block_size
        y: Array = input.reshape(n, h, w, b, b, c // (b * b)).transpose(0, 1, 3, 2, 4, 5)
        return y.reshape(n, h * b, w * b, c // (b * b))


class SpaceToDepth(_Blocks, name="tfl.space_to_depth", builtin="SPACE_TO_DEPTH", options="SpaceToDepth"):
    """(N, H, W, C) → (N, H / b, W / b, C * b²), the inverse of depth_to_space."""

    def evaluate(self, input: Array) -> Array:
        n, h, w, c = input.shape
        b = self.block_size
        y: Array = input.reshape(n, h // b, b, w // b, b, c).transpose(0, 1, 3, 2, 4, 5)
        return y.reshape(n, h // b, w // b, c * b * b)


def _biased(y: Array, bias: Array | None) -> Array:
    return y if bias is None else y + bias


def _filters_first(filter: Array) -> Array:
    """(O, *kernel, C) → (O, C, *kernel)."""
    return np.moveaxis(filter, -1, 1)


def _convolved(x: Array, weight: Array, strides: Sequence[int], padding: str, dilations: Sequence[int]) -> Array:
    """(N, *in, C), weights (O, C / groups, *kernel) → (N, *out, O)."""
    window = window_of(x.shape[1:-1], weight.shape[2:], strides, padding, dilations)
    return convolve(x, weight, window, x.shape[-1] // weight.shape[1], True)


def _transposed(x: Array, weight: Array, strides: Sequence[int], lengths: Sequence[int], padding: str) -> Array:
    """(N, *in, C), weights (C, O, *kernel) → (N, *lengths, O)."""
    begins = window_of(lengths, weight.shape[2:], strides, padding).pads_begin
    spans = [(n - 1) * s + k for n, s, k in zip(x.shape[1:-1], strides, weight.shape[2:], strict=True)]
    ends = [span - b - n for span, b, n in zip(spans, begins, lengths, strict=True)]
    window = Window.of(weight.shape[2:], strides, (*begins, *ends))
    return convolve_transposed(x, weight, window, 1, (0,) * len(begins), True)


def _scale(size: int, out: int, align_corners: bool) -> Any:
    cornered = align_corners and out > 1
    return np.float32(np.float32(size - cornered) / np.float32(out - cornered))


def _source(size: int, out: int, align_corners: bool, half_pixel: bool) -> Array:
    scale = _scale(size, out, align_corners)
    at = np.arange(out, dtype=np.float32)
    place: Array = (at + np.float32(0.5)) * scale - np.float32(0.5) if half_pixel else at * scale
    return place
