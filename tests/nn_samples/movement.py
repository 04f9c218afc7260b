"""Generators of operations that move elements, and of those with indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .draw import (
    ANY,
    GENERATORS,
    NUMBERS,
    Array,
    Draw,
    array,
    axes_of,
    axis_of,
    generator,
    indices,
    ints,
    parameter_shape,
    shapes,
)


def _moved(draw: Draw, shape: Sequence[int]) -> Array:
    return array(draw, shape, draw(st.sampled_from(ANY)))


@generator("reshape")
def _reshape(draw: Draw) -> Any:
    shape = draw(shapes(1))
    target = [d if draw(st.booleans()) else 0 for d in shape]
    rest = draw(st.integers(0, len(shape) - 1))
    kind = draw(st.sampled_from(["same", "rest", "merge", "flat", "split"]))
    if kind == "rest":
        target[rest] = -1
    elif kind == "merge":
        target = [*target[:rest], -1]
    elif kind == "flat":
        target = [int(np.prod(shape))]
    elif kind == "split":
        target = [*target[:-1], shape[-1], -1]
    return [_moved(draw, shape)], {"shape": tuple(target)}


@generator("transpose")
def _transpose(draw: Draw) -> Any:
    shape = draw(shapes())
    return [_moved(draw, shape)], {"perm": tuple(draw(st.permutations(range(len(shape)))))}


@generator("concat")
def _concat(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    dtype = draw(st.sampled_from(ANY))
    parts = []
    for length in ints(draw, draw(st.integers(1, 3)), 1, 3):
        part = list(shape)
        part[axis] = length
        parts.append(array(draw, part, dtype))
    return parts, {"axis": axis}


@generator("split")
def _split(draw: Draw) -> Any:
    shape = list(draw(shapes(1)))
    axis, sizes = axis_of(draw, len(shape)), ints(draw, draw(st.integers(1, 3)), 1, 3)
    shape[axis] = sum(sizes)
    return [_moved(draw, shape)], {"axis": axis, "sizes": sizes}


@generator("slice")
def _slice(draw: Draw) -> Any:
    shape = draw(shapes())
    rank = len(shape)
    steps = tuple(draw(st.sampled_from([1, 1, 2, -1, -2])) for _ in range(rank))
    starts = tuple(draw(st.sampled_from([0, 1, -1, -2, 9])) for _ in range(rank))
    stops = tuple(draw(st.sampled_from([2**31 - 1, -(2**31), 0, 1, 2, -1, -9])) for _ in range(rank))
    return [_moved(draw, shape)], {"starts": starts, "stops": stops, "steps": steps}


@generator("pad")
def _pad(draw: Draw) -> Any:
    shape = draw(shapes())
    mode = draw(st.sampled_from(["constant", "reflect", "edge", "symmetric", "wrap"]))
    pads = []
    for d in shape * 2:
        cut = draw(st.integers(0, 3)) == 0
        reach = (d + 1) // 2 - 1 if mode == "reflect" else min((d + 1) // 2, 2)  # of what cuts leave
        pads.append(-draw(st.integers(0, (d - 1) // 2)) if cut else draw(st.integers(0, reach)))
    return [_moved(draw, shape)], {"pads": tuple(pads), "mode": mode, "value": 1.0}


@generator("tile")
def _tile(draw: Draw) -> Any:
    shape = draw(shapes(0, 3))
    return [_moved(draw, shape)], {"reps": ints(draw, len(shape), 1, 3)}


@generator("broadcast_to")
def _broadcast_to(draw: Draw) -> Any:
    shape = draw(shapes())
    kept = parameter_shape(draw, shape)
    new = len(shape) - len(kept)
    target = tuple(-1 if i >= new and kept[i - new] == d and draw(st.booleans()) else d for i, d in enumerate(shape))
    return [_moved(draw, kept)], {"shape": target}


@generator("reverse")
def _reverse(draw: Draw) -> Any:
    shape = draw(shapes())
    return [_moved(draw, shape)], {"axes": axes_of(draw, len(shape))}


@generator("trilu")
def _trilu(draw: Draw) -> Any:
    return [_moved(draw, draw(shapes(2)))], {"upper": draw(st.booleans()), "k": draw(st.integers(-2, 2))}


@generator("channel_shuffle")
def _channel_shuffle(draw: Draw) -> Any:
    shape, groups = list(draw(shapes(1))), draw(st.integers(1, 3))
    axis = axis_of(draw, len(shape))
    shape[axis] *= groups
    return [_moved(draw, shape)], {"groups": groups, "axis": axis}


def _blocks(draw: Draw, depth: bool) -> Any:
    block, last = draw(st.integers(1, 3)), draw(st.booleans())
    batch, channels, height, width = ints(draw, 4, 1, 3)
    if depth:
        channels *= block**2
    else:
        height, width = height * block, width * block
    shape = (batch, height, width, channels) if last else (batch, channels, height, width)
    mode = draw(st.sampled_from(["dcr", "crd"]))
    return [_moved(draw, shape)], {"block": block, "mode": mode, "channel_last": last}


GENERATORS["nn.depth_to_space"] = lambda draw: _blocks(draw, True)
GENERATORS["nn.space_to_depth"] = lambda draw: _blocks(draw, False)


@generator("gather")
def _gather(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    batch_dims = draw(st.integers(0, axis % len(shape)))
    index_shape = (*shape[:batch_dims], *draw(shapes(0, 2)))
    return [_moved(draw, shape), indices(draw, index_shape, shape[axis])], {"axis": axis, "batch_dims": batch_dims}


@generator("gather_elements")
def _gather_elements(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    index_shape = [draw(st.integers(1, d)) for d in shape]
    index_shape[axis] = draw(st.integers(1, 4))
    return [_moved(draw, shape), indices(draw, index_shape, shape[axis])], {"axis": axis}


@generator("gather_nd")
def _gather_nd(draw: Draw) -> Any:
    shape = draw(shapes(1))
    batch_dims = draw(st.integers(0, len(shape) - 1))
    length = draw(st.integers(1, len(shape) - batch_dims))
    index_shape = (*shape[:batch_dims], *draw(shapes(0, 2)), length)
    bounds = shape[batch_dims : batch_dims + length]
    return [_moved(draw, shape), indices(draw, index_shape, bounds)], {"batch_dims": batch_dims}


@generator("scatter_nd")
def _scatter_nd(draw: Draw) -> Any:
    shape = draw(shapes(1))
    length = draw(st.integers(1, len(shape)))
    index_shape = (*draw(shapes(0, 2)), length)
    dtype = draw(st.sampled_from(NUMBERS))
    updates = array(draw, (*index_shape[:-1], *shape[length:]), dtype)
    operands = [array(draw, shape, dtype), indices(draw, index_shape, shape[:length]), updates]
    return operands, {"reduction": draw(st.sampled_from(["none", "add", "mul", "min", "max"]))}


@generator("non_zero")
def _non_zero(draw: Draw) -> Any:
    return [array(draw, draw(shapes(0, 3)), draw(st.sampled_from(ANY)))], {}


@generator("one_hot")
def _one_hot(draw: Draw) -> Any:
    shape = draw(shapes(0, 3))
    return [indices(draw, shape, 4)], {"depth": draw(st.integers(1, 5)), "axis": axis_of(draw, len(shape) + 1)}
