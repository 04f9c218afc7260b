"""Recurrent layers as NNabla has them: forwards or in both directions, from states that are given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from .expand_filling import zeros
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
    """(D, B, H)"""
    dims = (len(op.directions), op.x.tensor.dims[1], op.hidden)
    if all(isinstance(d, int) for d in dims):
        return b.constant(np.zeros(dims, np.float32))
    return zeros(b, dims, like=op.x)
