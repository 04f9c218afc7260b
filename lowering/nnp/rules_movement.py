"""Operations that only move elements."""

from __future__ import annotations

from ...ir import Value
from ...ir.dialects import nn
from ...ir.types import Dim
from .rules_elementwise import broadcast
from .target import FIX_BATCH, Target, lowers

END = 2**31 - 1
"""A stop behind the end of every dimension."""


@lowers("reshape")
def reshape(t: Target, op: nn.Reshape) -> Value:
    return t.reshape(op.x, op.output.tensor.dims)


@lowers("transpose")
def transpose(t: Target, op: nn.Transpose) -> Value:
    return t.value("Transpose", op.x, axes=op.perm)


@lowers("concat")
def concat(t: Target, op: nn.Concat) -> Value:
    if len(op.inputs) == 1:
        return t.tensor(op.inputs[0])
    return t.value("Concatenate", *op.inputs, axis=op.axis % op.output.tensor.rank)


@lowers("slice")
def slice_(t: Target, op: nn.Slice) -> Value:
    """Only from the first dimension on that is cut: lists that are shorter than the rank are for the last ones."""
    dims = op.x.tensor.dims
    kept_whole = [a == b for a, b in zip(dims, op.output.tensor.dims, strict=True)]
    pieces = [_piece(t, s, d, whole) for s, d, whole in zip(op.slices, dims, kept_whole, strict=True)]
    first = next((i for i, piece in enumerate(pieces) if piece is not None), None)
    if first is None:
        return t.value("Identity", op.x)
    whole = [(0, d if isinstance(d, int) else END, 1) for d in dims]
    kept = [p or w for p, w in zip(pieces, whole, strict=True)][first:]
    starts, stops, steps = zip(*kept, strict=True)
    return t.value("Slice", op.x, start=starts, stop=stops, step=steps)


def _piece(t: Target, piece: slice, dim: Dim, is_whole: bool) -> tuple[int, int, int] | None:
    """(start, stop, step) of a dimension; None where all of it is kept."""
    if not isinstance(dim, int):
        if is_whole and piece.start == 0 and piece.step == 1:
            return None
        raise t.error("takes a part of a dimension whose size is not known", FIX_BATCH)
    taken = range(*piece.indices(dim))
    if taken == range(dim):
        return None
    # A stop before the first element: one that is still negative when NNabla has added the length.
    stop = taken.stop if taken.stop >= 0 else -(dim + 1)
    return taken.start, stop, taken.step


_PAD_MODES = {"constant": "constant", "reflect": "reflect", "edge": "repeat"}


@lowers("pad")
def pad(t: Target, op: nn.Pad) -> Value:
    if op.mode not in _PAD_MODES or min(op.pads, default=0) < 0:
        raise t.error(f"has the mode '{op.mode}' and pads {op.pads}", "run expand-for-nnp before")
    first = next((i for i, pair in enumerate(op.pairs) if any(pair)), None)
    if first is None:
        return t.value("Identity", op.x)
    width = tuple(n for pair in op.pairs[first:] for n in pair)
    return t.value("Pad", op.x, pad_width=width, mode=_PAD_MODES[op.mode], constant_value=float(op.value))


@lowers("tile")
def tile(t: Target, op: nn.Tile) -> Value:
    return t.value("Tile", op.x, reps=op.reps)


@lowers("broadcast_to")
def broadcast_to(t: Target, op: nn.BroadcastTo) -> Value:
    return broadcast(t, op.x, op.output.tensor.dims)


@lowers("reverse")
def reverse(t: Target, op: nn.Reverse) -> Value:
    return t.value("Flip", op.x, axes=tuple(sorted(a % op.x.tensor.rank for a in op.axes)))


@lowers("trilu")
def trilu(t: Target, op: nn.Trilu) -> Value:
    return t.value("Trilu", op.x, k=op.k, upper=op.upper)
