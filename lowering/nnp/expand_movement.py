"""Operations that move elements, in the forms that NNabla has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.types import I32
from .. import decompositions
from ..expansion import static_dims
from .expansion import expands
from .rules_movement import END

expands("channel_shuffle")(decompositions.channel_shuffle)
expands("depth_to_space")(decompositions.depth_to_space)
expands("space_to_depth")(decompositions.space_to_depth)


@expands("shape_of")
def shape_of(b: Builder, op: nn.ShapeOf) -> Value | None:
    shape = static_dims(op.x)
    return None if shape is None else b.constant(np.array(shape, np.int64))


@expands("split")
def split(b: Builder, op: nn.Split) -> Sequence[Value]:
    """NNabla's Split takes an axis away; pieces that keep it are slices."""
    rank = op.x.tensor.rank
    axis, start, pieces = op.axis % rank, 0, []
    for size in op.sizes:
        starts, stops = [0] * rank, [END] * rank
        starts[axis], stops[axis] = start, start + size
        pieces.append(b.nn.slice(op.x, starts=starts, stops=stops, steps=(1,) * rank))
        start += size
    return pieces


@expands("pad")
def pad(b: Builder, op: nn.Pad) -> Value | None:
    """Negative pads cut off; mirrors and repetitions that NNabla has not are chosen elements."""
    if min(op.pads, default=0) < 0:
        return _cut(b, op)
    if op.mode in ("constant", "edge", "reflect"):
        return None
    y = op.x
    for axis, (pair, length) in enumerate(zip(op.pairs, op.x.tensor.dims, strict=True)):
        if not any(pair):
            continue
        if not isinstance(length, int):
            raise ValueError(f"{op.x.type} has no static axis {axis}")
        indices = np.pad(np.arange(length, dtype=I32.dtype), pair, mode=op.mode)  # type: ignore[call-overload]
        y = b.nn.gather(y, indices, axis=axis)
    return b.nn.identity(y) if y is op.x else y


def _cut(b: Builder, op: nn.Pad) -> Value:
    """As numpy would: what is cut off at one end is not there for the mirrors of the other."""
    dims = op.x.tensor.dims
    starts = [max(-begin, 0) for begin, _ in op.pairs]
    stops = [
        END if end >= 0 else d + end if isinstance(d, int) else -1 for d, (_, end) in zip(dims, op.pairs, strict=True)
    ]
    kept = b.nn.slice(op.x, starts=starts, stops=stops, steps=(1,) * len(dims))
    pads = tuple(max(p, 0) for p in op.pads)
    return b.nn.pad(kept, pads=pads, mode=op.mode, value=op.value) if any(pads) else kept
