"""Normalizations: by given statistics, by those of the tensor itself, by neighbouring channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...opdef import FLOAT, INT, INTS, attribute, operand, result
from ...types import Array, TensorType
from .base import FLOAT_ELEMENT, NNOp, widened


class BatchNorm(NNOp, name="nn.batch_norm"):
    """(x - mean) / sqrt(variance + epsilon) * scale + bias, with one statistic for each place along ``axis``.

    Inference only: mean and variance are given. As BatchNormalization of ONNX.
    """

    x = operand("C at the axis")
    scale = operand("(C,)")
    bias = operand("(C,)")
    mean = operand("(C,)")
    variance = operand("(C,)")
    axis = attribute(INT, "the axis of the channels", default=1)
    epsilon = attribute(FLOAT, "added to the variance", default=1e-5)
    output = result("the shape of x")

    def infer(self) -> TensorType:
        self.expect_element("x", self.x, FLOAT_ELEMENT)
        parameters = {n: getattr(self, n) for n in ("scale", "bias", "mean", "variance")}
        element = self.expect_same_element([self.x, *parameters.values()])
        x = self.x.tensor
        channels = None if x.shape is None else x.dims[self.axis_in(self.axis, x.rank)]
        for name, value in parameters.items():
            self.expect_rank(name, value, 1)
            self.expect_dim(name, value, 0, channels)
        return TensorType(x.shape, element)

    def evaluate(self, x: Array, scale: Array, bias: Array, mean: Array, variance: Array) -> Array:
        factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + self.epsilon)
        shape = [1] * x.ndim
        shape[self.axis] = -1
        x = widened(x)
        # centred first: x * factor + shift would lose digits where the mean is large
        y: Array = (x - mean.reshape(shape).astype(x.dtype)) * factor.reshape(shape).astype(x.dtype)
        y += bias.reshape(shape)
        return y


class LayerNorm(NNOp, name="nn.layer_norm"):
    """(x - mean) / sqrt(variance + epsilon) * scale + bias, with mean and (biased) variance of x over ``axes``.

    Scale and bias are optional and broadcast to x as in numpy. As LayerNormalization of ONNX, for any axes.
    """

    x = operand()
    scale = operand("broadcasts to x", optional=True)
    bias = operand("broadcasts to x", optional=True)
    axes = attribute(INTS, "the axes that statistics are taken over, negative ones from the end")
    epsilon = attribute(FLOAT, "added to the variance", default=1e-5)
    output = result("the shape of x")

    def infer(self) -> TensorType:
        self.expect_element("x", self.x, FLOAT_ELEMENT)
        element = self.expect_same_element([self.x, self.scale, self.bias])
        x = self.x.tensor
        if x.shape is None:
            return TensorType(None, element)
        self.axes_in(self.axes, x.rank)
        self.expect_broadcast_to("scale", self.scale, x)
        self.expect_broadcast_to("bias", self.bias, x)
        return TensorType(x.shape, element)

    def evaluate(self, x: Array, scale: Array | None, bias: Array | None) -> Array:
        y = normalized(widened(x), self.axes, self.epsilon)
        if scale is not None:
            y = y * scale
        if bias is not None:
            y = y + bias
        return y


def normalized(x: Array, axes: tuple[int, ...], epsilon: float) -> Array:
    """(x - mean) / sqrt(variance + epsilon) over ``axes``; the statistics are taken in double precision."""
    mean = np.mean(x, axes, dtype=np.float64, keepdims=True)
    centred: Array = x - mean.astype(x.dtype)
    # the mean was rounded to the type of x: what is left of it belongs to neither the variance nor the result
    rest = np.mean(centred, axes, dtype=np.float64, keepdims=True)
    variance = np.mean(np.square(centred), axes, dtype=np.float64, keepdims=True) - np.square(rest)
    factor = 1 / np.sqrt(np.maximum(variance, 0) + epsilon)
    y: Array = centred * factor.astype(x.dtype)
    y -= (rest * factor).astype(x.dtype)
    return y


class Lrn(NNOp, name="nn.lrn"):
    """Local response normalization: x / (bias + alpha / size * sum of x^2 over the ``size`` nearest places)^beta.

    The places are along ``axis``, from i - floor((size - 1) / 2) to i + ceil((size - 1) / 2), those that exist.
    As LRN of ONNX (Krizhevsky et al., "ImageNet classification with deep convolutional neural networks").
    """

    x = operand()
    size = attribute(INT, "the number of places")
    alpha = attribute(FLOAT, "the factor of the mean square", default=1e-4)
    beta = attribute(FLOAT, "the exponent", default=0.75)
    bias = attribute(FLOAT, "what is added to the mean square", default=1.0)
    axis = attribute(INT, "the axis of the channels", default=1)
    output = result("the shape of x")

    def infer(self) -> TensorType:
        element = self.expect_element("x", self.x, FLOAT_ELEMENT)
        if self.size < 1:
            raise self.error(f"expected 'size' to be positive, got {self.size}")
        x = self.x.tensor
        if x.shape is not None:
            self.axis_in(self.axis, x.rank)
        return TensorType(x.shape, element)

    def evaluate(self, x: Array) -> Array:
        x = widened(x)
        before = (self.size - 1) // 2
        widths: list[Any] = [(0, 0)] * x.ndim
        widths[self.axis] = (before + 1, self.size - 1 - before)
        sums = np.cumsum(np.pad(np.square(x, dtype=np.float64), widths), self.axis)
        sums = np.moveaxis(sums, self.axis, -1)
        near = np.moveaxis(sums[..., self.size :] - sums[..., : -self.size], -1, self.axis)
        y: Array = x / np.power(self.bias + self.alpha / self.size * near, self.beta).astype(x.dtype)
        return y
