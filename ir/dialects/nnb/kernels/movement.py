"""Functions that move elements: the same on floats and on integers, which a kernel for these rescales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....types import Array
from .registry import FLOATS, Call


@FLOATS.computes("Reshape")
def reshape(call: Call, x: Array) -> Array:
    return x.reshape(call.shape_of_result)


@FLOATS.computes("Transpose")
def transpose(call: Call, x: Array) -> Array:
    result: Array = x.transpose(call.ints("axes"))
    return result


@FLOATS.computes("Concatenate")
def concatenate(call: Call, parts: Sequence[Array]) -> Array:
    return np.concatenate(parts, call.integer("axis"))


@FLOATS.computes("Stack")
def stack(call: Call, parts: Sequence[Array]) -> Array:
    return np.stack(parts, call.integer("axis"))


@FLOATS.computes("Split")
def split(call: Call, x: Array) -> Sequence[Array]:
    return tuple(np.moveaxis(x, call.integer("axis"), 0))


@FLOATS.computes("Slice")
def slice_(call: Call, x: Array) -> Array:
    """Every step-th element from the start on, as many as the result has: the stop is not looked at."""
    kept = x.ndim - len(call.ints("start"))
    index: list[Any] = [slice(None)] * kept
    for start, step, count in zip(call.ints("start"), call.ints("step"), call.shape_of_result[kept:], strict=True):
        index.append(slice(start, start + (count - 1) * step + 1, step))
    result: Array = x[tuple(index)]
    return result


@FLOATS.computes("Flip")
def flip(call: Call, x: Array) -> Array:
    return np.flip(x, call.ints("axes"))


@FLOATS.computes("Pad")
def pad(call: Call, x: Array) -> Array:
    pairs = list(zip(call.ints("pad_width")[::2], call.ints("pad_width")[1::2], strict=True))
    widths = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    if call.text("mode") == "reflect":
        return np.pad(x, widths, mode="reflect")
    return np.pad(x, widths, constant_values=np.asarray(call.number("constant_value"), x.dtype))


@FLOATS.computes("Shift")
def shift(call: Call, x: Array) -> Array:
    """Moved along the last axes; what comes in is the border, or a mirror image with the border in it."""
    y = x
    for axis, places in enumerate(call.ints("shifts"), x.ndim - len(call.ints("shifts"))):
        size = x.shape[axis]
        index = np.arange(size) - places
        if call.text("border_mode") == "reflect":
            index = np.abs(index + 2 * size) % (2 * size) if size > 1 else np.zeros(size, np.intp)
            index = np.where(index >= size, 2 * size - 1 - index, index)
        y = np.take(y, np.clip(index, 0, size - 1), axis)
    return y


@FLOATS.computes("MatrixDiag")
def matrix_diag(call: Call, x: Array) -> Array:
    result: Array = x[..., None] * np.eye(x.shape[-1], dtype=x.dtype)
    return result


@FLOATS.computes("MatrixDiagPart")
def matrix_diag_part(call: Call, x: Array) -> Array:
    result: Array = np.diagonal(x, axis1=-2, axis2=-1).copy()
    return result


@FLOATS.computes("Unpooling")
def unpooling(call: Call, x: Array) -> Array:
    y = x
    for axis, times in enumerate(call.ints("kernel"), x.ndim - len(call.ints("kernel"))):
        y = np.repeat(y, times, axis)
    return y
