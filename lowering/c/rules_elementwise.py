"""Rules for elementwise functions."""

from __future__ import annotations

from typing import Any

from ...ir import Value
from ...ir.dialects.tfl import elementwise as tfl
from ...ir.opdef import registered_ops
from .target import CLAMPS, Target, lowers


def _names(base: type[Any]) -> list[str]:
    return [d.name.partition(".")[2] for d in registered_ops("tfl") if issubclass(d, base)]


BOUNDS = {
    "relu": CLAMPS["RELU"],
    "relu6": CLAMPS["RELU6"],
    "relu_n1_to_1": CLAMPS["RELU_N1_TO_1"],
    "relu_0_to_1": (0.0, 1.0),
}


@lowers(*(name for name in _names(tfl.Unary) if name not in BOUNDS))
def unary(t: Target, op: Any) -> Value:
    return t.value("unary", op.input, function=op.name.partition(".")[2])


@lowers(*BOUNDS)
def bounded(t: Target, op: Any) -> Value:
    lower, upper = BOUNDS[op.name.partition(".")[2]]
    return t.value("unary", op.input, function="identity", lower=lower, upper=upper)


@lowers("elu")
def elu(t: Target, op: Any) -> Value:
    return t.value("unary", op.input, function="elu")


@lowers("gelu")
def gelu(t: Target, op: Any) -> Value:
    return t.value("unary", op.input, function="gelu_tanh" if op.approximate else "gelu")


@lowers("leaky_relu")
def leaky_relu(t: Target, op: Any) -> Value:
    return t.value("leaky_relu", op.input, alpha=op.alpha)


@lowers("prelu")
def prelu(t: Target, op: Any) -> Value:
    return t.value("binary", op.input, op.alpha, function="prelu")


@lowers(*_names(tfl.Binary))
def binary(t: Target, op: Any) -> Value:
    return t.value("binary", op.lhs, op.rhs, function=op.name.partition(".")[2])


@lowers(*_names(tfl.Arithmetic))
def arithmetic(t: Target, op: Any) -> Value:
    return t.value("binary", op.lhs, op.rhs, function=op.name.partition(".")[2], **t.clamp(op))


@lowers("select", "select_v2")
def select(t: Target, op: Any) -> Value:
    condition = op.condition
    if op.name == "tfl.select" and condition.tensor.rank == 1 and op.x.tensor.rank > 1:
        shape = (*condition.tensor.dims, *[1] * (op.x.tensor.rank - 1))  # a condition a row
        condition = t.value("view", condition, type=condition.tensor.with_shape(shape))
    return t.value("select", condition, op.x, op.y)


@lowers("cast", "quantize", "dequantize")
def convert(t: Target, op: Any) -> Value:
    return t.value("convert", op.input)
