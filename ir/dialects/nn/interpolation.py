"""Interpolation along axes: where the elements of a resized tensor lie in the old one, and of what they are mixed."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from ...types import Array
from .base import widened

MODES = ("nearest", "linear", "cubic")
COORDINATES = (
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "tf_half_pixel_for_nn",
    "align_corners",
    "asymmetric",
)
ROUNDINGS = ("floor", "round_prefer_floor", "round_prefer_ceil", "ceil")


@attrs.frozen
class AxisMap:
    """How the places along an axis correspond: the lengths, and what else the mapping of coordinates is made of.

    ``scale`` is the new length over the old one as it was given (a float of 32 bits, that need not give the new length
    exactly); None where the lengths themselves say it. ``region`` (start, end) is the part of the axis that
    tf_crop_and_resize shows, as fractions of its length.
    """

    old: int
    new: int
    scale: float | None = None
    region: tuple[float, float] = (0.0, 1.0)

    @property
    def ratio(self) -> float:
        """The new length over the old one."""
        return self.new / self.old if self.scale is None else self.scale

    @property
    def resized(self) -> float:
        """The new length before it was rounded down."""
        return self.new if self.scale is None else self.old * self.scale


@attrs.frozen
class Interpolation:
    """What the attributes of nn.resize say about interpolation; they are described there."""

    mode: str
    coordinate: str
    rounding: str
    cubic_coefficient: float
    antialias: bool
    exclude_outside: bool

    def places(self, m: AxisMap) -> Array:
        """The places in the old axis (double precision) of the elements of the new one."""
        i = np.arange(m.new, dtype=np.float64)
        if self.coordinate == "align_corners":
            return i * ((m.old - 1) / (m.resized - 1)) if m.resized != 1 else np.zeros(m.new)
        if self.coordinate == "tf_crop_and_resize":
            return _cropped(i, m)
        if self.coordinate == "asymmetric":
            return _unscaled(i, m)
        if self.coordinate == "tf_half_pixel_for_nn":
            return _unscaled(i + 0.5, m)
        if self.coordinate == "pytorch_half_pixel" and m.new == 1:
            return np.zeros(1)
        places = _unscaled(i + 0.5, m)
        if self.coordinate == "half_pixel_symmetric" and m.scale is not None:
            single = np.float32
            offset = single(m.old / 2) * (1 - single(m.new) / (single(m.scale) * single(m.old)))
            places = (offset + places.astype(single)).astype(np.float64)
        centred: Array = places - 0.5
        return centred

    def nearest(self, m: AxisMap) -> Array:
        """The indices that mode nearest takes."""
        places = self.places(m)
        if self.rounding == "floor":
            rounded = np.floor(places)
        elif self.rounding == "ceil":
            rounded = np.ceil(places)
        elif self.rounding == "round_prefer_floor":
            rounded = np.ceil(places - 0.5)
        else:
            rounded = np.floor(places + 0.5)
        return np.clip(rounded, 0, m.old - 1).astype(np.intp)

    def taps(self, m: AxisMap) -> tuple[Array, Array]:
        """Indices and weights (taps, new) of the elements that modes linear and cubic mix."""
        places = self.places(m)
        base = np.floor(places)
        reach = 1 if self.mode == "linear" else 2
        shrink = min(m.ratio, 1.0) if self.antialias else 1.0
        first = int(np.floor(-reach / shrink)) + 1
        offsets = np.arange(first, 2 - first, dtype=np.float64).reshape(-1, 1)
        weights = self._weight(np.abs(offsets - (places - base)) * shrink)
        indices = base + offsets
        if self.antialias:
            weights /= weights.sum(0)
        if self.exclude_outside:
            inside = np.where((indices >= 0) & (indices < m.old), weights, 0)
            sums = inside.sum(0)
            weights = np.where(sums != 0, inside / np.where(sums != 0, sums, 1), weights)
        return np.clip(indices, 0, m.old - 1).astype(np.intp), weights

    def _weight(self, distance: Array) -> Array:
        """The weight of an element at a distance."""
        if self.mode == "linear":
            triangle: Array = np.maximum(1 - distance, 0)
            return triangle
        return cubic_weight(distance, self.cubic_coefficient)

    def outside(self, m: AxisMap) -> Array | None:
        """Which elements lie outside of the old axis and get another value; None where no coordinates do that."""
        if self.coordinate != "tf_crop_and_resize":
            return None
        places = self.places(m)
        return (places < 0) | (places > m.old - 1)


def cubic_weight(distance: Array, a: float) -> Array:
    """The weight of an element at a distance (Keys, "Cubic convolution interpolation", equation 15)."""
    near = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    far = a * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))


def _cropped(i: Array, m: AxisMap) -> Array:
    """The places i of a region that is shown as the whole axis; in single precision, which the region has."""
    start, end = map(np.float32, m.region)
    last = np.float32(m.old - 1)
    if m.new == 1:
        middle: Array = np.array([np.float32(0.5) * (start + end) * last], np.float64)
        return middle
    inner = i.astype(np.float32) * (end - start) * last / np.float32(m.new - 1)
    places: Array = start * last + inner
    return places.astype(np.float64)


def _unscaled(places: Array, m: AxisMap) -> Array:
    """The places over the scale; in single precision for a given scale, as 3 / 0.6 has to be 5."""
    if m.scale is None:
        return places * (m.old / m.new)
    single: Array = places.astype(np.float32) / np.float32(m.scale)
    return single.astype(np.float64)


def mixture(taps: tuple[Array, Array], old: int) -> Array:
    """(old, new): how much each element counts in each of the result; for indices and weights, each (taps, new)."""
    indices, weights = taps
    matrix = np.zeros((old, weights.shape[1]))
    np.add.at(matrix, (indices, np.arange(weights.shape[1])), weights)
    return matrix


def interpolate(x: Array, axes: Sequence[int], maps: Sequence[AxisMap], how: Interpolation, fill: float = 0.0) -> Array:
    """x resized along each of the axes; what lies outside is ``fill``. Integers are cut towards zero and saturated."""
    kind = x.dtype
    for axis, m in zip(axes, maps, strict=True):
        if how.mode == "nearest":
            x = np.take(x, how.nearest(m), axis)
        elif m.old != m.new or not np.array_equal(how.places(m), np.arange(m.old)):
            x = _mixed(widened(x) if kind.kind not in "iu" else x.astype(np.float64), axis, *how.taps(m))
    for axis, m in zip(axes, maps, strict=True):
        outside = how.outside(m)
        if outside is not None and outside.any():
            shape = [-1 if a == axis else 1 for a in range(x.ndim)]
            x = np.where(outside.reshape(shape), x.dtype.type(fill), x)
    if kind.kind in "iu" and x.dtype != kind:
        limits = np.iinfo(kind)
        x = np.clip(np.trunc(x), limits.min, limits.max)
    return x


def _mixed(x: Array, axis: int, indices: Array, weights: Array) -> Array:
    shape = [-1 if a == axis else 1 for a in range(x.ndim)]
    total: Array | None = None
    for places, factors in zip(indices, weights, strict=True):
        part = np.take(x, places, axis) * factors.astype(x.dtype).reshape(shape)
        total = part if total is None else np.add(total, part, out=total)
    assert total is not None
    return total
