"""Looking up images at computed places, in steps that any target has: pixels are gathered by their numbers."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.dialects.nn.window import channel_axis, spatial_axes
from ..ir.layout import to_first, to_last
from ..ir.types import I32
from .decompositions import END
from .expansion import number, reshaped

_MOST_PIXELS = 2**24
"""The numbers of more pixels are not exact in float32."""


def grid_sample(b: Builder, op: nn.GridSample) -> Value:
    """For each tap of the interpolation, pixels gathered and weighed. Raises ValueError for sizes not known."""
    image = _Image(b, op.x, op.channel_last)
    batch, *size, _ = op.grid.tensor.dims
    coordinates = _coordinates(b, op.grid)
    taps = [_Axis(b, op, n).taps(c) for n, c in zip(image.lengths, reversed(coordinates), strict=True)]
    terms = []
    for chosen in itertools.product(*taps):
        pixels = image.pick([place for place, _ in chosen], op.padding == "zeros")
        weights = [weight for _, weight in chosen if weight is not None]
        terms.append(b.nn.mul(pixels, _weight(b, weights, pixels)) if weights else pixels)
    y = reshaped(b, functools.reduce(b.nn.add, terms), (batch, *size, image.channels))
    return y if op.channel_last else b.nn.transpose(y, perm=to_first(len(size) + 2))


def _weight(b: Builder, weights: Sequence[Value], like: Value) -> Value:
    """The product of the weights (N, P) along each axis, as (N, P, 1), in the element type of the pixels."""
    weight = b.nn.reshape(functools.reduce(b.nn.mul, weights), shape=(0, 0, 1))
    element = like.tensor.expressed
    return weight if weight.tensor.expressed == element else b.nn.cast(weight, to=element)


def _coordinates(b: Builder, grid: Value) -> list[Value]:
    """The coordinates of a grid (N, *P, r), each (N, P): what it is put together from, or slices of it."""
    batch, *size, rank = grid.tensor.dims
    points = _product(size, grid)
    made = grid.defining_op
    if isinstance(made, nn.Concat) and all(v.tensor.dims[-1] == 1 for v in made.inputs):
        parts: list[Value] = list(made.inputs)  # concatenated along the last axis, or it is one
        if len(parts) == rank:
            return [reshaped(b, part, (batch, points)) for part in parts]
    if not isinstance(rank, int):
        raise ValueError(f"{grid.type} has no static size")
    flat = reshaped(b, grid, (batch, points, rank))
    return [_at(b, flat, (2, i), dims=(batch, points)) for i in range(rank)]


def _product(dims: Sequence[object], value: Value) -> int:
    numbers = [d for d in dims if isinstance(d, int)]
    if len(numbers) != len(dims):
        raise ValueError(f"{value.type} has no static size")
    return math.prod(numbers)


class _Image:
    """The pixels of images (N, C, *L): what is picked at places (N, P) along each axis is (N, P, C)."""

    def __init__(self, b: Builder, x: Value, channel_last: bool) -> None:
        self.b = b
        dims = x.tensor.dims
        rank = len(dims)
        self.count = _product([dims[a] for a in spatial_axes(rank, channel_last)], x)
        self.lengths = [d for a in spatial_axes(rank, channel_last) if isinstance(d := dims[a], int)]
        self.channels = dims[channel_axis(rank, channel_last)]
        if self.count > _MOST_PIXELS:
            raise ValueError(f"{x.type} has more than 2^24 pixels, whose numbers are not exact in float32")
        last = x if channel_last else b.nn.transpose(x, perm=to_last(rank))
        self.pixels = reshaped(b, last, (dims[0], self.count, self.channels))

    def pick(self, places: Sequence[Value], zero_outside: bool) -> Value:
        """The pixels at whole coordinates; outside of the image zero, or the nearest one."""
        b = self.b
        inside = [b.nn.clip(p, min=0.0, max=float(n - 1)) for p, n in zip(places, self.lengths, strict=True)]
        index = inside[0]
        for place, length in zip(inside[1:], self.lengths[1:], strict=True):
            index = b.nn.add(b.nn.mul(index, float(length)), place)
        taken: Value = b.nn.gather(self.pixels, b.nn.cast(index, to=I32), axis=1, batch_dims=1)
        if not zero_outside:
            return taken
        hits = [b.nn.equal(i, p) for i, p in zip(inside, places, strict=True)]
        hit = b.nn.reshape(functools.reduce(b.nn.logical_and, hits), shape=(0, 0, 1))
        return b.nn.select(hit, taken, number(b, 0.0, taken))


class _Axis:
    """One axis of an image, of ``length`` pixels, and what the operation does with places along it."""

    def __init__(self, b: Builder, op: nn.GridSample, length: int) -> None:
        self.b, self.op, self.length = b, op, length
        self.low, self.high = (0.0, length - 1.0) if op.align_corners else (-0.5, length - 0.5)

    def taps(self, coordinate: Value) -> list[tuple[Value, Value | None]]:
        """The whole places and the weights (None for 1) of the pixels that are mixed, all (N, P)."""
        b, mode = self.b, self.op.mode
        place = self._in_pixels(coordinate)
        if mode == "nearest":
            return [(self._inside(b.nn.round(place)), None)]
        place = self._inside(place)
        base = b.nn.floor(place)
        part = b.nn.sub(place, base)
        if mode == "linear":
            return [(base, b.nn.sub(number(b, 1.0, part), part)), (b.nn.add(base, 1.0), part)]
        # cubic convolution reaches two pixels to either side, so that they may lie outside again
        places = [b.nn.add(base, float(offset)) for offset in (-1, 0, 1, 2)]
        if self.op.padding == "reflection":
            places = [self._reflected(p) for p in places]
        return list(zip(places, _cubic_weights(b, part), strict=True))

    def _in_pixels(self, coordinate: Value) -> Value:
        b, n = self.b, self.length
        if not self.op.normalized:
            return coordinate
        if self.op.align_corners:
            return b.nn.mul(b.nn.add(coordinate, 1.0), (n - 1) / 2)
        return b.nn.mul(b.nn.sub(b.nn.mul(b.nn.add(coordinate, 1.0), float(n)), 1.0), 0.5)

    def _inside(self, place: Value) -> Value:
        """Places brought into the image as the padding says; of "cubic" and "border" only those that are picked are."""
        if self.op.padding == "reflection":
            return self._reflected(place)
        if self.op.padding == "zeros" or self.op.mode == "cubic":
            return place
        return self.b.nn.clip(place, min=0.0, max=self.length - 1.0)

    def _reflected(self, place: Value) -> Value:
        """Places mirrored at both borders until they lie inside."""
        b, span = self.b, self.high - self.low
        if span == 0:
            return b.nn.mul(place, 0.0)
        away = b.nn.abs(b.nn.sub(place, self.low))
        turned = b.nn.mod(away, number(b, 2 * span, away), sign="dividend")
        mirrored = b.nn.sub(number(b, span, turned), b.nn.abs(b.nn.sub(turned, span)))
        return b.nn.add(mirrored, self.low)


def _cubic_weights(b: Builder, part: Value, a: float = -0.75) -> list[Value]:
    """The weights of the four pixels around a place that is ``part`` behind the second of them.

    Those of nn.grid_sample, as polynomials in ``part``, the highest power first.
    """
    polynomials = ((a, -2 * a, a, 0.0), (a + 2, -a - 3, 0.0, 1.0), (-a - 2, 2 * a + 3, -a, 0.0), (-a, a, 0.0, 0.0))
    weights = []
    for factors in polynomials:
        value = b.nn.add(b.nn.mul(part, factors[0]), factors[1])
        for factor in factors[2:]:
            value = b.nn.mul(value, part)
            value = value if factor == 0 else b.nn.add(value, factor)
        weights.append(value)
    return weights


def deform_conv(b: Builder, op: nn.DeformConv) -> Value:
    """The elements that the windows see, sampled group by group; then a convolution with a kernel of one element.

    Raises ValueError for sizes that are not known.
    """
    outputs, per_group, *kernel = op.weight.tensor.static_shape
    size = op.offset.tensor.dims[2:]
    taps, count = math.prod(kernel), _product(size, op.offset)
    batch, places = op.x.tensor.dims[0], _window_places(op, kernel, size)
    offsets = reshaped(b, op.offset, (batch, op.offset_groups, taps, 2, count))
    mask: Value | None = op.mask
    factors = None if mask is None else reshaped(b, mask, (batch, op.offset_groups, taps * count))
    pieces = []
    for group, image in enumerate(_channel_groups(b, op)):
        dims = (batch, taps * count, 1, 1)
        axes = [b.nn.add(_at(b, offsets, (1, group), (3, i), dims=dims), places[i]) for i in (1, 0)]
        grid = b.nn.concat(axes, axis=3)
        taken = b.nn.grid_sample(image, grid, padding="zeros", normalized=False, channel_last=op.channel_last)
        pieces.append(_weighed(b, op, taken, factors, group, (taps, *size)))
    channels_at = 4 if op.channel_last else 1
    seen = pieces[0] if len(pieces) == 1 else b.nn.concat(pieces, axis=channels_at)
    # (N, C, taps, *P) or (N, taps, *P, C): the channels of the convolution are (C, taps), or (taps, C) at the end
    if op.channel_last:
        seen = reshaped(b, b.nn.transpose(seen, perm=(0, 2, 3, 4, 1)), (batch, *size, per_group * op.groups * taps))
    else:
        seen = reshaped(b, seen, (batch, per_group * op.groups * taps, *size))
    row = reshaped(b, op.weight, (outputs, per_group * taps, 1, 1))
    return b.nn.conv(seen, row, op.bias, groups=op.groups, channel_last=op.channel_last)


def _window_places(op: nn.DeformConv, kernel: Sequence[int], size: Sequence[object]) -> list[np.ndarray]:
    """Along each axis, the places (1, taps * P, 1, 1) of the kernel's elements in all windows, without offsets."""
    indices = np.indices((*kernel, *size))  # type: ignore[arg-type]  # static, as was made sure
    places = [indices[2 + i] * op.strides[i] + indices[i] * op.dilations[i] - op.pads[i] for i in range(2)]
    return [p.reshape(1, -1, 1, 1).astype(op.offset.tensor.expressed.dtype) for p in places]


def _channel_groups(b: Builder, op: nn.DeformConv) -> Sequence[Value]:
    """x in runs of channels that have their offsets in common."""
    axis = channel_axis(4, op.channel_last)
    channels = op.weight.tensor.static_shape[1] * op.groups
    if op.offset_groups == 1:
        return [op.x]
    found: Sequence[Value] = b.nn.split(op.x, axis=axis, sizes=(channels // op.offset_groups,) * op.offset_groups)
    return found


def _at(b: Builder, x: Value, *chosen: tuple[int, int], dims: Sequence[object]) -> Value:
    """x at an index along some axes, (axis, index) each, in the shape ``dims``."""
    rank = x.tensor.rank
    starts, stops = [0] * rank, [END] * rank
    for axis, index in chosen:
        starts[axis], stops[axis] = index, index + 1
    return reshaped(b, b.nn.slice(x, starts=starts, stops=stops, steps=(1,) * rank), dims)  # type: ignore[arg-type]


def _weighed(
    b: Builder, op: nn.DeformConv, taken: Value, factors: Value | None, group: int, places: Sequence[object]
) -> Value:
    """What was sampled, times the mask, with the places (taps, *P) as axes of their own."""
    batch = op.x.tensor.dims[0]
    if factors is not None:
        count = math.prod(places)  # type: ignore[arg-type]  # static, as was made sure
        dims: Sequence[object] = (batch, count, 1, 1) if op.channel_last else (batch, 1, count, 1)
        taken = b.nn.mul(taken, _at(b, factors, (1, group), dims=dims))
    channels = taken.tensor.dims[channel_axis(4, op.channel_last)]
    dims = (batch, *places, channels) if op.channel_last else (batch, channels, *places)
    return reshaped(b, taken, dims)  # type: ignore[arg-type]


def roi_align(b: Builder, op: nn.RoiAlign) -> Value | None:
    """The points of all bins, sampled, and their means. None for a maximum, or where regions say how many points."""
    if op.mode != "avg" or not op.sampling_ratio:
        return None
    _, channels, *lengths = op.x.tensor.dims
    regions = op.rois.tensor.dims[0]
    sizes, ratio = (op.width, op.height), op.sampling_ratio
    corners = b.nn.mul(op.rois, op.spatial_scale)
    corners = b.nn.sub(corners, 0.5) if op.half_pixel else corners
    start, end = (b.nn.slice(corners, starts=(0, i), stops=(END, i + 2), steps=(1, 1)) for i in (0, 2))
    side = b.nn.sub(end, start)
    side = side if op.half_pixel else b.nn.maximum(side, 1.0)
    axes, inside = [], []
    for i, (count, length) in enumerate(zip(sizes, reversed(lengths), strict=True)):
        if not isinstance(length, int):
            raise ValueError(f"{op.x.type} has no static size")
        fractions = ((np.arange(count * ratio) + 0.5) / (count * ratio)).astype(op.rois.tensor.expressed.dtype)
        first, long = (b.nn.slice(v, starts=(0, i), stops=(END, i + 1), steps=(1, 1)) for v in (start, side))
        place = b.nn.add(first, b.nn.mul(long, fractions.reshape(1, -1)))
        shape = (0, 1, -1, 1) if i == 0 else (0, -1, 1, 1)
        is_inside = b.nn.logical_and(
            b.nn.greater_equal(place, number(b, -1.0, place)), b.nn.less_equal(place, number(b, float(length), place))
        )
        inside.append(b.nn.reshape(b.nn.cast(is_inside, to=place.tensor.expressed), shape=shape))
        axes.append(b.nn.reshape(place, shape=shape))
    points = (regions, op.height * ratio, op.width * ratio, 1)
    grid = b.nn.concat([b.nn.broadcast_to(axis, shape=_open(points)) for axis in axes], axis=3)
    images = b.nn.gather(op.x, op.batch_indices, axis=0)
    found = b.nn.grid_sample(images, grid, padding="border", normalized=False)
    found = b.nn.mul(found, b.nn.transpose(b.nn.mul(*inside), perm=(0, 3, 1, 2)))
    bins = reshaped(b, found, (regions, channels, op.height, ratio, op.width, ratio))
    return b.nn.reduce_mean(bins, axes=(3, 5), keep_dims=False)


def _open(dims: Sequence[object]) -> list[object]:
    return [d if isinstance(d, int) else -1 for d in dims]
