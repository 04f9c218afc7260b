"""The windows of convolutions and pools: what ``padding`` makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from ....ir import Value
from ...nodes import refuse
from ...windows import Windows, same_pad, split_pads
from .layout import is_channel_last, spatial

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


def windows_of(op: TfOp, x: Value, kernel: Sequence[int]) -> Windows:
    """The windows of a node over the spatial axes of x, which is (N, C, ...).

    SAME gives ceil(length / stride) windows; an odd pad is longer at the end. Raises CompileError for other paddings
    than SAME, VALID and EXPLICIT.
    """
    rank = len(kernel) + 2
    windows = Windows(
        tuple(kernel), spatial(op, "strides", rank), spatial(op, "dilations", rank), explicit_pads(op, rank)
    )
    padding = op.get("padding")
    if padding in ("VALID", "EXPLICIT"):
        return windows
    if padding != "SAME":
        raise refuse(op, f"has the unknown padding '{padding}'")
    reach = zip(x.tensor.dims[2:], windows.extents, windows.strides, strict=True)
    totals = [same_pad(length, extent, stride) for length, extent, stride in reach]
    if None in totals:
        return attrs.evolve(windows, same="SAME_UPPER")
    return attrs.evolve(windows, pads=split_pads([t for t in totals if t is not None], "SAME_UPPER"))


def explicit_pads(op: TfOp, rank: int) -> tuple[int, ...]:
    """(begin..., end...) of the spatial axes with EXPLICIT, else zeros."""
    if op.get("padding") != "EXPLICIT":
        return (0,) * 2 * (rank - 2)
    given = op.get("explicit_paddings") or ()
    if len(given) != 2 * rank:
        raise refuse(op, f"has explicit_paddings {tuple(given)} for {rank} dimensions")
    places = range(1, rank - 1) if is_channel_last(op) else range(2, rank)
    if any(given[2 * i] or given[2 * i + 1] for i in range(rank) if i not in places):
        raise refuse(op, f"has explicit_paddings {tuple(given)} along the batch or the channels", "make these 0")
    return (*(given[2 * i] for i in places), *(given[2 * i + 1] for i in places))
