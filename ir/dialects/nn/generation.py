"""Tensors that are made of a few numbers: ranges, and tensors of one number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...opdef import operand, result
from ...types import Array, Dim, TensorType
from .base import NUMBER_ELEMENT, NNOp
from .contents import known_elements
from .shape_operands import expect_single, ints_of, known_number, known_vector


class Range(NNOp, name="nn.range"):
    """start, start + delta, start + 2 delta, ... as long as it is below limit (above, for a negative delta).

    These are max(ceil((limit - start) / delta), 0) numbers. As Range of ONNX, RANGE of TFLite.
    """

    start = operand("a scalar")
    limit = operand("a scalar of the same type")
    delta = operand("a scalar of the same type, not zero")
    output = result("a vector")

    def infer(self) -> TensorType:
        values = {"start": self.start, "limit": self.limit, "delta": self.delta}
        for name, value in values.items():
            self.expect_element(name, value, NUMBER_ELEMENT)
            expect_single(self, name, value)
        return TensorType((self._count(),), self.expect_same_element(values.values()))

    def _count(self) -> Dim:
        start, delta = known_number(self.start), known_number(self.delta)
        if delta == 0:
            raise self.error("expected 'delta' not to be zero")
        elements = known_elements(self.limit)
        limit = None if elements is None else elements.reshape(-1)[0]
        if isinstance(limit, str):
            return limit if start == 0 and delta == 1 else None
        if start is None or limit is None or delta is None:
            return None
        return range_length(start, limit, delta)

    def evaluate(self, start: Array, limit: Array, delta: Array) -> Array:
        first, end, step = (a.reshape(()).item() for a in (start, limit, delta))
        if step == 0:
            raise ValueError("the step of a range is zero")
        wide: Any = np.float64 if start.dtype.kind not in "iu" else np.int64
        count = range_length(first, end, step)
        y: Array = np.arange(count, dtype=wide) * wide(step) + wide(first)
        return y.astype(start.dtype)


def range_length(start: float, limit: float, delta: float) -> int:
    """How many numbers a range has; exact for integers. Raises ValueError where a number is not finite."""
    if all(isinstance(n, int) for n in (start, limit, delta)):
        return max(-int((start - limit) // delta), 0)
    if not all(map(math.isfinite, (start, limit, delta))):
        raise ValueError(f"a range cannot go from {start} to {limit} in steps of {delta}")
    return max(math.ceil((limit - start) / delta), 0)


class Fill(NNOp, name="nn.fill"):
    """A tensor of the shape that an operand gives, of one element. As ConstantOfShape of ONNX, FILL of TFLite."""

    shape = operand("a vector of integers, none negative")
    value = operand("a scalar, or a vector of one")
    output = result("the shape ``shape``")

    def infer(self) -> TensorType:
        dims = known_vector(self, "shape", self.shape)
        expect_single(self, "value", self.value)
        if dims is not None and any(isinstance(d, int) and d < 0 for d in dims):
            raise self.error(f"expected 'shape' without negative numbers, got {dims}")
        return TensorType(dims, self.value.tensor.expressed)

    def evaluate(self, shape: Array, value: Array) -> Array:
        return np.broadcast_to(value.reshape(()), ints_of(shape))
