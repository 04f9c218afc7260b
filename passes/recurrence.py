"""What recurrent layers do, made of affine, split, sigmoid, tanh, mul and add: the parts that all steps share."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn

Layer = nn.Rnn | nn.Gru | nn.Lstm
States = tuple[Value | None, ...]
"""The states before a step, (D, B, H) each; None stands for zeros."""
_TO_THE_END = 2**31 - 1


@attrs.frozen
class Weights:
    """The weights of one direction, as matrices that states are multiplied with."""

    matrix: Value
    """(I, G * H)"""
    recurrent_matrix: Value
    """(H, G * H)"""
    bias: Value | None
    """(G * H,): what is added to the product with the input."""
    own_bias: Value | None
    """(G * H,): what is added to the product with the state. Of a GRU alone, where it matters which of them it is."""

    @classmethod
    def of(cls, b: Builder, op: Layer, index: int) -> Weights:
        """The weights of a direction by its number, made at the builder's place."""
        rows = op.gates * op.hidden

        def matrix(weight: Value) -> Value:
            made: Value = b.nn.transpose(
                b.nn.reshape(of_direction(b, op, weight, index), shape=(rows, -1)), perm=(1, 0)
            )
            return made

        def vector(bias: Value | None) -> Value | None:
            return None if bias is None else b.nn.reshape(of_direction(b, op, bias, index), shape=(rows,))

        bias, own = vector(op.bias), vector(op.recurrent_bias)
        if not isinstance(op, nn.Gru):
            bias, own = own if bias is None else _added(b, bias, own), None
        return cls(matrix(op.weight), matrix(op.recurrent_weight), bias, own)

    def of_state(self, b: Builder, h: Value | None) -> Value | None:
        """What a state (1, B, H) adds to the gates, (1, B, G * H); None where that is nothing."""
        if h is None:
            return self.own_bias
        made: Value = b.nn.affine(h, self.recurrent_matrix, self.own_bias)
        return made


def states_before(b: Builder, op: Layer) -> States:
    """The states before the first step. Of their batch they may say less than the input does: then they are told."""
    return tuple(None if s is None else _with_batch(b, op, s) for s in op.initial_states)


def _with_batch(b: Builder, op: Layer, state: Value) -> Value:
    batch = op.x.tensor.dims[1]
    if batch is None or state.tensor.shape is None or state.tensor.dims[1] == batch:
        return state
    made: Value = b.nn.dynamic_reshape(state, state_shape(b, op))
    return made


def state_shape(b: Builder, op: Layer) -> Value:
    """(D, B, H), the shape of a state, where the batch is open."""
    batch = b.nn.slice(b.nn.shape_of(op.x), starts=(1,), stops=(2,), steps=(1,))
    directions, units = (b.constant(np.array([n], np.int64)) for n in (len(op.directions), op.hidden))
    made: Value = b.nn.concat([directions, batch, units], axis=0)
    return made


def of_direction(b: Builder, op: Layer, value: Value, index: int) -> Value:
    """The part of an operand that is of one direction, still with its first axis (of length 1)."""
    rank = value.tensor.rank
    if len(op.directions) == 1:
        return value
    starts, stops = (index, *[0] * (rank - 1)), (index + 1, *[_TO_THE_END] * (rank - 1))
    made: Value = b.nn.slice(value, starts=starts, stops=stops, steps=(1,) * rank)
    return made


def step(b: Builder, op: Layer, inputs: Value, own: Value | None, states: States) -> tuple[Value, ...]:
    """The states behind a step.

    ``inputs`` and ``own`` are what the input and the state h before it add to the gates, (D, B, G * H) each; directions
    go through it side by side.
    """
    if isinstance(op, nn.Gru):
        return _gru(b, op, inputs, own, states[0])
    total = _added(b, inputs, own)
    if isinstance(op, nn.Lstm):
        return _lstm(b, op, total, states[1])
    return (b.nn.tanh(total) if op.activation == "tanh" else b.nn.relu(total),)


def _lstm(b: Builder, op: Layer, total: Value, c: Value | None) -> tuple[Value, ...]:
    i, f, g, o = _gates(b, op, total, (1, 1, 1, 1))
    new = b.nn.mul(b.nn.sigmoid(i), b.nn.tanh(g))
    if c is not None:
        new = b.nn.add(b.nn.mul(b.nn.sigmoid(f), c), new)
    return b.nn.mul(b.nn.sigmoid(o), b.nn.tanh(new)), new


def _gru(b: Builder, op: Layer, inputs: Value, own: Value | None, h: Value | None) -> tuple[Value, ...]:
    """h = n + z * (h - n), which is (1 - z) * n + z * h."""
    gates, candidate = _gates(b, op, inputs, (2, 1))
    if own is not None:
        own_gates, own_candidate = _gates(b, op, own, (2, 1))
        gates = b.nn.add(gates, own_gates)
    r, z = _gates(b, op, b.nn.sigmoid(gates), (1, 1))
    n = b.nn.tanh(candidate if own is None else b.nn.add(candidate, b.nn.mul(r, own_candidate)))
    return (b.nn.sub(n, b.nn.mul(z, n)) if h is None else b.nn.add(n, b.nn.mul(z, b.nn.sub(h, n))),)


def _gates(b: Builder, op: Layer, value: Value, counts: Sequence[int]) -> tuple[Value, ...]:
    """The gates, cut into groups of so many."""
    made: tuple[Value, ...] = b.nn.split(value, axis=-1, sizes=tuple(n * op.hidden for n in counts))
    return made


def joined(b: Builder, parts: Sequence[Value], axis: int) -> Value:
    """The values behind each other; one alone is itself."""
    made: Value = parts[0] if len(parts) == 1 else b.nn.concat(parts, axis=axis)
    return made


def _added(b: Builder, a: Value, other: Value | None) -> Value:
    made: Value = a if other is None else b.nn.add(a, other)
    return made
