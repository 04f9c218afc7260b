"""Recurrent layers. Their states are variables of the file, which are zeros in a first run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....ir import Value
from ...nodes import numbers
from ...sizes import squeeze, unsqueeze
from .registry import Lifter, lift, refuse

_OTHER_LAYER = "write it with operators that nncc lifts"


def _told(b: Lifter, op: Any) -> None:
    b.warn(op, "begins each run with a state of zeros", "a runtime goes on from the last run unless it is reset")


def _sequence(b: Lifter, op: Any, x: Value) -> Value:
    """(T, B, I)."""
    return x if op.attributes.get("time_major", False) else b.transpose(x, (1, 0, 2))


def _states(b: Lifter, op: Any, y: Value) -> Value:
    """(T, 1, B, H) in the order of the input."""
    return _sequence(b, op, squeeze(b, y, [1]))


def _rows(b: Lifter, gates: Sequence[Value]) -> Value:
    """The weights of the gates as those of a layer with one direction."""
    return unsqueeze(b, b.nn.concat(list(gates), axis=0), [0])


@lift("UNIDIRECTIONAL_SEQUENCE_LSTM")
def unidirectional_sequence_lstm(b: Lifter, op: Any, x: Value, *others: Value | None) -> Value:
    """The gates stand in the order input, forget, cell, output, as in nn."""
    tensors = [x, *others, *[None] * (23 - len(others))]
    weights, recurrent, biases = tensors[1:5], tensors[5:9], tensors[12:16]
    fields = op.attributes
    for has, what in (
        (None in (*weights, *recurrent, *biases), "no input gate of its own, or no biases"),
        (any(t is not None for t in tensors[9:12]), "weights from the cell to the gates (peepholes)"),
        (any(t is not None for t in tensors[16:18]), "a projection"),
        (any(t is not None for t in tensors[20:24]), "layer normalization"),
        (fields.get("cell_clip", 0.0) or fields.get("proj_clip", 0.0), "states that are clipped"),
        (fields.get("fused_activation_function", "NONE") != "TANH", "an activation that is not TANH"),
    ):
        if has:
            raise refuse(op, f"has {what}", _OTHER_LAYER)
    _told(b, op)
    gates = [t for t in biases if t is not None]
    (hidden,) = numbers(op, gates[0].tensor.dims, "the state")
    y, _, _ = b.nn.lstm(
        _sequence(b, op, x),
        _rows(b, [t for t in weights if t is not None]),
        _rows(b, [t for t in recurrent if t is not None]),
        _rows(b, gates),
        hidden=hidden,
    )
    return _states(b, op, y)


@lift("UNIDIRECTIONAL_SEQUENCE_RNN")
def unidirectional_sequence_rnn(
    b: Lifter, op: Any, x: Value, weight: Value, recurrent: Value, bias: Value, state: Value | None = None
) -> Value:
    activation = op.attributes.get("fused_activation_function", "NONE")
    if activation not in ("TANH", "RELU"):
        raise refuse(op, f"has the activation {activation}", _OTHER_LAYER)
    _told(b, op)
    (hidden,) = numbers(op, bias.tensor.dims, "the state")
    y, _ = b.nn.rnn(
        _sequence(b, op, x),
        _rows(b, [weight]),
        _rows(b, [recurrent]),
        _rows(b, [bias]),
        hidden=hidden,
        activation=activation.lower(),
    )
    return _states(b, op, y)
