"""Resizing images and other grids by interpolation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...core import Value
from ...opdef import BOOL, FLOAT, FLOATS, INTS, attribute, one_of, operand, result
from ...types import Array, Dim, Shape, TensorType
from .base import FLOAT_ELEMENT, NUMBER_ELEMENT, NNOp
from .contents import known_elements
from .interpolation import COORDINATES, MODES, ROUNDINGS, AxisMap, Interpolation, interpolate
from .shape_operands import ints_of, known_vector, numbers
from .window import channel_axis, layout_shape, spatial_axes


class InterpolatingOp(NNOp):
    """Base of the operations that interpolate: how they do it."""

    mode = attribute(one_of(*MODES), "the interpolation", default="nearest")
    coordinate = attribute(one_of(*COORDINATES, "tf_crop_and_resize"), "how places correspond", default="half_pixel")
    rounding = attribute(one_of(*ROUNDINGS), "how mode nearest rounds a place", default="round_prefer_floor")
    cubic_coefficient = attribute(FLOAT, "the coefficient a of the cubic kernel", default=-0.75)
    antialias = attribute(BOOL, "whether linear and cubic kernels grow where lengths shrink", default=False)
    exclude_outside = attribute(BOOL, "whether elements outside of x have no weight", default=False)

    @property
    def interpolation(self) -> Interpolation:
        """The attributes together."""
        return Interpolation(
            self.mode, self.coordinate, self.rounding, self.cubic_coefficient, self.antialias, self.exclude_outside
        )


class Resize(InterpolatingOp, name="nn.resize"):
    """x interpolated to other spatial lengths, each axis alone; the scale of an axis is its old length / its new one.

    ``coordinate`` maps the place i in the result to the place in x:
    half_pixel (i + 0.5) * scale - 0.5; pytorch_half_pixel the same, but 0 where the new length is 1;
    tf_half_pixel_for_nn (i + 0.5) * scale; align_corners i * (old - 1) / (new - 1), 0 where the new length is 1;
    asymmetric i * scale; half_pixel_symmetric is half_pixel, moved so that the centers stay where they are.
    With ``scales`` (new / old) these are used instead of those of the lengths; half_pixel_symmetric and align_corners
    then take old * scale for the new length.

    ``mode``: "nearest" takes the element at the place rounded by ``rounding``; "linear" weighs the two neighbours,
    "cubic" four of them with the kernel of Keys (coefficient ``cubic_coefficient``). Places outside of x are its edge,
    or count nothing with ``exclude_outside``. ``antialias`` stretches the kernels by the scale where that is above 1.
    As Resize of ONNX. Repeating each element k times is nearest, asymmetric, floor.
    """

    x = operand("(N, C, *L), with channel_last (N, *L, C)")
    sizes = attribute(INTS, "the new spatial lengths")
    scales = attribute(FLOATS, "the scales (new / old) of the mapping, where sizes do not say them", default=())
    mode = attribute(one_of(*MODES), "the interpolation")
    coordinate = attribute(one_of(*COORDINATES), "how places correspond", default="half_pixel")
    channel_last = attribute(BOOL, "whether x and the result have their channels last", default=False)
    output = result("(N, C, *sizes), with channel_last (N, *sizes, C)")

    def infer(self) -> TensorType:
        x = self.x.tensor
        if self.mode != "nearest":
            self.expect_element("x", self.x, NUMBER_ELEMENT)
        self.expect_length("sizes", self.sizes, len(self.sizes), 1)
        if self.scales and (len(self.scales) != len(self.sizes) or not all(s > 0 for s in self.scales)):
            raise self.error(f"expected 'scales' of {len(self.sizes)} positive numbers, got {self.scales}")
        self.expect_rank("x", self.x, len(self.sizes) + 2)
        if x.shape is None:
            return TensorType(None, x.expressed)
        channels = x.dims[channel_axis(x.rank, self.channel_last)]
        return TensorType(layout_shape(x.dims[0], channels, self.sizes, self.channel_last), x.expressed)

    def maps(self, lengths: Sequence[int]) -> list[AxisMap]:
        """How the places along the spatial axes correspond, for the lengths of x."""
        scales = self.scales or (None,) * len(self.sizes)
        return [AxisMap(*m) for m in zip(lengths, self.sizes, scales, strict=True)]

    def evaluate(self, x: Array) -> Array:
        axes = spatial_axes(x.ndim, self.channel_last)
        return interpolate(x, axes, self.maps([x.shape[a] for a in axes]), self.interpolation)


class DynamicResize(InterpolatingOp, name="nn.dynamic_resize"):
    """x interpolated along any of its axes, to lengths that an operand gives: either scales or sizes.

    The modes are those of nn.resize. A scale is the new length over the old one; the new length is old * scale, rounded
    down. With ``sizes``, ``keep_aspect_ratio_policy`` may ask for one scale for all of the axes: the smallest of them
    ("not_larger") or the greatest ("not_smaller"); lengths are then rounded, halves up. The coordinates
    tf_crop_and_resize show a part of x, which ``roi`` tells as fractions of its lengths less one; what lies
    outside of x is ``extrapolation_value``. As Resize of ONNX.
    """

    x = operand()
    roi = operand("floats: the start along each of ``axes``..., then the end along each...", optional=True)
    scales = operand("floats, one for each of ``axes``", optional=True)
    sizes = operand("a vector of integers, one for each of ``axes``", optional=True)
    axes = attribute(INTS, "the axes to resize, negative ones from the end; all if empty", default=())
    keep_aspect_ratio_policy = attribute(
        one_of("stretch", "not_larger", "not_smaller"), "what sizes mean", default="stretch"
    )
    extrapolation_value = attribute(FLOAT, "what lies outside, with tf_crop_and_resize", default=0.0)
    output = result("the rank of x")

    def infer(self) -> TensorType:
        x = self.x.tensor
        if self.mode != "nearest":
            self.expect_element("x", self.x, NUMBER_ELEMENT)
        roi, scales, sizes = self._given()
        if (scales is None) == (sizes is None):
            raise self.error("expected one of the operands 'scales' and 'sizes'")
        if roi is None and self.coordinate == "tf_crop_and_resize":
            raise self.error("expected operand 'roi' for the coordinates tf_crop_and_resize")
        for name, value, per_axis in (("roi", roi, 2), ("scales", scales, 1), ("sizes", sizes, 1)):
            if value is not None:
                self._check(name, value, per_axis)
        if x.shape is None:
            return TensorType(None, x.expressed)
        dims = list(x.shape)
        for axis, length in zip(self.places(x.rank), self._lengths(), strict=True):
            dims[axis] = length
        return TensorType(tuple(dims), x.expressed)

    def _given(self) -> tuple[Value | None, Value | None, Value | None]:
        return self.roi, self.scales, self.sizes

    def _check(self, name: str, value: Value, per_axis: int) -> None:
        """Raises VerifyError unless an operand is a vector of as many numbers as there are axes."""
        self.expect_rank(name, value, 1)
        if name != "sizes":
            self.expect_element(name, value, FLOAT_ELEMENT)
        x = self.x.tensor.shape
        count = len(self.axes) or (None if x is None else len(x))
        if count is not None and value.tensor.shape is not None:
            self.expect_dim(name, value, 0, count * per_axis)

    def places(self, rank: int) -> tuple[int, ...]:
        """The axes to resize, counted from the front."""
        return self.axes_in(self.axes, rank) or tuple(range(rank))

    def _lengths(self) -> Shape:
        """The new lengths, as far as they are known; None for each that is not."""
        dims = self.x.tensor.dims
        axes = self.places(len(dims))
        olds = [dims[a] for a in axes]
        _, scales, sizes = self._given()
        if sizes is not None:
            known = known_vector(self, "sizes", sizes) or (None,) * len(axes)
            if self.keep_aspect_ratio_policy == "stretch":
                return known
            news, lengths = numbers(known), numbers(olds)
            if news is None or lengths is None:
                return (None,) * len(axes)
            return tuple(m.new for m in self._size_maps(lengths, news))
        assert scales is not None
        elements = known_elements(scales)
        factors = [None] * len(axes) if elements is None else list(elements)
        return tuple(_scaled(old, factor) for old, factor in zip(olds, factors, strict=True))

    def _size_maps(self, olds: tuple[int, ...], news: tuple[int, ...]) -> list[AxisMap]:
        """How places correspond with sizes."""
        if self.keep_aspect_ratio_policy == "stretch":
            return [AxisMap(old, new) for old, new in zip(olds, news, strict=True)]
        choose = min if self.keep_aspect_ratio_policy == "not_larger" else max
        scale = choose(new / old for old, new in zip(olds, news, strict=True))
        return [AxisMap(old, int(np.floor(old * scale + 0.5)), scale) for old in olds]

    def _maps(
        self, olds: tuple[int, ...], roi: Sequence[float] | None, scales: Sequence[float] | None, sizes: Sequence[int]
    ) -> list[AxisMap]:
        """How places along the axes correspond, by scales or else by sizes."""
        if scales is None:
            maps = self._size_maps(olds, tuple(sizes))
        else:
            maps = [AxisMap(n, scaled_length(n, s), s) for n, s in zip(olds, scales, strict=True)]
        if roi is None or self.coordinate != "tf_crop_and_resize":
            return maps
        regions = zip(roi[: len(olds)], roi[len(olds) :], strict=True)
        return [AxisMap(m.old, m.new, m.scale, region) for m, region in zip(maps, regions, strict=True)]

    def known_maps(self) -> list[AxisMap] | None:
        """How places along the axes correspond; None where lengths or the elements of an operand are not known."""
        shape = self.x.tensor.shape
        olds = None if shape is None else numbers([shape[a] for a in self.places(len(shape))])
        roi, scales, sizes = known = [_known_numbers(v) for v in self._given()]
        is_open = any(v is not None and k is None for v, k in zip(self._given(), known, strict=True))
        if olds is None or is_open:
            return None
        return self._maps(olds, roi, scales, [int(n) for n in sizes or ()])

    def evaluate(self, x: Array, roi: Array | None, scales: Array | None, sizes: Array | None) -> Array:
        axes = self.places(x.ndim)
        regions, factors = (None if v is None else [float(n) for n in v] for v in (roi, scales))
        maps = self._maps(tuple(x.shape[a] for a in axes), regions, factors, () if sizes is None else ints_of(sizes))
        return interpolate(x, axes, maps, self.interpolation, self.extrapolation_value)


def _known_numbers(value: Value | None) -> list[float] | None:
    """The elements of a vector of numbers; None where one is not known."""
    elements = None if value is None else known_elements(value)
    if elements is None or not all(isinstance(e, int | float) for e in elements.flat):
        return None
    return list(elements.flat)


def _scaled(old: Dim, scale: float | None) -> Dim:
    if scale == 1:
        return old
    return scaled_length(old, scale) if isinstance(old, int) and scale is not None else None


def scaled_length(length: int, scale: float) -> int:
    """The length times the scale, rounded down; in single precision, so that 10 * 0.7 is 7, not a little less."""
    return int(np.floor(np.float32(length) * np.float32(scale)))
