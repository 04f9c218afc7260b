"""Kernels that write intermediate results and read them again, each time losing what fixed point does not hold.

All others of this kind are the kernels for floats, between reading and writing.
"""

from __future__ import annotations

import math

import numpy as np

from ....types import Array
from .layers import product, transposed_sum
from .registry import MIXED, Call
from .storage import read, write


def _kept(call: Call, real: Array) -> Array:
    """What can be read of the first result when it was written."""
    type = call.results[0]
    return read(write(real, type), type)


@MIXED.computes("Affine")
def affine(call: Call, x: Array, weight: Array, bias: Array | None = None) -> Array:
    y = _kept(call, product(call, x, weight))
    return y if bias is None else y + bias.reshape(y.shape[call.integer("base_axis") :])


@MIXED.computes("Deconvolution")
def deconvolution(call: Call, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """Channel by channel of the input."""
    image = x.reshape(-1, x.shape[call.integer("base_axis")], *x.shape[call.integer("base_axis") + 1 :])
    count = weight.shape[0] // call.integer("group")
    y = np.zeros((), np.float32)
    for channel in range(count):
        y = _kept(
            call, y + transposed_sum(call, image[:, channel::count], weight[channel::count], call.integer("group"))
        )
    if bias is not None:
        y = y + bias.reshape(-1, *[1] * (y.ndim - 2))
    return y.reshape(call.shape_of_result)


@MIXED.computes("Sum")
def sum_(call: Call, x: Array) -> Array:
    """Element by element."""
    kept = [i for i in range(x.ndim) if i not in call.ints("axes")]
    count = math.prod(x.shape[a] for a in call.ints("axes"))
    rows = x.transpose(*call.ints("axes"), *kept).reshape(count, -1)
    y = np.zeros(rows.shape[1], np.float32)
    for row in rows:
        y = _kept(call, y + row)
    return y.reshape(call.shape_of_result)


@MIXED.computes("Softmax")
def softmax(call: Call, x: Array) -> Array:
    powers = np.exp(x - x.max(call.integer("axis"), keepdims=True))
    result: Array = _kept(call, powers) / powers.sum(call.integer("axis"), keepdims=True)
    return result
