"""Activation functions with parameters or over axes; those of one element alone stand in ``arithmetic.UNARY``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.types import F32
from ...nodes import axis_of, refuse
from ...sizes import OpenSize, cast, filled, reshape, size_vector, sizes_of
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@lift("HardSigmoid")
def hard_sigmoid(b: Lifter, op: OnnxOp, x: Value) -> Value:
    return b.nn.hard_sigmoid(x, alpha=op.get("alpha"), beta=op.get("beta"))


@lift("LeakyRelu")
def leaky_relu(b: Lifter, op: OnnxOp, x: Value) -> Value:
    return b.nn.leaky_relu(x, alpha=op.get("alpha"))


@lift("Elu")
def elu(b: Lifter, op: OnnxOp, x: Value) -> Value:
    return b.nn.elu(x, alpha=op.get("alpha"))


@lift("Selu")
def selu(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """gamma * elu(x, alpha)"""
    return b.nn.mul(b.nn.elu(x, alpha=op.get("alpha")), op.get("gamma"))


@lift("Celu")
def celu(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """max(0, x) + min(0, alpha * (e^(x / alpha) - 1)): an elu of x / alpha, scaled"""
    alpha = float(op.get("alpha"))
    if alpha == 0:
        raise refuse(op, "has an alpha of 0")
    if alpha > 0:
        return b.nn.mul(b.nn.elu(b.nn.div(x, alpha), alpha=1.0), alpha) if alpha != 1 else b.nn.elu(x)
    negative = b.nn.mul(b.nn.sub(b.nn.exp(b.nn.div(x, alpha)), 1.0), alpha)
    return b.nn.add(b.nn.relu(x), b.nn.minimum(negative, 0.0))


@lift("Mish")
def mish(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """x * tanh(log(1 + e^x))"""
    return b.nn.mul(x, b.nn.tanh(b.nn.softplus(x)))


@lift("Swish")
def swish(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """x * sigmoid(alpha * x)"""
    alpha = op.get("alpha")
    return b.nn.swish(x) if alpha == 1 else b.nn.mul(x, b.nn.sigmoid(b.nn.mul(x, alpha)))


@lift("Gelu")
def gelu(b: Lifter, op: OnnxOp, x: Value) -> Value:
    form = op.get("approximate")
    if form not in ("none", "tanh"):
        raise refuse(op, f"has the unknown approximation '{form}'")
    return b.nn.gelu(x, approximate=form == "tanh")


@lift("ThresholdedRelu")
def thresholded_relu(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """x where it is above alpha, 0 elsewhere"""
    return b.nn.select(b.nn.greater(x, op.get("alpha")), x, zero_of(b, x))


@lift("Shrink")
def shrink(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """x + bias below -lambd, x - bias above lambd, 0 between; integers are computed as floats and cut"""
    threshold, bias = op.get("lambd"), op.get("bias")
    real = x if x.tensor.expressed.is_float else b.nn.cast(x, to=F32)
    above = b.nn.select(b.nn.greater(real, threshold), b.nn.sub(real, bias), zero_of(b, real))
    y = b.nn.select(b.nn.less(real, -threshold), b.nn.add(real, bias), above)
    return cast(b, y, x.tensor.expressed)


@lift("PRelu")
def prelu(b: Lifter, op: OnnxOp, x: Value, slope: Value) -> Value:
    """x where it is not negative, slope * x elsewhere.

    The slope broadcasts to x as in numpy since version 7. Before, it is one number, or one a channel (axis 1).
    """
    if op.version < 7 and slope.tensor.rank == 1 and x.tensor.rank > 1:
        slope = reshape(b, slope, [*sizes_of(slope), *[1] * (x.tensor.rank - 2)])
    if x.tensor.expressed.is_float:
        return b.nn.prelu(x, slope)
    return b.nn.select(b.nn.less(x, 0), b.nn.mul(x, slope), x)


@lift("Softmax", "LogSoftmax", "Hardmax")
def softmax(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Along one axis since version 13; before, over all axes from that one on, together."""
    function = _ALONG_AXIS[op.op_type]
    rank = x.tensor.rank
    if op.version >= 13:
        axis = axis_of(op, op.get("axis"), max(rank, 1))
        return function(b, x, axis) if rank else reshape(b, function(b, reshape(b, x, [1]), 0), [])
    axis = int(op.get("axis"))
    if not -rank <= axis <= rank:
        raise refuse(op, f"has axis {axis} where the rank is {rank}")
    axis += rank if axis < 0 else 0
    if all(d == 1 for d in x.tensor.dims[axis + 1 :]) and axis < rank:
        return function(b, x, axis)  # as a matrix, which a target's softmax can compute
    y = function(b, reshape(b, x, [*sizes_of(x)[:axis], -1]), axis)
    return reshape(b, y, sizes_of(x))


def _softmax(b: Lifter, x: Value, axis: int) -> Value:
    return b.nn.softmax(x, axis=axis)


def _log_softmax(b: Lifter, x: Value, axis: int) -> Value:
    return b.nn.log_softmax(x, axis=axis)


def _hardmax(b: Lifter, x: Value, axis: int) -> Value:
    """1 at the first greatest element along the axis, 0 elsewhere."""
    places = b.nn.argmax(x, axis=axis, keep_dims=False)
    depth = x.tensor.dims[axis]
    if isinstance(depth, int):
        hits = b.nn.one_hot(places, depth=depth, axis=axis)
    else:
        hits = b.nn.dynamic_one_hot(places, size_vector(b, [OpenSize(x, axis)]), axis=axis)
    return cast(b, hits, x.tensor.expressed)


_ALONG_AXIS = {"Softmax": _softmax, "LogSoftmax": _log_softmax, "Hardmax": _hardmax}


def zero_of(b: Lifter, x: Value) -> Value:
    """The number 0 in the element type of x."""
    return filled(b, 0, (), x.tensor.storage)
