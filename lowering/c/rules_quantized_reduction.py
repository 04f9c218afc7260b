"""Rules for sums of 8-bit integers over axes and windows, softmax and interpolation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Value
from ...ir.dialects.c.quantized.sampling import PARTS
from ...ir.dialects.c.quantized.softmax import LOGARITHM_BITS
from ...ir.fixed_point import Multiplier, exponential
from ...ir.strides import Strided
from ...ir.types import Array
from .quantized import bounds_in, double, kind_of, scale_of, stored_bounds
from .rules_movement import seen
from .rules_reduction import runs_of
from .rules_spatial import pads_of
from .target import Target, lowers_quantized, static


@lowers_quantized("sum", "mean")
def sums(t: Target, op: Any) -> Value:
    """Over axes that lie beside each other: where they do not, they are brought together before."""
    x, y = kind_of(t, op.input), kind_of(t, op.results[0])
    shape = static(op.input)
    axes = sorted({a % len(shape) for a in t.ints(op.axes, "axes")})
    values, first = op.input, axes[0] if axes else len(shape)
    if len(runs_of(set(axes))) > 1:
        kept = [a for a in range(len(shape)) if a not in axes]
        moved = Strided.of(shape).transposed((*kept, *axes))
        values, shape, first = seen(t, values, moved, values.tensor.with_shape(moved.shape)), moved.shape, len(kept)
    outer, rest = math.prod(shape[:first]), shape[first:]
    middle, inner = math.prod(rest[: len(axes)]), math.prod(rest[len(axes) :])
    extents = {"outer": outer, "middle": middle, "inner": inner, **stored_bounds(t, op)}
    if op.name == "tfl.sum":
        scale = scale_of(x) / scale_of(y)
        bias = np.float32(-x.zero_point) * scale * np.float32(middle)
        return t.value("quantized_total", values, scale=double(scale), bias=double(bias), **extents)
    whole = _divided(Multiplier.of(double(scale_of(x)) / double(scale_of(y))), middle)
    return t.value("quantized_mean", values, x_zero=x.zero_point, factor=whole.factor, shift=whole.shift, **extents)


def _divided(multiplier: Multiplier, count: int) -> Multiplier:
    """A multiplier over a count, as the kernel rounds it: towards zero, with as many bits as the count leaves."""
    bits = min(count.bit_length() - 1, 32, 31 + multiplier.shift)
    return Multiplier((multiplier.factor << bits) // count, multiplier.shift - bits)


@lowers_quantized("max_pool_2d", "average_pool_2d")
def pool_2d(t: Target, op: Any) -> Value:
    kernel = (op.filter_height, op.filter_width)
    if kind_of(t, op.input) != kind_of(t, op.results[0]):
        raise t.error("has a result of another scale than its operand", "quantize it anew behind the pool")
    kind = op.name.removeprefix("tfl.").removesuffix("_pool_2d")
    bounds = bounds_in(kind_of(t, op.input), **t.clamp(op))
    pads = pads_of(op, op.input, kernel)
    return t.value("quantized_pool", op.input, kind=kind, kernel=kernel, strides=op.strides, pads=pads, **bounds)


@lowers_quantized("softmax")
def softmax(t: Target, op: Any) -> Value:
    _fixed_result(t, op, 1 / 256, -128)
    exponentials, _, _ = _exponentials(float(np.float32(op.beta)) * double(scale_of(kind_of(t, op.input))))
    return t.value("quantized_softmax", op.input, t.constant(exponentials, "exponentials"))


@lowers_quantized("log_softmax")
def log_softmax(t: Target, op: Any) -> Value:
    _fixed_result(t, op, 1 / 16, 127)
    exponentials, differences, multiplier = _exponentials(double(scale_of(kind_of(t, op.input))))
    back = Multiplier.of(2 ** (31 - multiplier.shift) / multiplier.factor)
    tables = t.constant(exponentials, "exponentials"), t.constant(differences, "differences")
    least = -_reach(multiplier)
    return t.value("quantized_log_softmax", op.input, *tables, least=least, factor=back.factor, shift=back.shift)


def _fixed_result(t: Target, op: Any, scale: float, zero_point: int) -> None:
    kind = kind_of(t, op.results[0])
    if abs(kind.scale - scale) > scale / 1000 or kind.zero_point != zero_point:
        raise t.error(f"has a result of {kind}, and its kernel one of scale {scale:g} and zero point {zero_point}")


def _exponentials(scale: float) -> tuple[Array, Array, Multiplier]:
    """For the distances from 0 to 255 below the largest integer: e^-distance and -distance, and what scaled these."""
    multiplier = Multiplier.of(min(scale * 2 ** (31 - LOGARITHM_BITS), 2.0**31 - 1))
    distances = np.arange(256, dtype=np.int64)
    counts = distances <= _reach(multiplier)
    differences = multiplier.times(-np.where(counts, distances, 0))
    exponentials = np.where(counts, exponential(differences), 0)
    return exponentials.astype(np.int32), differences.astype(np.int32), multiplier


def _reach(multiplier: Multiplier) -> int:
    """The largest distance that a number with 5 integer bits holds."""
    return math.floor(31 * 2.0 ** (31 - LOGARITHM_BITS) / 2.0**multiplier.shift)


@lowers_quantized("resize_bilinear")
def resize_bilinear(t: Target, op: Any) -> Value:
    if kind_of(t, op.input) != kind_of(t, op.results[0]):
        raise t.error("has a result of another scale than its operand", "quantize it anew behind the interpolation")
    rows, columns = (_neighbours(op, static(op.input)[a], static(op.results[0])[a]) for a in (1, 2))
    (top, bottom, down), (left, right, across) = rows, columns
    places = {"top": top, "bottom": bottom, "left": left, "right": right}
    return t.value("quantized_resize", op.input, type=None, down=down, across=across, **places)


def _neighbours(op: Any, size: int, out: int) -> Sequence[tuple[int, ...]]:
    """For each place of the result: the two elements that it mixes, and the part of the second, in 1024ths."""
    if op.align_corners and out > 1:
        step = (PARTS * (size - 1) + (out - 1) // 2) // (out - 1)
    else:
        step = (PARTS * size + out // 2) // out
    places = np.arange(out) * step + (step // 2 - PARTS // 2 if op.half_pixel_centers else 0)
    low = np.maximum(np.trunc(places / PARTS).astype(int), 0)
    high = np.minimum(np.trunc((places + PARTS - 1) / PARTS).astype(int), size - 1)
    parts = places - PARTS * low
    return [tuple(v.tolist()) for v in (low, high, parts)]
