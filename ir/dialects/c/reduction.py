"""Reductions, and what is computed over an axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...memory import Share
from ...opdef import FLOAT, INT, attribute, one_of, operand, result
from ...types import Array
from .base import KernelOp

REDUCTIONS = {
    "sum": np.add,
    "mean": np.add,
    "prod": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
    "any": np.logical_or,
    "all": np.logical_and,
}


class Reduce(KernelOp, name="c.reduce"):
    """The sum, mean, ... over the middle of (outer, middle, inner), which is how x is seen"""

    x = operand()
    kind = attribute(one_of(*REDUCTIONS), "what becomes of the elements")
    outer = attribute(INT)
    middle = attribute(INT)
    inner = attribute(INT)
    output = result("outer * inner elements")

    def evaluate(self, x: Array) -> Array:
        y = REDUCTIONS[self.kind].reduce(x.reshape(self.outer, self.middle, self.inner), axis=1)
        y = y / self.middle if self.kind == "mean" else y
        return np.asarray(y, self.output_type.expressed.dtype).reshape(self.output_type.static_shape)


class Softmax(KernelOp, name="c.softmax"):
    """e^(beta x) over its sum along the last axis"""

    x = operand()
    beta = attribute(FLOAT, default=1.0)
    output = result()

    def evaluate(self, x: Array) -> Array:
        e = np.exp((x - x.max(axis=-1, keepdims=True)) * np.asarray(self.beta, x.dtype))
        y: Array = e / e.sum(axis=-1, keepdims=True)
        return y

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(0)


class LogSoftmax(KernelOp, name="c.log_softmax"):
    """x less the logarithm of the sum of e^x along the last axis"""

    x = operand()
    output = result()

    def evaluate(self, x: Array) -> Array:
        centred = x - x.max(axis=-1, keepdims=True)
        y: Array = centred - np.log(np.exp(centred).sum(axis=-1, keepdims=True))
        return y

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(0)
