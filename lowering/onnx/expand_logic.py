"""Comparisons and choices for the opsets that have them not, or not for all types. NaN compares as it should."""

from __future__ import annotations

import math

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.module import constant_array, scalar_constant
from ...ir.types import I1, I32, I64
from ..expansion import number, reshaped
from .expansion import expands


@expands("not_equal")
def not_equal(b: Builder, op: nn.NotEqual) -> Value:
    return b.nn.logical_not(b.nn.equal(op.lhs, op.rhs))


@expands("less", "less_equal", "greater", "greater_equal")
def of_booleans(b: Builder, op: nn.Less) -> Value | None:
    if op.lhs.tensor.expressed is not I1:
        return None
    return b.create(op.name, *(b.nn.cast(v, to=I32) for v in (op.lhs, op.rhs))).result


@expands("less_equal", "greater_equal", below=12)
def or_equal(b: Builder, op: nn.LessEqual | nn.GreaterEqual) -> Value:
    """Not on the other side, and no NaN."""
    beyond = b.nn.greater if isinstance(op, nn.LessEqual) else b.nn.less
    return b.nn.logical_not(_or(b, [beyond(op.lhs, op.rhs), *_nans(b, op)]))


@expands("equal", below=11)
def equal(b: Builder, op: nn.Equal) -> Value | None:
    """On neither side, and no NaN."""
    if not op.lhs.tensor.expressed.is_float:
        return None
    sides = [b.nn.less(op.lhs, op.rhs), b.nn.greater(op.lhs, op.rhs)]
    return b.nn.logical_not(_or(b, [*sides, *_nans(b, op)]))


def _or(b: Builder, conditions: list[Value]) -> Value:
    found = conditions[0]
    for condition in conditions[1:]:
        found = b.nn.logical_or(found, condition)
    return found


def _nans(b: Builder, op: nn.Equal | nn.LessEqual | nn.GreaterEqual) -> list[Value]:
    """Whether the operands are NaN, for those that can be."""
    values = dict.fromkeys(v for v in (op.lhs, op.rhs) if v.tensor.expressed.is_float)
    constants = {v: constant_array(v) for v in values}
    return [b.nn.is_nan(v) for v, array in constants.items() if array is None or np.isnan(array).any()]


@expands("is_nan", below=9)
def is_nan(b: Builder, op: nn.IsNan) -> Value:
    """Neither above -1 nor below 1."""
    above, below = b.nn.greater(op.x, number(b, -1.0, op.x)), b.nn.less(op.x, number(b, 1.0, op.x))
    return b.nn.logical_not(b.nn.logical_or(above, below))


@expands("is_inf", below=10)
def is_inf(b: Builder, op: nn.IsInf) -> Value:
    """Beyond all finite numbers."""
    most = float(np.finfo(op.x.tensor.expressed.dtype).max)
    return b.nn.greater(b.nn.abs(op.x), number(b, most, op.x))


@expands("relu", "clip", below=12)
def clip_integers(b: Builder, op: nn.Relu | nn.Clip) -> Value | None:
    """Clip takes floats alone before opset 12."""
    element = op.x.tensor.expressed
    if not element.is_integer:
        return None
    low, high = (0.0, math.inf) if isinstance(op, nn.Relu) else (op.min, op.max)
    least, most = element.limits
    y = op.x
    if low > least:
        y = b.nn.maximum(y, b.constant(min(math.ceil(low), most), element))
    if high < most:
        y = b.nn.minimum(y, b.constant(max(math.floor(high), least), element))
    return b.nn.identity(y) if y is op.x else y


@expands("add", "sub", "mul", "div", "max_pool", below=12)
def activations_of_integers(b: Builder, op: nn.Add | nn.MaxPool) -> Value | None:
    """An activation that is built in becomes an operation, as which it is expanded."""
    if op.activation == "none" or not op.output.tensor.expressed.is_integer:
        return None
    plain = {name: value for name, value in op.attributes.items() if name != "activation"}
    return b.create(op.name, *op.operands, **plain).result


@expands("maximum", "minimum", below=12)
def extreme_integers(b: Builder, op: nn.Maximum) -> Value | None:
    """So do Max and Min: by a comparison and a choice."""
    if not op.lhs.tensor.expressed.is_integer:
        return None
    smaller = b.nn.less(op.lhs, op.rhs)
    pair = (op.rhs, op.lhs) if op.name == "nn.maximum" else (op.lhs, op.rhs)
    return b.nn.select(smaller, *pair)


@expands("maximum", "minimum", below=8)
def bounded(b: Builder, op: nn.Maximum) -> Value | None:
    """One number as the bound of all is a clip."""
    for x, other in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
        bound = scalar_constant(other, 0.0)
        if bound is not None and not math.isnan(bound) and x.tensor.dims == op.output.tensor.dims:
            return b.nn.clip(x, min=bound) if op.name == "nn.maximum" else b.nn.clip(x, max=bound)
    return None


@expands("maximum", "minimum", below=8)
def same_shapes(b: Builder, op: nn.Maximum) -> Value | None:
    """Max and Min do not broadcast before opset 8."""
    full = op.output.tensor.dims
    if op.lhs.tensor.shape == op.rhs.tensor.shape:
        return None
    sides = [v if v.tensor.shape == full else _broadcast(b, v, full) for v in (op.lhs, op.rhs)]
    return b.create(op.name, *sides).result


def _broadcast(b: Builder, x: Value, dims: tuple[object, ...]) -> Value:
    if not all(isinstance(d, int) for d in dims):
        raise ValueError(f"{x.type} is broadcast to a size that is not known")
    return b.nn.broadcast_to(x, shape=dims)


@expands("select", below=9)
def select(b: Builder, op: nn.Select) -> Value:
    """Both sides behind each other, and from them the elements that the condition picks."""
    shape = op.output.tensor.static_shape
    count = math.prod(shape)
    sides = [reshaped(b, _broadcast(b, v, shape), (count,)) for v in (op.on_true, op.on_false)]
    places = np.arange(count, dtype=np.int64).reshape(shape)
    offset = b.nn.mul(b.nn.cast(b.nn.logical_not(op.condition), to=I64), b.constant(count, I64))
    return b.nn.gather(b.nn.concat(sides, axis=0), b.nn.add(offset, b.constant(places)), axis=0)
