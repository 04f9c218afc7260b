"""Rearrangement, gathering and scattering in the forms that TFLite has."""

from __future__ import annotations

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.types import I1, I32
from .. import decompositions, movement, padding
from .expansion import expands

expands("channel_shuffle")(decompositions.channel_shuffle)
expands("depth_to_space", "space_to_depth")(movement.blocks)
expands("trilu")(decompositions.trilu)
expands("shape_of")(movement.shape_of)
expands("split")(movement.single_piece)
expands("pad", "transpose", "slice", "tile")(movement.moves_nothing)
expands("pad")(padding.cut)
expands("pad")(movement.pad_chosen)
expands("gather")(movement.gather)
expands("gather_nd")(movement.gather_nd)
expands("gather_elements")(movement.gather_elements)


@expands("reverse")
def reverse(b: Builder, op: nn.Reverse) -> Value | None:
    """REVERSE_V2 takes neighbouring axes at a time."""
    axes = sorted(a % op.x.tensor.rank for a in op.axes)
    if not axes:
        return b.nn.identity(op.x)
    if axes[-1] - axes[0] == len(axes) - 1:
        return None
    y = op.x
    for axis in axes:
        y = b.nn.reverse(y, axes=(axis,))
    return y


@expands("pad")
def pad_booleans(b: Builder, op: nn.Pad) -> Value | None:
    """PAD takes booleans from LiteRT 2 on."""
    if op.x.tensor.expressed is not I1:
        return None
    value = float(op.value != 0.0)
    return b.nn.cast(b.nn.pad(b.nn.cast(op.x, to=I32), pads=op.pads, mode=op.mode, value=value), to=I1)
