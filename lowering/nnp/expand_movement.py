"""Operations that move elements, in the forms that NNabla has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from .. import decompositions, padding
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


expands("pad")(padding.cut)


@expands("pad")
def pad(b: Builder, op: nn.Pad) -> Value | None:
    """Mirrors and repetitions that NNabla has not are chosen elements."""
    return None if op.mode in ("constant", "edge", "reflect") else padding.chosen(b, op)


@expands("reverse", "transpose", "tile")
def moves_nothing(b: Builder, op: nn.Reverse | nn.Transpose | nn.Tile) -> Value | None:
    """What leaves every element where it is: NNabla's functions want an axis at least."""
    stays = {
        "nn.reverse": lambda: not op.attributes["axes"],
        "nn.transpose": lambda: list(op.attributes["perm"]) == list(range(op.x.tensor.rank)),
        "nn.tile": lambda: all(n == 1 for n in op.attributes["reps"]),
    }
    return b.nn.identity(op.x) if stays[op.name]() else None
