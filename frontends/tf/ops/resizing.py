"""Resizing images, with all ways in which places can correspond; crops of images by boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....ir import Value
from ....ir.dialects.nn.contents import known_elements
from ....ir.types import F32
from ...nodes import expect_rank, numbers, refuse
from ...sizes import as_vector, cast, length_of, take, unsqueeze
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp

CUBIC_HALF_PIXEL = -0.5
"""The coefficient of the kernel of Keys where pixels have their places in the middle."""


@lift("ResizeBilinear")
def resize_bilinear(b: Lifter, op: TfOp, x: Value, size: Value) -> Value:
    return resized(b, op, cast(b, x, F32), size, mode="linear", coordinate=coordinate_of(op))


@lift("ResizeNearestNeighbor")
def resize_nearest(b: Lifter, op: TfOp, x: Value, size: Value) -> Value:
    """Places are rounded down, but to the nearest with align_corners."""
    coordinate = coordinate_of(op)
    rounding = "round_prefer_ceil" if coordinate == "align_corners" else "floor"
    if coordinate == "half_pixel":
        coordinate = "tf_half_pixel_for_nn"
    return resized(b, op, x, size, mode="nearest", coordinate=coordinate, rounding=rounding)


@lift("ResizeArea")
def resize_area(b: Lifter, op: TfOp, x: Value, size: Value) -> Value:
    """The mean of the area of each new place; here areas of whole elements."""
    lengths = b.ints(size)
    before = numbers(op, x.tensor.dims[1:3], "the image") if expect_rank(op, x, 4, 4) else ()
    if lengths is None or op.get("align_corners") or any(n % k for n, k in zip(before, lengths, strict=True)):
        raise refuse(op, f"makes {lengths} of {before}", "let the new lengths divide the old ones, or use bilinear")
    kernel = tuple(n // k for n, k in zip(before, lengths, strict=True))
    first = b.nn.transpose(cast(b, x, F32), perm=(0, 3, 1, 2))
    return b.nn.transpose(b.nn.average_pool(first, kernel=kernel, strides=kernel), perm=(0, 2, 3, 1))


@lift("ScaleAndTranslate")
def scale_and_translate(b: Lifter, op: TfOp, x: Value, size: Value, scale: Value, translation: Value) -> Value:
    """tf.image.resize with antialias: no translation, and the scales of the lengths."""
    lengths, scales, moves = b.ints(size), b.array(scale), b.array(translation)
    kernel = {"triangle": "linear", "keyscubic": "cubic"}.get(op.get("kernel_type"))
    before = numbers(op, x.tensor.dims[1:3], "the image") if expect_rank(op, x, 4, 4) else ()
    is_resize = (
        lengths is not None
        and scales is not None
        and moves is not None
        and not moves.any()
        and np.allclose(scales, np.array(lengths) / np.array(before), rtol=1e-6)
    )
    if kernel is None or not is_resize:
        raise refuse(op, f"moves the image, or has the kernel {op.get('kernel_type')}", "use tf.image.resize, bilinear")
    return resized(
        b,
        op,
        cast(b, x, F32),
        size,
        mode=kernel,
        coordinate="half_pixel",
        cubic_coefficient=CUBIC_HALF_PIXEL,
        exclude_outside=True,
        antialias=bool(op.get("antialias")),
    )


def coordinate_of(op: TfOp) -> str:
    if op.get("align_corners"):
        return "align_corners"
    return "half_pixel" if op.get("half_pixel_centers") else "asymmetric"


def resized(b: Lifter, op: TfOp, x: Value, size: Value, **how: Any) -> Value:
    """An image (N, H, W, C) with the lengths that an operand gives."""
    expect_rank(op, x, 4, 4)
    first = b.nn.transpose(x, perm=(0, 3, 1, 2))
    known = known_elements(size)
    lengths = [] if known is None else list(known.reshape(-1))
    if len(lengths) == 2 and all(isinstance(n, int) and n > 0 for n in lengths):
        y = b.nn.resize(first, sizes=tuple(lengths), **how)
    else:
        y = b.nn.dynamic_resize(first, None, None, as_vector(b, size), axes=(2, 3), **how)
    return b.nn.transpose(y, perm=(0, 2, 3, 1))


@lift("CropAndResize")
def crop_and_resize(b: Lifter, op: TfOp, x: Value, boxes: Value, images: Value, size: Value) -> Value:
    """For each box, (y, x) of two corners as fractions of the image less one, the part that it shows.

    What lies outside of the image is ``extrapolation_value``.
    """
    lengths = b.ints(size)
    if lengths is None:
        raise refuse(op, "has a size that is computed", "make it a constant")
    expect_rank(op, x, 4, 4)
    image = cast(b, x, F32)
    rows, columns = (_places(b, boxes, image, axis, lengths[axis]) for axis in (0, 1))
    grid_rows = b.nn.broadcast_to(unsqueeze(b, rows, [2]), shape=(-1, -1, lengths[1]))
    grid_columns = b.nn.broadcast_to(unsqueeze(b, columns, [1]), shape=(-1, lengths[0], -1))
    grid = b.nn.concat([unsqueeze(b, grid_columns, [3]), unsqueeze(b, grid_rows, [3])], axis=3)
    chosen = b.nn.transpose(b.nn.gather(image, images, axis=0), perm=(0, 3, 1, 2))
    mode = {"bilinear": "linear", "nearest": "nearest"}[op.get("method")]
    if mode == "nearest":  # halves go up here, and to the even number there
        grid = b.nn.floor(b.nn.add(grid, 0.5))
    found = b.nn.transpose(
        b.nn.grid_sample(chosen, grid, mode=mode, padding="border", normalized=False), perm=(0, 2, 3, 1)
    )
    inside = b.nn.logical_and(
        unsqueeze(b, _is_inside(b, rows, image, 0), [2]), unsqueeze(b, _is_inside(b, columns, image, 1), [1])
    )
    outside = b.constant(float(op.get("extrapolation_value")), F32)
    return b.nn.select(unsqueeze(b, inside, [3]), found, outside)


def _places(b: Lifter, boxes: Value, image: Value, axis: int, count: int) -> Value:
    """(boxes, count): where in the image the places along an axis of each crop lie."""
    low, high = take(b, boxes, 1, axis, axis + 1), take(b, boxes, 1, axis + 2, axis + 3)
    last = b.nn.sub(b.nn.cast(length_of(b, image, 1 + axis), to=F32), 1.0)
    if count == 1:
        return b.nn.mul(b.nn.mul(b.nn.add(low, high), 0.5), last)
    steps = b.constant(np.arange(count, dtype=np.float32) / (count - 1))
    return b.nn.mul(b.nn.add(low, b.nn.mul(b.nn.sub(high, low), steps)), last)


def _is_inside(b: Lifter, places: Value, image: Value, axis: int) -> Value:
    last = b.nn.sub(b.nn.cast(length_of(b, image, 1 + axis), to=F32), 1.0)
    return b.nn.logical_and(b.nn.greater_equal(places, 0.0), b.nn.less_equal(places, last))
