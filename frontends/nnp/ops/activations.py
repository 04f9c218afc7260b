"""Activations and other functions of one element."""

from __future__ import annotations

from ....ir import Value
from .registry import Call, Lifter, lift, refuse
from .shapes import axis_of, base_axis_of, per_channel, product

_SAME_NAME = {
    "Sigmoid": "sigmoid",
    "Swish": "swish",
    "Tanh": "tanh",
    "ReLU": "relu",
    "SoftSign": "softsign",
    "Abs": "abs",
    "Exp": "exp",
    "Log": "log",
    "Ceil": "ceil",
    "Floor": "floor",
    "Sin": "sin",
    "Cos": "cos",
    "Tan": "tan",
    "Sinh": "sinh",
    "Cosh": "cosh",
    "ASin": "asin",
    "ACos": "acos",
    "ATan": "atan",
    "ASinh": "asinh",
    "ACosh": "acosh",
    "ATanh": "atanh",
    "Erf": "erf",
}


@lift(*_SAME_NAME)
def same_name(b: Lifter, op: Call, x: Value) -> Value:
    return b.create(f"nn.{_SAME_NAME[op.function_type.name]}", x).result


@lift("Identity", "Unlink")
def identity(b: Lifter, op: Call, x: Value) -> Value:
    return x


@lift("ClipGradByValue")
def clip_grad_by_value(b: Lifter, op: Call, x: Value, low: Value, high: Value) -> Value:
    return x  # clips gradients only


@lift("ClipGradByNorm")
def clip_grad_by_norm(b: Lifter, op: Call, x: Value) -> Value:
    return x  # clips gradients only


@lift("LeakyReLU")
def leaky_relu(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.leaky_relu(x, alpha=op.alpha)


@lift("PReLU")
def prelu(b: Lifter, op: Call, x: Value, slope: Value) -> Value:
    if product(slope.tensor.dims) != 1:
        axis = base_axis_of(op, x.tensor.rank)
        if axis == x.tensor.rank or x.tensor.dims[axis] != product(slope.tensor.dims):
            raise refuse(op, f"has slopes of type {slope.type} for axis {axis} of {x.type}")
        slope = per_channel(b, op, slope, axis, x.tensor.rank)
    return b.nn.prelu(x, slope)


@lift("Softmax")
def softmax(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.softmax(x, axis=axis_of(op, op.axis, x.tensor.rank))


@lift("LogSoftmax")
def log_softmax(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.log_softmax(x, axis=axis_of(op, op.axis, x.tensor.rank))


@lift("ELU")
def elu(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.elu(x, alpha=op.alpha)


@lift("SELU")
def selu(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.mul(b.nn.elu(x, alpha=op.alpha), op.scale)


@lift("CReLU")
def crelu(b: Lifter, op: Call, x: Value) -> Value:
    """relu(x) and relu(-x), one behind the other along the axis."""
    axis = axis_of(op, op.axis, x.tensor.rank)
    return b.nn.concat([b.nn.relu(x), b.nn.relu(b.nn.neg(x))], axis=axis)


@lift("CELU")
def celu(b: Lifter, op: Call, x: Value) -> Value:
    """elu(x) and elu(-x), one behind the other along the axis: not what others call CELU."""
    axis = axis_of(op, op.axis, x.tensor.rank)
    return b.nn.concat([b.nn.elu(x, alpha=op.alpha), b.nn.elu(b.nn.neg(x), alpha=op.alpha)], axis=axis)


@lift("GELU")
def gelu(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.gelu(x, approximate=True)


@lift("Mish")
def mish(b: Lifter, op: Call, x: Value) -> Value:
    """x tanh(log(1 + exp(x)))"""
    return b.nn.mul(x, b.nn.tanh(b.nn.softplus(x)))


@lift("ReLU6")
def relu6(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.clip(x, min=0.0, max=6.0)


@lift("HardSigmoid")
def hard_sigmoid(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.hard_sigmoid(x, alpha=0.2, beta=0.5)


@lift("HardTanh")
def hard_tanh(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.clip(x, min=-1.0, max=1.0)


@lift("LogSigmoid")
def log_sigmoid(b: Lifter, op: Call, x: Value) -> Value:
    """log(sigmoid(x)) = -log(1 + exp(-x)), which does not overflow."""
    return b.nn.neg(b.nn.softplus(b.nn.neg(x)))


@lift("SoftPlus")
def softplus(b: Lifter, op: Call, x: Value) -> Value:
    """log(1 + exp(beta x)) / beta"""
    if op.beta == 0:
        raise refuse(op, "divides by a beta of 0")
    if op.beta == 1:
        return b.nn.softplus(x)
    return b.nn.mul(b.nn.softplus(b.nn.mul(x, op.beta)), 1 / op.beta)


@lift("TanhShrink")
def tanh_shrink(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.sub(x, b.nn.tanh(x))


@lift("Sinc")
def sinc(b: Lifter, op: Call, x: Value) -> Value:
    """sin(x) / x, and 1 at 0."""
    zero, one = b.nn.equal(x, 0.0), b.constant(1.0)
    return b.nn.select(zero, one, b.nn.div(b.nn.sin(x), b.nn.select(zero, one, x)))


@lift("Round")
def round_away(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.round(x, mode="half_away")


@lift("Sign")
def sign(b: Lifter, op: Call, x: Value) -> Value:
    """The sign, and alpha for 0."""
    signs = b.nn.sign(x)
    return signs if op.alpha == 0 else b.nn.select(b.nn.equal(x, 0.0), b.constant(op.alpha), signs)
