"""Recurrent layers as NNabla has them: forwards or in both directions, from states that are given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from .expansion import expands


@expands("rnn", "gru", "lstm")
def recurrent(b: Builder, op: nn.Rnn | nn.Gru | nn.Lstm) -> Sequence[Value] | None:
    """A layer that runs backwards takes its sequence from the end; states that are left out are zeros."""
    given = op.initial_states
    if op.direction != "reverse" and all(s is not None for s in given):
        return None
    states = [_zeros(b, op) if s is None else s for s in given]
    attributes = {k: v for k, v in op.attributes.items() if k != "direction"}
    if op.direction == "bidirectional":
        attributes["direction"] = op.direction
    backwards = op.direction == "reverse"
    x = b.nn.reverse(op.x, axes=(0,)) if backwards else op.x
    parameters = (op.weight, op.recurrent_weight, op.bias, op.recurrent_bias)
    y, *ends = b.create(op.name, x, *parameters, *states, **attributes).results
    return (b.nn.reverse(y, axes=(0,)) if backwards else y, *ends)


def _zeros(b: Builder, op: nn.RecurrentOp) -> Value:
    """(D, B, H); where the batch is open, as many as the input has: 0 where one of its numbers is above infinity."""
    directions, batch = len(op.directions), op.x.tensor.dims[1]
    if isinstance(batch, int):
        return b.constant(np.zeros((directions, batch, op.hidden), np.float32))
    one = b.nn.slice(op.x, starts=(0, 0, 0), stops=(1, _END, 1), steps=(1, 1, 1))
    column = b.nn.cast(b.nn.greater(one, float("inf")), to=op.x.tensor.expressed)
    return b.nn.tile(column, reps=(directions, 1, op.hidden))


_END = 2**31 - 1
