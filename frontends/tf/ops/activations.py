"""Activation functions, alone and as TensorFlow's optimizer fused them with others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....ir import Value
from ...nodes import refuse
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
"""Klambauer et al., "Self-normalizing neural networks"."""


@lift("Relu6")
def relu6(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.nn.clip(x, min=0.0, max=6.0)


@lift("Elu")
def elu(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.nn.elu(x, alpha=1.0)


@lift("Selu")
def selu(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.nn.mul(b.nn.elu(x, alpha=SELU_ALPHA), SELU_SCALE)


@lift("LeakyRelu")
def leaky_relu(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.nn.leaky_relu(x, alpha=float(op.get("alpha")))


@lift("Softmax")
def softmax(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.nn.softmax(x, axis=-1)


@lift("LogSoftmax")
def log_softmax(b: Lifter, op: TfOp, x: Value) -> Value:
    return b.nn.log_softmax(x, axis=-1)


def activate(b: Lifter, op: TfOp, y: Value, names: Sequence[str]) -> Value:
    """What fused operations do to a result, by their names. Raises CompileError for one that is not known."""
    for name in names:
        if name == "Relu6":
            y = relu6(b, op, y)
        elif name == "Elu":
            y = elu(b, op, y)
        elif name == "LeakyRelu":
            y = b.nn.leaky_relu(y, alpha=float(op.get("leakyrelu_alpha")))
        elif name in ("Relu", "Sigmoid", "Tanh"):
            y = getattr(b.nn, name.lower())(y)
        elif name in ("GeluApproximate", "GeluExact"):
            y = b.nn.gelu(y, approximate=name == "GeluApproximate")
        else:
            raise refuse(op, f"is fused with {name}", "freeze the graph without optimizing it")
    return y
