"""Generators of the operations whose shapes, axes and bounds are operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .draw import (
    ANY,
    FLOATS,
    NUMBERS,
    Array,
    Draw,
    array,
    axes_of,
    axis_of,
    generator,
    indices,
    ints,
    maybe,
    parameter_shape,
    shapes,
)


def vector(draw: Draw, numbers: Sequence[int]) -> Array:
    """Integers of either type."""
    return np.asarray(numbers, draw(st.sampled_from([np.int32, np.int64]))).reshape(-1)


def single(draw: Draw, number: Any, dtype: Any = np.int64) -> Array:
    """A scalar, or a vector of one."""
    return np.asarray(number, dtype).reshape(draw(st.sampled_from([(), (1,)])))


def _moved(draw: Draw, shape: Sequence[int]) -> Array:
    return array(draw, shape, draw(st.sampled_from(ANY)))


@generator("dynamic_reshape")
def _reshape(draw: Draw) -> Any:
    shape = draw(shapes(1))
    target = [0 if draw(st.booleans()) else d for d in shape]
    if draw(st.booleans()):
        target[draw(st.integers(0, len(shape) - 1))] = -1
    if draw(st.booleans()):
        target = [*target, 1] if draw(st.booleans()) else [-1]
    if draw(st.booleans()):
        return [_moved(draw, (0, *shape)), vector(draw, [shape[0], 0])], {"allow_zero": True}
    return [_moved(draw, shape), vector(draw, target)], {}


@generator("dynamic_broadcast_to")
def _broadcast_to(draw: Draw) -> Any:
    shape = draw(shapes(1))
    return [_moved(draw, parameter_shape(draw, shape)), vector(draw, parameter_shape(draw, shape))], {}


@generator("dynamic_tile")
def _tile(draw: Draw) -> Any:
    shape = draw(shapes(1, 3))
    return [_moved(draw, shape), vector(draw, ints(draw, len(shape), 0, 3))], {}


@generator("dynamic_squeeze")
def _squeeze(draw: Draw) -> Any:
    shape, axes = list(draw(shapes(1))), []
    for axis in axes_of(draw, len(shape)):
        shape[axis] = 1
        axes.append(axis)
    return [_moved(draw, shape), maybe(draw, lambda: vector(draw, axes))], {}


@generator("dynamic_unsqueeze")
def _unsqueeze(draw: Draw) -> Any:
    shape = draw(shapes(0, 3))
    count = draw(st.integers(0, 2))
    axes = draw(st.permutations(range(len(shape) + count)))[:count]
    return [_moved(draw, shape), vector(draw, [a - (len(shape) + count) * draw(st.booleans()) for a in axes])], {}


@generator("dynamic_slice")
def _slice(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axes = draw(st.sampled_from([axes_of(draw, len(shape)), None]))
    count = draw(st.integers(0, len(shape))) if axes is None else len(axes)
    starts = [draw(st.sampled_from([0, 1, -1, -2, 9])) for _ in range(count)]
    stops = [draw(st.sampled_from([2**31 - 1, -(2**31), 0, 1, 2, -1, -9])) for _ in range(count)]
    steps = maybe(draw, lambda: vector(draw, [draw(st.sampled_from([1, 2, -1, -2])) for _ in range(count)]))
    places = None if axes is None else vector(draw, axes)
    return [_moved(draw, shape), vector(draw, starts), vector(draw, stops), places, steps], {}


@generator("dynamic_pad")
def _pad(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axes = draw(st.sampled_from([axes_of(draw, len(shape)), None]))
    places = range(len(shape)) if axes is None else axes
    mode = draw(st.sampled_from(["constant", "reflect", "edge", "symmetric", "wrap"]))
    # one element is kept, and no mode has to look further than at the others
    pads = [draw(st.integers(-((shape[a] - 1) // 2), 0 if mode == "reflect" else 1)) for a in (*places, *places)]
    x = _moved(draw, shape)
    value = maybe(draw, lambda: single(draw, 1, x.dtype))
    return [x, vector(draw, pads), value, None if axes is None else vector(draw, axes)], {"mode": mode}


@generator("dynamic_split")
def _split(draw: Draw) -> Any:
    shape = list(draw(shapes(1)))
    axis, sizes = axis_of(draw, len(shape)), ints(draw, draw(st.integers(1, 3)), 0, 3)
    shape[axis] = sum(sizes)
    return [_moved(draw, shape), vector(draw, sizes)], {"axis": axis}


@generator("dynamic_reduce")
def _reduce(draw: Draw) -> Any:
    shape, kind = draw(shapes()), draw(st.sampled_from(["sum", "mean", "prod", "max", "min"]))
    attributes = {"kind": kind, "keep_dims": draw(st.booleans()), "empty_is_none": draw(st.booleans())}
    dtype = draw(st.sampled_from(FLOATS if kind == "mean" else NUMBERS))
    return [array(draw, shape, dtype), vector(draw, axes_of(draw, len(shape)))], attributes


@generator("dynamic_top_k")
def _top_k(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    k = single(draw, draw(st.integers(0, shape[axis])))
    return [array(draw, shape, draw(st.sampled_from(NUMBERS))), k], {"axis": axis, "largest": draw(st.booleans())}


@generator("dynamic_one_hot")
def _one_hot(draw: Draw) -> Any:
    shape = draw(shapes(0, 3))
    depth = single(draw, draw(st.integers(1, 5)))
    return [indices(draw, shape, 4), depth], {"axis": axis_of(draw, len(shape) + 1)}


@generator("dynamic_cumsum")
def _cumsum(draw: Draw) -> Any:
    shape = draw(shapes(1))
    attributes = {"exclusive": draw(st.booleans()), "reverse": draw(st.booleans())}
    axis = single(draw, axis_of(draw, len(shape)), np.int32)
    return [array(draw, shape, draw(st.sampled_from(NUMBERS))), axis], attributes


@generator("dynamic_trilu")
def _trilu(draw: Draw) -> Any:
    return [_moved(draw, draw(shapes(2))), single(draw, draw(st.integers(-2, 2)))], {"upper": draw(st.booleans())}


@generator("dynamic_resize")
def _resize(draw: Draw) -> Any:
    shape = draw(shapes(1, 3))
    axes = draw(st.sampled_from([(), axes_of(draw, len(shape))]))
    count = len(axes) or len(shape)
    coordinates = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
    by_scales = draw(st.booleans())
    attributes = {
        "mode": draw(st.sampled_from(["nearest", "linear", "cubic"])),
        "coordinate": draw(st.sampled_from([*coordinates, "tf_crop_and_resize"])),
        "rounding": draw(st.sampled_from(["floor", "round_prefer_floor", "round_prefer_ceil", "ceil"])),
        "antialias": draw(st.booleans()),
        "exclude_outside": draw(st.booleans()),
        "keep_aspect_ratio_policy": draw(st.sampled_from(["stretch", "not_larger", "not_smaller"])),
        "extrapolation_value": 2.0,
        "axes": axes,
    }
    roi = np.array([*(0.1,) * count, *(1.2,) * count], np.float32)
    scales = np.array([draw(st.sampled_from([1.0, 0.6, 2.0, 2.5])) for _ in range(count)], np.float32)
    sizes = np.array(ints(draw, count, 1, 5), np.int64)
    x = array(draw, shape, draw(st.sampled_from(FLOATS)))
    return [x, roi, scales if by_scales else None, None if by_scales else sizes], attributes


@generator("range")
def _range(draw: Draw) -> Any:
    dtype = draw(st.sampled_from([np.float32, np.float64, np.int32, np.int64]))
    start, limit = ints(draw, 2, -4, 4)
    delta = draw(st.sampled_from([1, 2, -1, -3] if dtype in (np.int32, np.int64) else [1, 0.5, -0.75]))
    return [np.asarray(n, dtype) for n in (start, limit, delta)], {}


@generator("fill")
def _fill(draw: Draw) -> Any:
    dtype = draw(st.sampled_from(ANY))
    return [vector(draw, ints(draw, draw(st.integers(0, 3)), 0, 3)), single(draw, 1, dtype)], {}
