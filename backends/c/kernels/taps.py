"""Where in x the taps of windows read: tables of pointers to its rows of channels.

Where a window reaches outside of x, it reads zeros instead. So the sums over windows need no conditions (the "indirect"
convolution of Dukhan, "The Indirect Convolution Algorithm").
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ....ir.dialects.c.packed import DepthwiseConv, PackedConv
from .registry import element_type, loops

_TAPS = ("ka", "kb", "kc")


def reaches_outside(op: PackedConv | DepthwiseConv, window: Sequence[int]) -> bool:
    """Whether any window holds a place outside of x."""
    lengths, counts = op.x.tensor.static_shape[1:-1], op.output.tensor.static_shape[1:-1]
    rows = zip(lengths, counts, window, op.strides, op.dilations, op.pads, strict=True)
    return any(p > 0 or (m - 1) * s - p + d * (k - 1) >= n for n, m, k, s, d, p in rows)


def zeros(op: PackedConv | DepthwiseConv, window: Sequence[int]) -> str:
    """The array that is read outside of x, where that happens."""
    channels = op.x.tensor.static_shape[-1]
    return f"static const {element_type(op.x)} zeros[{channels}];" if reaches_outside(op, window) else ""


def set_pointers(op: PackedConv | DepthwiseConv, window: Sequence[int], target: str) -> str:
    """Sets ``target``, in which ``$tap`` is a tap's number, to the row of x that each tap of place ``at`` reads."""
    lengths, counts = op.x.tensor.static_shape[1:-1], op.output.tensor.static_shape[1:-1]
    channels, rank = op.x.tensor.static_shape[-1], len(counts)
    lines, inside = [], []
    for axis in range(rank):
        behind = math.prod(counts[axis + 1 :])
        place = f"at / {behind} % {counts[axis]}" if behind > 1 else f"at % {counts[axis]}"
        lines.append(f"const int first{axis} = {place} * {op.strides[axis]} - {op.pads[axis]};")
        inside.append(f"const int x{axis} = first{axis} + {_TAPS[axis]} * {op.dilations[axis]};")
    index = f"at / {math.prod(counts)}" if rank else "at"
    for axis in range(rank):
        index = f"({index}) * {lengths[axis]} + x{axis}"
    tap = "0"
    for axis in range(rank):
        tap = f"({tap}) * {window[axis]} + {_TAPS[axis]}" if axis else _TAPS[axis]
    target = target.replace("$tap", tap)
    row = f"x + ({index}) * {channels}"
    if reaches_outside(op, window):
        outside = " || ".join(f"x{a} < 0 || x{a} >= {lengths[a]}" for a in range(rank))
        inside.append(f"{target} = {outside} ? zeros : {row};")
    else:
        inside.append(f"{target} = {row};")
    return "\n".join([*lines, loops(window, "\n".join(inside), _TAPS)])
