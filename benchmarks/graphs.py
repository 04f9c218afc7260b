"""Synthetic graphs of any size in the nn dialect, for measuring passes."""

from __future__ import annotations

import numpy as np

from nncc.ir import Builder, Function, Location, Module, TensorType, Value
from nncc.ir.types import F32, Array


def arithmetic(operations: int) -> Module:
    """A chain of about so many operations with what generic passes look for.

    Constants in a row, neutral elements, equal and dead expressions, movements that cancel, weights to fold, and one
    value that every block uses.
    """
    module = Module()
    function, block = Function.create("main", [("x", TensorType(("N", 8, 4), F32))])
    module.body.append(function)
    b = Builder(module, block)
    value: Value = function.inputs[0]
    hub = b.nn.sigmoid(value)
    row = np.linspace(0.5, 1.5, 4, dtype=np.float32)
    index = 0
    while len(block) < operations:
        with b.at(Location.at("arithmetic", "main", f"block{index}", index)):
            value = b.nn.add(b.nn.add(value, row), 0.25)
            value = b.nn.transpose(b.nn.transpose(value, perm=(0, 2, 1)), perm=(0, 2, 1))
            value = b.nn.minimum(b.nn.maximum(b.nn.mul(value, 1.0), 0.0), 6.0)
            value = b.nn.add(value, b.nn.exp(b.nn.neg(hub)))  # equal in all blocks
            b.nn.tanh(b.nn.square(value))  # dead
            weight = b.nn.transpose(b.constant(np.full((4, 4), index % 7, np.float32)), perm=(1, 0))
            value = b.nn.reshape(b.nn.reshape(b.nn.affine(value, weight), shape=(0, 32)), shape=(0, 8, 4))
        index += 1
    function.set_outputs([("y", value)])
    return module


CHANNELS, SIDE = 8, 4


def network(operations: int) -> Module:
    """A residual network of about so many operations, on images of 8 channels, as an importer leaves it.

    Each block has a convolution with batch normalization, hard-swish, GELU and a channel shuffle spelled out, and a
    layer normalization and an attention over the pixels, which pull towards channel-first.
    """
    module = Module()
    function, block = Function.create("main", [("x", TensorType((1, CHANNELS, SIDE, SIDE), F32))])
    module.body.append(function)
    b = Builder(module, block)
    rng = np.random.default_rng(0)
    value: Value = function.inputs[0]
    index = 0
    while len(block) < operations:
        with b.at(Location.at("network", "main", f"block{index}", index)):
            y = _hard_swish(b, _convolution(b, value, rng))
            y = _gelu(b, _shuffle(b, _convolution(b, y, rng)))
            value = b.nn.relu(b.nn.add(value, _convolution(b, y, rng)))
            if index % 4 == 3:
                value = b.nn.add(value, _attention(b, value, rng))
        index += 1
    function.set_outputs([("y", value)])
    return module


def _weights(rng: np.random.Generator, *shape: int) -> Array:
    return (rng.standard_normal(shape) * 0.1).astype(np.float32)


def _convolution(b: Builder, x: Value, rng: np.random.Generator) -> Value:
    y = b.nn.conv(x, _weights(rng, CHANNELS, CHANNELS, 3, 3), pads=(1, 1, 1, 1))
    statistics = [_weights(rng, CHANNELS) for _ in range(3)]
    made: Value = b.nn.batch_norm(y, *statistics, rng.uniform(0.5, 1.5, CHANNELS).astype(np.float32))
    return made


def _hard_swish(b: Builder, x: Value) -> Value:
    made: Value = b.nn.div(b.nn.mul(x, b.nn.clip(b.nn.add(x, 3.0), min=0.0, max=6.0)), 6.0)
    return made


def _gelu(b: Builder, x: Value) -> Value:
    made: Value = b.nn.mul(b.nn.mul(x, b.nn.add(b.nn.erf(b.nn.div(x, 2**0.5)), 1.0)), 0.5)
    return made


def _shuffle(b: Builder, x: Value) -> Value:
    split = b.nn.reshape(x, shape=(1, 2, CHANNELS // 2, SIDE, SIDE))
    made: Value = b.nn.reshape(b.nn.transpose(split, perm=(0, 2, 1, 3, 4)), shape=(1, CHANNELS, SIDE, SIDE))
    return made


def _attention(b: Builder, x: Value, rng: np.random.Generator) -> Value:
    """Softmax(x x^T) x over the pixels, after a layer normalization over the channels."""
    pixels = b.nn.transpose(b.nn.reshape(x, shape=(1, CHANNELS, SIDE * SIDE)), perm=(0, 2, 1))
    centred = b.nn.sub(pixels, b.nn.reduce_mean(pixels, axes=(2,), keepdims=True))
    variance = b.nn.reduce_mean(b.nn.square(centred), axes=(2,), keepdims=True)
    normal = b.nn.div(centred, b.nn.sqrt(b.nn.add(variance, 1e-5)))
    normal = b.nn.add(b.nn.mul(normal, _weights(rng, CHANNELS)), _weights(rng, CHANNELS))
    power = b.nn.exp(b.nn.matmul(normal, b.nn.transpose(normal, perm=(0, 2, 1))))
    scores = b.nn.div(power, b.nn.reduce_sum(power, axes=(2,), keepdims=True))
    mixed = b.nn.transpose(b.nn.matmul(scores, normal), perm=(0, 2, 1))
    made: Value = b.nn.reshape(mixed, shape=(1, CHANNELS, SIDE, SIDE))
    return made
