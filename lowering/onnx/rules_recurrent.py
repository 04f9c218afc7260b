"""Recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.module import constant_attribute
from ...ir.types import Array
from .broadcasting import FIRST_OF_NUMPY
from .target import Target, lowers

_ORDERS: dict[type, tuple[int, ...]] = {nn.Rnn: (0,), nn.Gru: (1, 0, 2), nn.Lstm: (0, 3, 1, 2)}
"""The gates in the order of ONNX, as their places in nn: z, r, n of r, z, n; i, o, f, g of i, f, g, o."""


@lowers("rnn", "gru", "lstm")
def recurrent(t: Target, op: nn.RecurrentOp) -> Sequence[Value]:
    attributes: dict[str, Any] = {"hidden_size": op.hidden}
    if op.direction != "forward":
        attributes["direction"] = op.direction
    if isinstance(op, nn.Rnn) and op.activation != "tanh":
        attributes["activations"] = (op.activation.capitalize(),) * len(op.directions)
    if isinstance(op, nn.Gru):
        attributes["linear_before_reset"] = 1
    if t.opset < FIRST_OF_NUMPY:
        attributes["output_sequence"] = 1  # else y is not given
    weights = [_ordered(t, op, w) for w in (op.weight, op.recurrent_weight)]
    name = {nn.Rnn: "RNN", nn.Gru: "GRU", nn.Lstm: "LSTM"}[type(op)]
    return t.build(name, op.x, *weights, _bias(t, op), None, *op.initial_states, **attributes)


def _ordered(t: Target, op: nn.RecurrentOp, weight: Value) -> Value:
    """The rows of a weight (or bias) with its gates in the order of ONNX. Constant ones are reordered when written."""
    order = _ORDERS[type(op)]
    if list(order) == sorted(order):
        return weight
    rows = np.concatenate([np.arange(g * op.hidden, (g + 1) * op.hidden) for g in order])
    dense = constant_attribute(weight)
    if dense is None:
        return t.value("Gather", weight, t.ints(rows.tolist(), "rows"), types=[weight.type], axis=1)

    def load() -> Array:
        found: Array = dense.read()[:, rows]
        return found

    return t.dense(t.module.add_resource(weight.name or "weight", load, dense.type), weight.name)


def _bias(t: Target, op: nn.RecurrentOp) -> Value | None:
    """Both biases behind each other: (D, 2 G H)."""
    if op.bias is None and op.recurrent_bias is None:
        return None
    shape = (len(op.directions), op.gates * op.hidden)
    zeros = np.zeros(shape, op.x.tensor.storage.dtype)
    parts = [t.constant(zeros, "no_bias") if b is None else _ordered(t, op, b) for b in (op.bias, op.recurrent_bias)]
    whole = TensorType((shape[0], 2 * shape[1]), op.x.tensor.element)
    constants = [constant_attribute(p) for p in parts]
    if None not in constants:
        joined = np.concatenate([c.numpy() for c in constants if c is not None], axis=1)
        return t.dense(t.module.constant(joined, "bias"), "bias")
    return t.value("Concat", *parts, types=[whole], axis=1)
