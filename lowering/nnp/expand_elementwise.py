"""Elementwise functions that NNabla has not, by those that it has."""

from __future__ import annotations

import math
from typing import Any

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.module import scalar_constant
from ...ir.types import F32
from .. import decompositions
from .expansion import expands
from .rules_elementwise import is_default_hard_sigmoid, slope_axis

expands("log1p")(decompositions.log1p)


@expands("gelu")
def gelu(b: Builder, op: nn.Gelu) -> Value | None:
    """NNabla's is the form with tanh."""
    if op.approximate:
        return None
    return b.nn.mul(b.nn.mul(op.x, 0.5), b.nn.add(b.nn.erf(b.nn.mul(op.x, math.sqrt(0.5))), 1.0))


@expands("hard_sigmoid")
def hard_sigmoid(b: Builder, op: nn.HardSigmoid) -> Value | None:
    if is_default_hard_sigmoid(op):
        return None
    return b.nn.clip(b.nn.add(b.nn.mul(op.x, op.alpha), op.beta), min=0.0, max=1.0)


@expands("hard_swish")
def hard_swish(b: Builder, op: nn.HardSwish) -> Value:
    return b.nn.mul(op.x, b.nn.mul(b.nn.clip(b.nn.add(op.x, 3.0), min=0.0, max=6.0), 1 / 6))


@expands("prelu")
def prelu(b: Builder, op: nn.Prelu) -> Value | None:
    slope = scalar_constant(op.slope)
    if slope is not None and op.x.tensor.expressed.is_float and op.slope.tensor.rank <= op.x.tensor.rank:
        return b.nn.leaky_relu(op.x, alpha=slope)
    if slope_axis(op) is not None:
        return None
    return b.nn.add(b.nn.relu(op.x), b.nn.mul(b.nn.clip(op.x, max=0.0), op.slope))


@expands("reduce_mean", "resize", "grid_sample")
def means_of_integers(b: Builder, op: Any) -> Value | None:
    """A mean of integers is cut to one: it is computed with real numbers, and cast."""
    element = op.x.tensor.expressed
    if not element.is_integer:
        return None
    attributes = {k: v for k, v in op.attributes.items() if k != "activation"}
    made = b.create(op.name, b.nn.cast(op.x, to=F32), *op.operands[1:], **attributes).result
    return b.nn.cast(made, to=element)
