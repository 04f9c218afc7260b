"""Sequences of different lengths: padded to one length, or packed one step after the other."""

from __future__ import annotations

import numpy as np

from ....ir import Value
from .indexing import rows_to_places
from .registry import Call, Lifter, lift, refuse
from .shapes import as_float, expect_rank, numbers, reshape


def _swapped(b: Lifter, x: Value) -> Value:
    """``x`` with its first two dimensions exchanged."""
    return b.nn.transpose(x, perm=(1, 0, *range(2, x.tensor.rank)))


def _runs(b: Lifter, op: Call, sizes: Value, steps: int, batch: int) -> Value:
    """(T, B): whether sequence b runs at step t, being one of the first ``sizes[t]``."""
    return b.nn.less(b.constant(np.arange(batch, dtype=np.float32)), reshape(b, op, sizes, (steps, 1)))


@lift("PackPaddedSequence", data_dependent=True)
def pack_padded_sequence(b: Lifter, op: Call, padded: Value, lengths: Value) -> tuple[Value, Value]:
    """(T, B, ...) with lengths (B), longest first, to the steps that are there (N, ...), and how many run at each."""
    if padded.tensor.rank < 2:
        raise refuse(op, f"needs sequences (T, B, ...), got {padded.type}")
    timed = _swapped(b, padded) if op.batch_first else padded
    steps, batch = numbers(op, timed.tensor.dims[:2], "the sequences")
    longer = b.nn.greater(reshape(b, op, lengths, (1, batch)), b.constant(np.arange(steps, dtype=np.float32)[:, None]))
    sizes = b.nn.reduce_sum(as_float(b, longer), axes=(1,), keep_dims=False)
    return b.nn.gather_nd(timed, b.nn.non_zero(_runs(b, op, sizes, steps, batch))), sizes


@lift("PadPackedSequence", data_dependent=True)
def pad_packed_sequence(b: Lifter, op: Call, packed: Value, sizes: Value) -> tuple[Value, Value]:
    """The opposite: (N, ...) and how many sequences run at each step (T) to (T, B, ...), padded, and lengths (B).

    There are not more sequences than rows: those that run at no step are taken out in the end. A greater total_length
    adds steps. NNabla pads with 0 whatever padding_value says.
    """
    expect_rank(op, sizes, 1)
    steps, rows = numbers(op, (*sizes.tensor.dims, *packed.tensor.dims[:1]), "the packed sequence")
    runs = _runs(b, op, sizes, steps, rows)
    lengths = b.nn.reduce_sum(as_float(b, runs), axes=(0,), keep_dims=False)
    padded = rows_to_places(b, op, packed, runs, b.constant(0.0))
    if op.total_length > steps:
        none = (0,) * padded.tensor.rank
        padded = b.nn.pad(padded, pads=(*none, op.total_length - steps, *none[1:]))
    there = b.nn.reshape(b.nn.non_zero(lengths), shape=(-1,))
    found = b.nn.gather(padded, there, axis=1)
    return (_swapped(b, found) if op.batch_first else found), b.nn.gather(lengths, there)
