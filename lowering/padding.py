"""Pads in the forms that most targets have: elements are added, and modes that they lack choose elements."""

from __future__ import annotations

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.types import I32
from .decompositions import END


def cut(b: Builder, op: nn.Pad) -> Value | None:
    """A slice for what negative pads take away, before a pad that only adds; None where none is negative."""
    if min(op.pads, default=0) >= 0:
        return None
    pairs = list(zip(op.x.tensor.dims, op.pairs, strict=True))
    if any(begin < 0 < end or end < 0 < begin for _, (begin, end) in pairs) and op.mode == "constant":
        _expect_cuts_inside(op)
    starts = [max(-begin, 0) for _, (begin, _) in pairs]
    stops = [END if end >= 0 else max(d + end, 0) if isinstance(d, int) else end for d, (_, end) in pairs]
    kept = b.nn.slice(op.x, starts=starts, stops=stops, steps=(1,) * len(pairs))
    pads = tuple(max(p, 0) for p in op.pads)
    return b.nn.pad(kept, pads=pads, mode=op.mode, value=op.value) if any(pads) else kept


def _expect_cuts_inside(op: nn.Pad) -> None:
    """Raises ValueError where more might be taken away than there is, so that what is added would be cut too."""
    for dim, pair in zip(op.x.tensor.dims, op.pairs, strict=True):
        if min(pair) < 0 and (not isinstance(dim, int) or -min(pair) > dim):
            raise ValueError(f"{op.x.type} may have less than the {-min(pair)} elements that are taken away")


def chosen(b: Builder, op: nn.Pad) -> Value:
    """What a mode other than "constant" adds, as elements that are gathered axis by axis.

    Raises ValueError where the length of an axis is not known.
    """
    y = op.x
    for axis, (pair, length) in enumerate(zip(op.pairs, op.x.tensor.dims, strict=True)):
        if not any(pair):
            continue
        if not isinstance(length, int):
            raise ValueError(f"{op.x.type} has no static axis {axis}")
        indices = np.pad(np.arange(length, dtype=I32.dtype), pair, mode=op.mode)  # type: ignore[call-overload]
        y = b.nn.gather(y, indices, axis=axis)
    return b.nn.identity(y) if y is op.x else y
