"""Matrix products, normalizations and recurrent layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ir import Value
from ...ir.dialects import nn
from ...ir.layout import permute
from ...ir.module import constant_array, constant_attribute
from .target import Target, lowers


@lowers("affine")
def affine(t: Target, op: nn.Affine) -> Value:
    return t.value("Affine", op.x, op.weight, op.bias, base_axis=op.x.tensor.rank - 1)


@lowers("matmul")
def matmul(t: Target, op: nn.Matmul) -> Value:
    """A product with one matrix is an Affine; BatchMatmul takes three dimensions or more, of both as many."""
    lhs, rhs = op.lhs, op.rhs
    if rhs.tensor.rank == 2 and not op.transpose_lhs:
        matrix = _transposed(t, rhs, (1, 0)) if op.transpose_rhs else rhs
        return t.value("Affine", lhs, matrix, base_axis=lhs.tensor.rank - 1)
    rank = max(3, op.output.tensor.rank)
    dims = op.output.tensor.dims
    y = t.value(
        "BatchMatmul",
        t.raised(lhs, rank),
        t.raised(rhs, rank),
        dims=(1,) * (rank - len(dims)) + dims,
        transpose_a=op.transpose_lhs,
        transpose_b=op.transpose_rhs,
    )
    return t.reshape(y, dims)


def _transposed(t: Target, value: Value, perm: tuple[int, ...]) -> Value:
    return t.value("Transpose", value, dims=permute(value.tensor.dims, perm), axes=perm)


@lowers("einsum")
def einsum(t: Target, op: nn.Einsum) -> Value:
    return t.value("Einsum", *op.inputs, equation=op.equation)


@lowers("batch_norm")
def batch_norm(t: Target, op: nn.BatchNorm) -> Value:
    rank = op.x.tensor.rank
    axis = op.axis % rank
    dims = tuple(op.x.tensor.dims[axis] if i == axis else 1 for i in range(rank))
    parameters = [t.reshape(v, dims) for v in (op.bias, op.scale, op.mean, op.variance)]
    return t.value(
        "BatchNormalization", op.x, *parameters, axes=(axis,), decay_rate=0.9, eps=op.epsilon, batch_stat=False
    )


@lowers("layer_norm")
def layer_norm(t: Target, op: nn.LayerNorm) -> Value:
    """LayerNormalization, or InstanceNormalization where scale and bias belong to channels; else both behind it."""
    dims, rank = op.x.tensor.dims, op.x.tensor.rank
    axes = {a % rank for a in op.axes}
    kept = tuple(i for i in range(rank) if i not in axes)
    whole = tuple(1 if i in kept else d for i, d in enumerate(dims))
    # (gamma, beta) as these functions take them
    pair = [None if v is None else (1,) * (rank - v.tensor.rank) + v.tensor.dims for v in (op.scale, op.bias)]
    flags: dict[str, Any] = {"eps": op.epsilon, "no_scale": op.scale is None, "no_bias": op.bias is None}
    gamma, beta = (None if v is None else t.raised(v, rank) for v in (op.scale, op.bias))
    if all(p in (None, whole) for p in pair):
        return t.value("LayerNormalization", op.x, beta, gamma, batch_axis=kept, **flags)
    channels = (1, *dims[1:2], *(1,) * (rank - 2))
    if kept == (0, 1) and all(p in (None, channels) for p in pair):
        return t.value("InstanceNormalization", op.x, beta, gamma, channel_axis=1, batch_axis=(0,), **flags)
    y = t.value("LayerNormalization", op.x, batch_axis=kept, eps=op.epsilon, no_scale=True, no_bias=True)
    y = y if gamma is None else t.value("Mul2", y, gamma)
    return y if beta is None else t.value("Add2", y, beta)


# Recurrent layers


@lowers("rnn", "gru", "lstm")
def recurrent(t: Target, op: nn.Rnn | nn.Gru | nn.Lstm) -> list[Value]:
    """One layer of RNN, GRU or LSTM: the weights of input and state side by side, states with a dimension of layers."""
    if op.direction == "reverse" or any(s is None for s in op.initial_states):
        raise t.error("runs backwards, or has no initial states", "run expand-for-nnp before")
    steps, batch, _ = op.x.tensor.dims
    directions, hidden = len(op.directions), op.hidden
    layer = (1, directions, batch, hidden)
    states = [t.reshape(s, layer) for s in op.initial_states if s is not None]
    arguments: dict[str, Any] = {"num_layers": 1, "bidirectional": directions == 2}
    if isinstance(op, nn.Rnn):
        arguments["nonlinearity"] = op.activation
    name = {"nn.rnn": "RNN", "nn.gru": "GRU", "nn.lstm": "LSTM"}[op.name]
    dims = (steps, batch, directions * hidden)
    made = t.build(
        name, op.x, *states, _weights(t, op), None, _biases(t, op), results=[dims, *[layer] * len(states)], **arguments
    )
    y = t.reshape(made[0], (steps, batch, directions, hidden))
    y = t.value("Transpose", y, dims=(steps, directions, batch, hidden), axes=(0, 2, 1, 3))
    return [y, *(t.reshape(state, (directions, batch, hidden)) for state in made[1:])]


def _weights(t: Target, op: nn.Rnn | nn.Gru | nn.Lstm) -> Value:
    """(D, gates, H, inputs + H), without the gates where there is one."""
    directions, rows, inputs = op.weight.tensor.static_shape
    width = inputs + op.hidden
    shape = (directions, op.hidden, width) if op.gates == 1 else (directions, op.gates, op.hidden, width)
    given = [constant_attribute(v) for v in (op.weight, op.recurrent_weight)]
    if None in given:
        joined = t.value("Concatenate", op.weight, op.recurrent_weight, dims=(directions, rows, width), axis=2)
        return t.reshape(joined, shape)
    return t.computed(
        lambda: np.concatenate([dense.real() for dense in given if dense is not None], axis=2).reshape(shape),
        shape,
        op.weight.name or "weight",
    )


def _biases(t: Target, op: nn.Rnn | nn.Gru | nn.Lstm) -> Value | None:
    """(1, D, gates, H): both biases of a gate added up. A GRU keeps that of the state in n apart, as a fourth row."""
    given = [v for v in (op.bias, op.recurrent_bias) if v is not None]
    if not given:
        return None
    d, gates, hidden = len(op.directions), op.gates, op.hidden
    if any(constant_attribute(v) is None for v in given):
        return _computed_biases(t, op)
    zeros = np.zeros((d, gates, hidden), np.float32)
    of_input, of_state = (
        zeros if v is None else constant_array(v).reshape(d, gates, hidden)  # type: ignore[union-attr]
        for v in (op.bias, op.recurrent_bias)
    )
    rows = of_input + of_state
    if isinstance(op, nn.Gru):
        rows = np.concatenate([rows[:, :2], of_input[:, 2:], of_state[:, 2:]], axis=1)
    return t.constant((rows[:, 0] if gates == 1 else rows)[None], given[0].name or "bias")


def _computed_biases(t: Target, op: nn.Rnn | nn.Gru | nn.Lstm) -> Value:
    """The same of biases that are not all constant."""
    d, gates, hidden = len(op.directions), op.gates, op.hidden
    dims = (d, gates * hidden)
    zeros = np.zeros(dims, np.float32)
    of_input, of_state = (
        t.constant(zeros, "zeros") if v is None else t.tensor(v) for v in (op.bias, op.recurrent_bias)
    )
    rows = t.value("Add2", of_input, of_state, dims=dims)
    if not isinstance(op, nn.Gru):
        return t.reshape(rows, (1, d, hidden) if gates == 1 else (1, d, gates, hidden))

    def part(value: Value, first: int, last: int) -> Value:
        size = (d, (last - first) * hidden)
        return t.value("Slice", value, dims=size, start=(0, first * hidden), stop=(d, last * hidden), step=(1, 1))

    parts = part(rows, 0, 2), part(of_input, 2, 3), part(of_state, 2, 3)
    return t.reshape(t.value("Concatenate", *parts, dims=(d, 4 * hidden), axis=1), (1, d, 4, hidden))
