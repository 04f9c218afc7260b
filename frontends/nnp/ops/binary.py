"""Networks with binary weights and activations.

NNabla computes ``binary_weight`` and ``alpha`` from the float weight at every run; what the file stores of them is not
used, and holds zeros if the network was never run before it was saved.
"""

from __future__ import annotations

from ....ir import Value
from .layers import affine, convolution
from .registry import Call, Lifter, lift
from .shapes import as_float


@lift("BinarySigmoid")
def binary_sigmoid(b: Lifter, op: Call, x: Value) -> Value:
    """1 where x > 0, else 0."""
    return as_float(b, b.nn.greater(x, 0.0))


@lift("BinaryTanh")
def binary_tanh(b: Lifter, op: Call, x: Value) -> Value:
    """1 where x > 0, else -1."""
    return b.nn.select(b.nn.greater(x, 0.0), b.constant(1.0), b.constant(-1.0))


@lift("BinaryConnectAffine")
def binary_connect_affine(
    b: Lifter, op: Call, x: Value, weight: Value, binary_weight: Value, bias: Value | None
) -> Value:
    return affine(b, op, x, signs(b, op, weight), bias)


@lift("BinaryConnectConvolution")
def binary_connect_convolution(
    b: Lifter, op: Call, x: Value, weight: Value, binary_weight: Value, bias: Value | None
) -> Value:
    return convolution(b, op, x, signs(b, op, weight), bias)


@lift("BinaryWeightAffine")
def binary_weight_affine(
    b: Lifter, op: Call, x: Value, weight: Value, binary_weight: Value, alpha: Value, bias: Value | None
) -> Value:
    """alpha * (sign(W) x) + bias, alpha being the mean of abs(W) of an output: its column of the weight."""
    scale = b.nn.reduce_mean(b.nn.abs(weight), axes=(0,), keep_dims=True)
    return affine(b, op, x, b.nn.mul(signs(b, op, weight), scale), bias)


@lift("BinaryWeightConvolution")
def binary_weight_convolution(
    b: Lifter, op: Call, x: Value, weight: Value, binary_weight: Value, alpha: Value, bias: Value | None
) -> Value:
    """alpha * (sign(W) x) + bias, alpha being the mean of abs(W) of an output map."""
    scale = b.nn.reduce_mean(b.nn.abs(weight), axes=tuple(range(1, weight.tensor.rank)), keep_dims=True)
    return convolution(b, op, x, b.nn.mul(signs(b, op, weight), scale), bias)


def signs(b: Lifter, op: Call, weight: Value) -> Value:
    """The signs of the weights, with quantize_zero_to for 0."""
    found = b.nn.sign(weight)
    if op.quantize_zero_to == 0:
        return found
    return b.nn.select(b.nn.equal(weight, 0.0), b.constant(op.quantize_zero_to), found)
