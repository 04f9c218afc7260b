"""Interpolation of images and other grids."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ....ir import Value
from ....ir.types import I32, Array
from .layers import is_channel_last
from .pooling import as_image, from_image, spatial_sizes
from .registry import Call, Lifter, lift, refuse
from .shapes import expect_rank, expect_sizes, numbers


@lift("Interpolate")
def interpolate(b: Lifter, op: Call, x: Value) -> Value:
    """Linear or nearest, over as many of the last dimensions as output_size has numbers."""
    if op.mode not in ("linear", "nearest") or (op.align_corners and op.half_pixel):
        raise refuse(op, f"has mode '{op.mode}', align_corners {op.align_corners} and half_pixel {op.half_pixel}")
    channel_last = is_channel_last(op)
    behind = -1 if channel_last else None
    expect_sizes(op, op.output_size, slice(x.tensor.rank - len(op.output_size) - int(channel_last), behind))
    image, lead = as_image(b, op, x, len(op.output_size), channel_last)
    sizes = spatial_sizes(op, image, channel_last)
    if op.mode == "linear":
        y = b.nn.resize(
            image, sizes=op.output_size, mode="linear", coordinate=_linear(op, sizes), channel_last=channel_last
        )
    else:
        y = _nearest(b, op, image, sizes, channel_last)
    return from_image(b, op, y, lead, channel_last)


def _linear(op: Call, sizes: Sequence[int]) -> str:
    if op.align_corners:
        return "align_corners"
    if not op.half_pixel:
        return "asymmetric"
    # where the new length is 1, NNabla takes the first element
    return "pytorch_half_pixel" if 1 in op.output_size and op.output_size != tuple(sizes) else "half_pixel"


def _nearest(b: Lifter, op: Call, image: Value, sizes: Sequence[int], channel_last: bool) -> Value:
    coordinate = "asymmetric"
    if op.half_pixel_for_nn:
        coordinate = "tf_half_pixel_for_nn"
    elif op.align_corners or op.half_pixel:
        coordinate = "align_corners" if op.align_corners else "half_pixel"
    wanted = [_nearest_indices(op, old, new) for old, new in zip(sizes, op.output_size, strict=True)]
    made = b.create(
        "nn.resize",
        image,
        sizes=op.output_size,
        mode="nearest",
        coordinate=coordinate,
        rounding="floor",
        channel_last=channel_last,
    )
    given = [made.interpolation.nearest(m) for m in made.maps(sizes)]  # type: ignore[attr-defined]  # it is nn.resize
    if all(np.array_equal(w, g) for w, g in zip(wanted, given, strict=True)):
        return made.result
    made.erase()  # rounding in float32 goes another way: take NNabla's indices themselves
    for axis, indices in enumerate(wanted, 1 if channel_last else 2):
        image = b.nn.gather(image, b.constant(indices, I32), axis=axis)
    return image


def _nearest_indices(op: Call, old: int, new: int) -> Array:
    """The elements that NNabla takes along an axis, computed in float32 as it does."""
    places, single = np.arange(new, dtype=np.float32), np.float32
    if op.half_pixel_for_nn:
        source = single(old / new) * (places + single(0.5))
    else:
        scale = single(0 if new <= 1 else (old - 1) / (new - 1) if op.align_corners else old / new)
        source = scale * places
        if op.half_pixel:
            source = np.maximum(scale * (places + single(0.5)) - single(0.5), 0)
    return np.clip(np.floor(source), 0, old - 1).astype(np.int32)


@lift("ONNXResize")
def onnx_resize(b: Lifter, op: Call, x: Value) -> Value:
    """Resize of ONNX: every axis alone. An axis is a product with a matrix of weights, or a choice of elements."""
    rank = x.tensor.rank
    expect_rank(op, op.results[0], rank)
    if len(op.scales) not in (0, rank) or len(op.roi) not in (0, 2 * rank):
        raise refuse(op, f"has scales {op.scales} and roi {op.roi} for {x.type}")
    old = numbers(op, x.tensor.dims[1:], "the dimensions behind the first")
    new = numbers(op, op.results[0].tensor.dims[1:], "the dimensions behind the first")
    if op.mode not in ("nearest", "linear", "cubic"):
        raise refuse(op, f"has the unknown mode '{op.mode}'")
    for axis, (length, wanted) in enumerate(zip(old, new, strict=True), 1):
        scale = op.scales[axis] if op.scales else wanted / length
        if wanted != length or scale != 1:
            x = _resize_axis(b, op, x, axis, _places(op, axis, x.tensor.rank, length, wanted, scale))
    return x


def _places(op: Call, axis: int, rank: int, old: int, new: int, scale: float) -> Array:
    """Where the elements of the result lie in the input, by the coordinate transformation modes of ONNX's Resize.

    Computed in float32 as NNabla does, so that roundings go the same way.
    """
    i, scale = np.arange(new, dtype=np.float32), np.float32(scale)
    mode = op.coordinate_transformation_mode
    if mode == "align_corners":
        return i * np.float32(old - 1) / np.float32(max(new - 1, 1))
    if mode == "asymmetric":
        return i / scale
    if mode == "tf_half_pixel_for_nn":
        return (i + np.float32(0.5)) / scale
    if mode == "tf_crop_and_resize":
        if not op.roi:
            raise refuse(op, "has no roi, which tf_crop_and_resize needs")
        start, end = np.float32(op.roi[axis]), np.float32(op.roi[rank + axis])
        if new == 1:
            return i + np.float32(0.5) * (start + end) * np.float32(old - 1)
        return start * np.float32(old - 1) + i * (end - start) * np.float32(old - 1) / np.float32(new - 1)
    if mode == "pytorch_half_pixel" and new == 1:
        return i
    if mode in ("half_pixel", "pytorch_half_pixel"):
        return (i + np.float32(0.5)) / scale - np.float32(0.5)
    raise refuse(op, f"has the unknown coordinate_transformation_mode '{mode}'")


_ROUNDINGS: dict[str, Callable[[Array], Array]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda x: np.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: np.floor(x + 0.5),
}


def _resize_axis(b: Lifter, op: Call, x: Value, axis: int, places: Array) -> Value:
    old = x.tensor.dims[axis]
    assert isinstance(old, int)
    outside = (places < 0) | (places > old - 1)
    extrapolate = op.coordinate_transformation_mode == "tf_crop_and_resize" and bool(outside.any())
    if op.mode == "nearest":
        if op.nearest_mode not in _ROUNDINGS:
            raise refuse(op, f"has the unknown nearest_mode '{op.nearest_mode}'")
        indices = np.clip(_ROUNDINGS[op.nearest_mode](places), 0, old - 1).astype(np.int32)
        y = b.nn.gather(x, b.constant(indices, I32), axis=axis)
    else:
        y = _product(b, x, axis, _weights(op, places, old).astype(np.float32))
    if not extrapolate:
        return y
    mask = b.constant(outside.reshape(-1, *(1,) * (x.tensor.rank - axis - 1)))
    return b.nn.select(mask, b.constant(op.extrapolation_value), y)


def _weights(op: Call, places: Array, old: int) -> Array:
    """The matrix (old, new) that mixes the elements of an axis: two neighbours each (linear), or four (cubic)."""
    base = np.floor(places)
    t = places - base
    if op.mode == "linear":
        parts = [(0, 1 - t), (1, t)]
    else:
        a = op.cubic_coeff_a
        parts = [(-1, _far(1 + t, a)), (0, _near(t, a)), (1, _near(1 - t, a)), (2, _far(2 - t, a))]
    matrix = np.zeros((old, len(places)))
    for offset, weight in parts:
        index = base + offset
        if op.mode == "cubic" and op.exclude_outside:
            weight = np.where((index < 0) | (index > old - 1), 0, weight)
        np.add.at(matrix, (np.clip(index, 0, old - 1).astype(np.int64), np.arange(len(places))), weight)
    total = matrix.sum(0)
    return matrix / np.where(total == 0, 1, total) if op.exclude_outside else matrix


def _near(x: Array, a: float) -> Array:
    """Keys' cubic kernel for distances up to 1."""
    return (a + 2) * x**3 - (a + 3) * x**2 + 1


def _far(x: Array, a: float) -> Array:
    """Keys' cubic kernel for distances from 1 to 2."""
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a


def _product(b: Lifter, x: Value, axis: int, matrix: Array) -> Value:
    """x times a constant matrix (old, new) along an axis."""
    rank = x.tensor.rank
    if axis == rank - 1:
        return b.nn.affine(x, b.constant(matrix))
    perm = (*(i for i in range(rank) if i != axis), axis)
    moved = b.nn.affine(b.nn.transpose(x, perm=perm), b.constant(matrix))
    return b.nn.transpose(moved, perm=(*range(axis), rank - 1, *range(axis, rank - 1)))
