"""Resizing images and other grids by interpolation."""

from __future__ import annotations

import numpy as np

from ...opdef import BOOL, FLOAT, INTS, attribute, one_of, operand, result
from ...types import Array, TensorType
from .base import FLOAT_ELEMENT, NNOp, widened
from .window import channel_axis, layout_shape, spatial_axes

COORDINATES = (
    "half_pixel",
    "pytorch_half_pixel",
    "tf_half_pixel_for_nn",
    "align_corners",
    "asymmetric",
)
ROUNDINGS = ("floor", "round_prefer_floor", "round_prefer_ceil", "ceil")


class Resize(NNOp, name="nn.resize"):
    """x interpolated to other spatial lengths, each axis alone; the scale of an axis is its old length / its new one.

    ``coordinate`` maps the place i in the result to the place in x:
    half_pixel (i + 0.5) * scale - 0.5; pytorch_half_pixel the same, but 0 where the new length is 1;
    tf_half_pixel_for_nn (i + 0.5) * scale; align_corners i * (old - 1) / (new - 1), 0 where the new length is 1;
    asymmetric i * scale.

    ``mode``: "nearest" takes the element at the place rounded by ``rounding``; "linear" weighs the two neighbours,
    "cubic" four of them with the kernel of Keys (coefficient ``cubic_coefficient``). Places outside of x are its edge.
    As Resize of ONNX, with sizes. Repeating each element k times is nearest, asymmetric, floor.
    """

    x = operand("(N, C, *L), with channel_last (N, *L, C)")
    sizes = attribute(INTS, "the new spatial lengths")
    mode = attribute(one_of("nearest", "linear", "cubic"), "the interpolation")
    coordinate = attribute(one_of(*COORDINATES), "how places correspond", default="half_pixel")
    rounding = attribute(one_of(*ROUNDINGS), "how mode nearest rounds a place", default="round_prefer_floor")
    cubic_coefficient = attribute(FLOAT, "the coefficient a of the cubic kernel", default=-0.75)
    channel_last = attribute(BOOL, "whether x and the result have their channels last", default=False)
    output = result("(N, C, *sizes), with channel_last (N, *sizes, C)")

    def infer(self) -> TensorType:
        x = self.x.tensor
        if self.mode != "nearest":
            self.expect_element("x", self.x, FLOAT_ELEMENT)
        self.expect_length("sizes", self.sizes, len(self.sizes), 1)
        self.expect_rank("x", self.x, len(self.sizes) + 2)
        if x.shape is None:
            return TensorType(None, x.expressed)
        channels = x.dims[channel_axis(x.rank, self.channel_last)]
        return TensorType(layout_shape(x.dims[0], channels, self.sizes, self.channel_last), x.expressed)

    def places(self, old: int, new: int) -> Array:
        """The places in x (double precision) of the elements of the result, along an axis of these lengths."""
        i = np.arange(new, dtype=np.float64)
        scale = old / new
        if self.coordinate == "align_corners":
            scale = (old - 1) / (new - 1) if new > 1 else 0.0
            return i * scale
        if self.coordinate == "asymmetric":
            return i * scale
        if self.coordinate == "tf_half_pixel_for_nn":
            return (i + 0.5) * scale
        if self.coordinate == "pytorch_half_pixel" and new == 1:
            return np.zeros(1)
        return (i + 0.5) * scale - 0.5

    def nearest(self, old: int, new: int) -> Array:
        """The indices in x that mode nearest takes, along an axis of these lengths."""
        places = self.places(old, new)
        if self.rounding == "floor":
            rounded = np.floor(places)
        elif self.rounding == "ceil":
            rounded = np.ceil(places)
        elif self.rounding == "round_prefer_floor":
            rounded = np.ceil(places - 0.5)
        else:
            rounded = np.floor(places + 0.5)
        return np.clip(rounded, 0, old - 1).astype(np.intp)

    def neighbours(self, old: int, new: int) -> list[tuple[Array, Array]]:
        """(indices in x, weights) of the elements that modes linear and cubic mix, along an axis of these lengths."""
        places = self.places(old, new)
        base = np.floor(places)
        t = places - base
        if self.mode == "linear":
            weights = [1 - t, t]
        else:
            weights = [_cubic(1 + t, self.cubic_coefficient), _cubic(t, self.cubic_coefficient)]
            weights += [_cubic(1 - t, self.cubic_coefficient), _cubic(2 - t, self.cubic_coefficient)]
        first = 0 if self.mode == "linear" else -1
        return [(np.clip(base + first + n, 0, old - 1).astype(np.intp), w) for n, w in enumerate(weights)]

    def evaluate(self, x: Array) -> Array:
        for axis, new in zip(spatial_axes(x.ndim, self.channel_last), self.sizes, strict=True):
            old = x.shape[axis]
            if self.mode == "nearest":
                x = np.take(x, self.nearest(old, new), axis)
            elif old != new or self.coordinate == "tf_half_pixel_for_nn":
                x = self._mixed(widened(x), axis, new)
        return x

    def _mixed(self, x: Array, axis: int, new: int) -> Array:
        shape = [-1 if a == axis else 1 for a in range(x.ndim)]
        parts = (
            np.take(x, indices, axis) * weights.astype(x.dtype).reshape(shape)
            for indices, weights in self.neighbours(x.shape[axis], new)
        )
        total: Array = next(parts)
        for part in parts:
            total += part
        return total


def _cubic(distance: Array, a: float) -> Array:
    """The weight of a neighbour at a distance of 0 .. 2 (Keys, "Cubic convolution interpolation", equation 15)."""
    near = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    far = a * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return np.where(distance <= 1, near, far)
