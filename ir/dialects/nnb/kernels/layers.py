"""Matrix products, convolutions, normalizations and reductions, on floats."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ....types import Array
from ...nn.convolution_kernels import convolve, convolve_transposed
from ...nn.window import Window
from .registry import FLOATS, Call


@FLOATS.computes("Affine")
def affine(call: Call, x: Array, weight: Array, bias: Array | None = None) -> Array:
    y = product(call, x, weight)
    return y if bias is None else y + bias.reshape(y.shape[call.integer("base_axis") :])


def product(call: Call, x: Array, weight: Array) -> Array:
    """x times the weight, whose elements lie as (out, in)."""
    rows = math.prod(x.shape[: call.integer("base_axis")])
    matrix = x.reshape(rows, -1)
    result: Array = (matrix @ weight.reshape(-1, matrix.shape[1]).T).reshape(call.shape_of_result)
    return result


@FLOATS.computes("BinaryConnectAffine")
def binary_connect_affine(call: Call, x: Array, real: Array, weight: Array, bias: Array | None = None) -> Array:
    return affine(call, x, weight, bias)


@FLOATS.computes("BinaryWeightAffine")
def binary_weight_affine(
    call: Call, x: Array, real: Array, weight: Array, alpha: Array, bias: Array | None = None
) -> Array:
    y = product(call, x, weight) * alpha.reshape(-1)
    return y if bias is None else y + bias.reshape(-1)


# Convolutions


@FLOATS.computes("Convolution")
def convolution(call: Call, x: Array, weight: Array, bias: Array | None = None) -> Array:
    y = convolve(*images(call, x, weight), call.integer("group"), False)
    return with_bias(y, bias).reshape(call.shape_of_result)


def channel_parts(call: Call, x: Array, weight: Array) -> Iterator[Array]:
    """What each channel of the input (of each group) adds to a convolution, in the order of the runtime."""
    groups, count = call.integer("group"), weight.shape[1]
    image, weight, window = images(call, x, weight)
    for channel in range(count):
        own = image.reshape(len(image), groups, count, *image.shape[2:])[:, :, channel]
        yield convolve(own, weight[:, channel : channel + 1], window, groups, False)


@FLOATS.computes("BinaryConnectConvolution")
def binary_connect_convolution(call: Call, x: Array, real: Array, weight: Array, bias: Array | None = None) -> Array:
    return convolution(call, x, weight, bias)


@FLOATS.computes("BinaryWeightConvolution")
def binary_weight_convolution(
    call: Call, x: Array, real: Array, weight: Array, alpha: Array, bias: Array | None = None
) -> Array:
    y = convolve(*images(call, x, weight), call.integer("group"), False)
    scaled = y * alpha.reshape(-1, *[1] * (y.ndim - 2))
    return with_bias(scaled, bias).reshape(call.shape_of_result)


@FLOATS.computes("DepthwiseConvolution")
def depthwise_convolution(call: Call, x: Array, weight: Array, bias: Array | None = None) -> Array:
    grouped = weight.reshape(weight.shape[0], 1, *weight.shape[1:])
    y = convolve(*images(call, x, grouped), x.shape[call.integer("base_axis")], False)
    return with_bias(y, bias).reshape(call.shape_of_result)


@FLOATS.computes("Deconvolution")
def deconvolution(call: Call, x: Array, weight: Array, bias: Array | None = None) -> Array:
    return with_bias(transposed_sum(call, x, weight, call.integer("group")), bias).reshape(call.shape_of_result)


def transposed_sum(call: Call, x: Array, weight: Array, groups: int) -> Array:
    image, weight, window = images(call, x, weight)
    padding = call.ints("output_padding") or (0,) * len(window.kernel)
    return convolve_transposed(image, weight, window, groups, padding, False)


def images(call: Call, x: Array, weight: Array) -> tuple[Array, Array, Window]:
    """x as a batch of images, the weight, and how its windows move."""
    spatial = x.shape[call.integer("base_axis") + 1 :]
    image = x.reshape(-1, x.shape[call.integer("base_axis")], *spatial)
    window = Window.of(
        weight.shape[2:], call.ints("stride"), (*call.ints("pad"), *call.ints("pad")), call.ints("dilation")
    )
    return image, weight, window


def with_bias(y: Array, bias: Array | None) -> Array:
    return y if bias is None else y + bias.reshape(-1, *[1] * (y.ndim - 2))


@FLOATS.computes("BatchMatmul")
def batch_matmul(call: Call, a: Array, b: Array) -> Array:
    """As in the first run: later ones add to the result of the one before."""
    a = a.swapaxes(-1, -2) if call.flag("transpose_a") else a
    b = b.swapaxes(-1, -2) if call.flag("transpose_b") else b
    return a @ b


# Normalizations and reductions


@FLOATS.computes("BatchNormalization")
def batch_normalization(call: Call, x: Array, beta: Array, gamma: Array, mean: Array, variance: Array) -> Array:
    (axis,) = call.ints("axes")
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]
    if call.flag("batch_stat"):
        others = tuple(i for i in range(x.ndim) if i != axis)
        mean, variance = x.mean(others), x.var(others)
    beta, gamma, mean, variance = (v.reshape(shape) for v in (beta, gamma, mean, variance))
    result: Array = (x - mean) / np.sqrt(variance + call.number("eps")) * gamma + beta
    return result


@FLOATS.computes("MeanSubtraction")
def mean_subtraction(call: Call, x: Array, mean: Array, *steps: Any) -> Array:
    result: Array = x - mean.reshape(x.shape[call.integer("base_axis") :])
    return result


@FLOATS.computes("Sum")
def sum_(call: Call, x: Array) -> Array:
    result: Array = np.sum(x, call.ints("axes"), keepdims=call.flag("keep_dims"))
    return result


@FLOATS.computes("Softmax")
def softmax(call: Call, x: Array) -> Array:
    powers = np.exp(x - x.max(call.integer("axis"), keepdims=True))
    result: Array = powers / powers.sum(call.integer("axis"), keepdims=True)
    return result
