"""Elementwise functions that TensorFlow has not, by those that it has."""

from __future__ import annotations

import numpy as np

from ...ir import Builder, QuantizedType, Value
from ...ir.dialects import nn
from ...ir.types import F64, I32, I64
from .. import convolutions, decompositions
from ..expansion import number
from .expansion import expands

expands("round")(decompositions.round_half_away)
expands("hard_sigmoid")(decompositions.hard_sigmoid)
expands("logical_xor")(decompositions.logical_xor)
expands("swish")(decompositions.swish)
expands("elu")(decompositions.elu)
expands("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")(decompositions.comparison_of_booleans)

expands("gelu")(decompositions.gelu)


@expands("hard_swish")
def hard_swish(b: Builder, op: nn.HardSwish) -> Value:
    made: Value = b.nn.mul(b.nn.mul(op.x, b.nn.clip(b.nn.add(op.x, 3.0), min=0.0, max=6.0)), 1 / 6)
    return made


@expands("prelu")
def prelu(b: Builder, op: nn.Prelu) -> Value:
    below = b.nn.minimum(op.x, number(b, 0.0, op.x))
    made: Value = b.nn.add(b.nn.relu(op.x), b.nn.mul(op.slope, below))
    return made


expands("mod")(decompositions.mod_of_dividend)


@expands("conv")
def integer_conv(b: Builder, op: nn.Conv) -> Value | None:
    """In floats of 64 bits, which hold sums below 2^53 exactly: kernels of integers lack groups and dilations."""
    return convolutions.integer_product(b, op, F64)


@expands("matmul")
def integer_matmul(b: Builder, op: nn.Matmul) -> Value | None:
    """In integers that products have kernels for: what does not fit the result wraps around anyway."""
    element = op.output.tensor.expressed
    wide = I64 if element.bits > I32.bits else I32
    if not element.is_integer or {op.lhs.tensor.expressed, op.rhs.tensor.expressed, element} == {wide}:
        return None
    sides = (b.nn.cast(side, to=wide) for side in (op.lhs, op.rhs))
    made = b.nn.matmul(*sides, transpose_lhs=op.transpose_lhs, transpose_rhs=op.transpose_rhs)
    return made if made.tensor.expressed == element else b.nn.cast(made, to=element)


# Small and unsigned integers, which few kernels compute with: in wider ones, cut off again


@expands("abs", "neg", "sign", "pow", "squared_difference")
def widened(b: Builder, op: nn.NNOp) -> Value | None:
    element = op.operands[0].tensor.expressed  # type: ignore[union-attr]  # it is always there
    wider = _WIDER.get(element.name)
    if wider is None or (op.name == "nn.pow" and element == I32):
        return None
    operands = [None if v is None else b.nn.cast(v, to=wider) for v in op.operands]
    made: Value = b.nn.cast(b.create(op.name, *operands, **op.attributes).result, to=element)
    return made


_WIDER = {"i8": I32, "ui8": I32, "i16": I32, "ui16": I32, "ui32": I64}


@expands("fake_quantize")
def fake_quantize(b: Builder, op: nn.FakeQuantize) -> Value:
    """Rounding to the grid in floats."""
    grid = op.grid
    assert isinstance(grid, QuantizedType)
    along = [] if grid.axis is None else [-1 if i == grid.axis else 1 for i in range(op.x.tensor.rank)]
    dtype = op.x.tensor.expressed.dtype
    scales = b.constant(np.reshape(grid.scales, along).astype(dtype))
    low, high = (np.reshape([n - z for z in grid.zero_points], along).astype(dtype) for n in grid.range)
    steps = b.nn.round(b.nn.div(op.x, scales), mode=op.rounding)
    made: Value = b.nn.mul(b.nn.minimum(b.nn.maximum(steps, low), high), scales)
    return made
