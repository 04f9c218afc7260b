"""Tensors of one number, of the batch size too."""

from __future__ import annotations

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.dialects.nnp import BATCH
from ...ir.types import F32, Dim
from ..expansion import reshaped
from .expansion import expands
from .rules_movement import END
from .target import is_holdable


@expands("fill")
def fill(b: Builder, op: nn.Fill) -> Value | None:
    """One number, repeated; None where the shape is not known."""
    dims = op.output.tensor.shape
    if dims is None or not is_holdable(dims):
        return None
    one = b.nn.reshape(op.value, shape=(1,) * len(dims))
    if BATCH not in dims:
        return b.nn.broadcast_to(one, shape=op.output.tensor.static_shape)
    return b.nn.add(zeros(b, dims, like=op.value), one)


def zeros(b: Builder, dims: tuple[Dim, ...], like: Value) -> Value:
    """Zeros of the element type of another value; the batch size is that of an input of the network.

    Raises ValueError where no input has it.
    """
    source = next((a for a in b.block.args if a.tensor.dims[:1] == (BATCH,)), None)
    if source is None or dims.count(BATCH) != 1:
        raise ValueError(f"no input gives the batch size to a tensor of the shape {dims}")
    rank = source.tensor.rank
    one = b.nn.slice(source, starts=(0,) * rank, stops=(END, *(1,) * (rank - 1)), steps=(1,) * rank)
    number = b.nn.cast(one, to=F32)
    zero = b.nn.cast(b.nn.less(number, number), to=like.tensor.expressed)  # nothing is less than itself, NaN neither
    column = reshaped(b, zero, tuple(d if d == BATCH else 1 for d in dims))
    return b.nn.tile(column, reps=tuple(d if isinstance(d, int) else 1 for d in dims))
