"""What moves elements without computing: slices, concatenations, transposes, padding, tiling."""

from __future__ import annotations

import math

import numpy as np

from ....ir import Value
from ....ir.dialects.nnp import BATCH
from .registry import Call, Lifter, lift, refuse
from .shapes import (
    END,
    axes_of,
    axis_of,
    broadcast_batch,
    broadcast_like,
    expect_at_most,
    expect_rank,
    numbers,
    reshape,
)


@lift("Reshape")
def reshape_to(b: Lifter, op: Call, x: Value) -> Value:
    """One dimension of -1 is what remains.

    The shape may hold the batch size of the time when the file was written: the file says with the output's type which
    dimension is the batch.
    """
    declared = op.results[0].tensor
    fits = BATCH in declared.dims or (declared.is_static and x.tensor.is_static and declared.size == x.tensor.size)
    if len(declared.dims) == len(op.shape) and fits:
        return reshape(b, op, x, declared.dims)
    return b.nn.reshape(x, shape=op.shape)


@lift("Transpose")
def transpose(b: Lifter, op: Call, x: Value) -> Value:
    perm = tuple(axis_of(op, a, x.tensor.rank) for a in op.axes)
    if sorted(perm) != list(range(x.tensor.rank)):
        raise refuse(op, f"has axes {op.axes} for {x.type}")
    return b.nn.transpose(x, perm=perm)


@lift("Concatenate")
def concatenate(b: Lifter, op: Call, *xs: Value) -> Value:
    for x in xs:
        expect_rank(op, x, xs[0].tensor.rank)
    return b.nn.concat(xs, axis=axis_of(op, op.axis, xs[0].tensor.rank))


@lift("Stack")
def stack(b: Lifter, op: Call, *xs: Value) -> Value:
    dims = xs[0].tensor.dims
    axis = axis_of(op, op.axis, len(dims) + 1)
    return b.nn.concat([reshape(b, op, x, (*dims[:axis], 1, *dims[axis:])) for x in xs], axis=axis)


@lift("Split")
def split(b: Lifter, op: Call, x: Value) -> tuple[Value, ...]:
    """One output for every index along the axis, which disappears."""
    dims = x.tensor.dims
    axis = axis_of(op, op.axis, len(dims))
    count = len(op.results)
    if not dims:
        raise refuse(op, "cannot split a number")
    if dims[axis] != count:
        raise refuse(op, f"has {count} outputs where axis {axis} of {x.type} has size {dims[axis] or '?'}")
    parts = b.create("nn.split", x, axis=axis, sizes=(1,) * count).results
    return tuple(reshape(b, op, part, (*dims[:axis], *dims[axis + 1 :])) for part in parts)


@lift("Slice")
def slice_(b: Lifter, op: Call, x: Value) -> Value:
    """Python's slices; lists shorter than the rank are for the last dimensions."""
    rank, dims = x.tensor.rank, x.tensor.dims
    count = max(len(op.start), len(op.stop), len(op.step))
    if count > rank or {len(op.start), len(op.stop), len(op.step)} - {0, count}:
        raise refuse(op, f"has start {op.start}, stop {op.stop} and step {op.step} for {x.type}")
    starts, stops, steps = [0] * rank, [END] * rank, [1] * rank
    for target, given in ((starts, op.start), (stops, op.stop), (steps, op.step)):
        target[rank - len(given) :] = given
    if 0 in steps:
        raise refuse(op, "has a step of 0")
    for axis, (before, after) in enumerate(zip(dims, op.results[0].tensor.dims, strict=False)):
        if before == after and steps[axis] == 1:
            starts[axis], stops[axis] = 0, END  # a batch: the numbers are of its size when the file was written
    return b.nn.slice(x, starts=tuple(starts), stops=tuple(stops), steps=tuple(steps))


@lift("Flip")
def flip(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.reverse(x, axes=axes_of(op, op.axes, x.tensor.rank))


@lift("Pad")
def pad(b: Lifter, op: Call, x: Value) -> Value:
    """Pairs (before, after) for the last dimensions, outermost first."""
    missing = 2 * x.tensor.rank - len(op.pad_width)
    if missing < 0 or missing % 2:
        raise refuse(op, f"has pad_width {op.pad_width} for {x.type}")
    return pad_pairs(b, op, x, (*(0,) * missing, *op.pad_width), op.mode, op.constant_value)


def pad_pairs(b: Lifter, op: Call, x: Value, width: tuple[int, ...], mode: str, value: float) -> Value:
    """``x`` padded by pairs (before, after), one a dimension, in one of NNabla's modes."""
    modes = {"constant": "constant", "": "constant", "reflect": "reflect", "repeat": "edge"}
    if mode not in modes:
        raise refuse(op, f"has the unknown padding '{mode}'")
    pads = (*width[::2], *width[1::2])
    if not any(pads):
        return x
    if mode == "reflect":
        return _pad_reflecting(b, op, x, pads)
    return b.nn.pad(x, pads=pads, mode=modes[mode], value=value)


def _pad_reflecting(b: Lifter, op: Call, x: Value, pads: tuple[int, ...]) -> Value:
    """Mirrors as often as it takes: each time by the whole width at most."""
    dims = x.tensor.dims * 2
    if any(p and not (isinstance(d, int) and d > 1) for p, d in zip(pads, dims, strict=True)):
        raise refuse(op, f"cannot mirror {x.type} by {pads}")
    turns = max(p / (d - 1) for p, d in zip(pads, dims, strict=True) if p and isinstance(d, int))
    expect_at_most(op, "reflections", math.ceil(turns), 1000)
    while any(pads):
        step = tuple(min(p, d - 1) if p and isinstance(d, int) else 0 for p, d in zip(pads, dims, strict=True))
        x = b.nn.pad(x, pads=step, mode="reflect")
        pads = tuple(p - s for p, s in zip(pads, step, strict=True))
    return x


@lift("Tile")
def tile(b: Lifter, op: Call, x: Value) -> Value:
    """As numpy.tile: the shorter of shape and reps gets leading ones."""
    missing = len(op.reps) - x.tensor.rank
    expanded = reshape(b, op, x, ((1,) * missing + x.tensor.dims)) if missing > 0 else x
    return b.nn.tile(expanded, reps=(1,) * -missing + op.reps)


@lift("Broadcast")
def broadcast(b: Lifter, op: Call, x: Value) -> Value:
    """To the argument ``shape``, in which -1 is the batch."""
    dims = op.results[0].tensor.dims
    fixed = tuple(d if isinstance(d, int) else -1 for d in dims)
    if len(dims) != x.tensor.rank:
        raise refuse(op, f"asks for the shape {op.shape} of {x.type}")
    if x.tensor.dims == dims:
        return x
    return broadcast_batch(b, b.nn.broadcast_to(x, shape=fixed), dims)


@lift("BroadcastTo")
def broadcast_to(b: Lifter, op: Call, x: Value, y: Value) -> Value:
    """y in the shape of x; its dimensions are those of x from ``axis`` on (-1: the last ones)."""
    dims, given = x.tensor.dims, y.tensor.dims
    axis = op.axis if op.axis >= 0 else len(dims) - len(given)
    if axis < 0 or dims[axis : axis + len(given)] != given:
        raise refuse(op, f"cannot broadcast {y.type} to {x.type} at axis {op.axis}")
    return broadcast_like(b, reshape(b, op, y, (*given, *(1,) * (len(dims) - axis - len(given)))), x)


@lift("Shift")
def shift(b: Lifter, op: Call, x: Value) -> Value:
    """Moves elements towards higher indices; what comes in is the edge, or the mirrored rest (edge repeated)."""
    modes = {"nearest": "edge", "": "edge", "reflect": "symmetric"}
    rank = x.tensor.rank
    if len(op.shifts) > rank or op.border_mode not in modes:
        raise refuse(op, f"has shifts {op.shifts} and border_mode '{op.border_mode}' for {x.type}")
    shifts = (0,) * (rank - len(op.shifts)) + op.shifts
    if not any(shifts):
        return x
    before, after = tuple(max(s, 0) for s in shifts), tuple(max(-s, 0) for s in shifts)
    padded = b.nn.pad(x, pads=(*before, *after), mode=modes[op.border_mode])
    stops = tuple(-s if s > 0 else END for s in shifts)
    return b.nn.slice(padded, starts=after, stops=stops, steps=(1,) * rank)


@lift("Meshgrid")
def meshgrid(b: Lifter, op: Call, *xs: Value) -> tuple[Value, ...]:
    for x in xs:
        expect_rank(op, x, 1)
    sizes = [numbers(op, x.tensor.dims, "all inputs")[0] for x in xs]
    places = list(range(len(xs)))
    if not op.ij_indexing and len(xs) > 1:
        places[:2] = [1, 0]
    shape = tuple(sizes[p] for p in places)
    columns = (reshape(b, op, x, (sizes[i], *(1,) * (len(xs) - 1 - places[i]))) for i, x in enumerate(xs))
    return tuple(b.nn.broadcast_to(column, shape=shape) for column in columns)


@lift("Trilu")
def trilu(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.trilu(x, upper=op.upper, k=op.k)


@lift("MatrixDiag")
def matrix_diag(b: Lifter, op: Call, x: Value) -> Value:
    """(..., n) to (..., n, n): the elements times the unit matrix."""
    if x.tensor.rank == 0:
        raise refuse(op, "needs vectors, got a number")
    (n,) = numbers(op, x.tensor.dims[-1:], "the last dimension")
    return b.nn.select(_unit_matrix(b, n), reshape(b, op, x, (*x.tensor.dims, 1)), b.constant(0.0))


@lift("MatrixDiagPart")
def matrix_diag_part(b: Lifter, op: Call, x: Value) -> Value:
    """(..., n, n) to (..., n): every row n + 1 elements further."""
    if x.tensor.rank < 2:
        raise refuse(op, f"needs matrices, got {x.type}")
    n, m = numbers(op, x.tensor.dims[-2:], "the last dimensions")
    if n != m:
        raise refuse(op, f"needs square matrices, got {x.type}")
    masked = b.nn.select(_unit_matrix(b, n), x, b.constant(0.0))
    return b.nn.reduce_sum(masked, axes=(x.tensor.rank - 1,), keep_dims=False)


def _unit_matrix(b: Lifter, n: int) -> Value:
    return b.constant(np.eye(n, dtype=bool))
