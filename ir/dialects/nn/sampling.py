"""Looking up images at places that are computed: grid sampling, and pooling of regions."""

from __future__ import annotations

import itertools
import math

import numpy as np

from ...opdef import BOOL, FLOAT, INT, attribute, one_of, operand, result
from ...types import Array, TensorType, unify_dims
from .base import FLOAT_ELEMENT, INTEGER_ELEMENT, NUMBER_ELEMENT, NNOp, widened
from .interpolation import MODES, cubic_weight
from .window import channel_axis, layout_shape

PADDINGS = ("zeros", "border", "reflection")
_CUBIC_COEFFICIENT = -0.75


class GridSample(NNOp, name="nn.grid_sample"):
    """x at the places that a grid names: output[n, c, p] = x[n, c, place(grid[n, p])].

    The last axis of the grid holds a place, its coordinates in the order of the axes from the last to the first. They
    count elements of x from 0, or if ``normalized`` go from -1 to 1 over x: from the middle of its first element to
    that of its last with ``align_corners``, else from edge to edge. ``mode``: "nearest" takes the nearest element
    (halves go to the even one), "linear" mixes the two neighbours along each axis, "cubic" four. ``padding`` says what
    lies outside: zeros, the nearest element, or the reflection of x. As GridSample of ONNX, and for "cubic" with
    "border", where that leaves a choice, as PyTorch and onnxruntime: each of the four is the nearest element.
    """

    x = operand("(N, C, *L), of r spatial dimensions; with channel_last (N, *L, C)")
    grid = operand("(N, *P, r)")
    mode = attribute(one_of(*MODES), "the interpolation", default="linear")
    padding = attribute(one_of(*PADDINGS), "what lies outside of x", default="zeros")
    align_corners = attribute(BOOL, "whether the outermost places are the middles of elements", default=False)
    normalized = attribute(BOOL, "whether coordinates go from -1 to 1", default=True)
    channel_last = attribute(BOOL, "whether x and the result have their channels last", default=False)
    output = result("(N, C, *P), with channel_last (N, *P, C)")

    def infer(self) -> TensorType:
        element = self.expect_element("x", self.x, NUMBER_ELEMENT)
        self.expect_element("grid", self.grid, FLOAT_ELEMENT)
        x, grid = self.x.tensor.shape, self.grid.tensor.shape
        known = grid if x is None else x
        if known is not None and len(known) < 3:
            raise self.error(f"expected operands of rank 3 or more, got {self.x.type} and {self.grid.type}")
        if x is not None:
            self.expect_rank("grid", self.grid, len(x))
        if grid is None or x is None:
            return TensorType(None if known is None else (None,) * len(known), element)
        self.expect_dim("grid", self.grid, len(grid) - 1, len(x) - 2)
        self.expect_dim("grid", self.grid, 0, x[0])
        channels = x[channel_axis(len(x), self.channel_last)]
        return TensorType(layout_shape(unify_dims(x[0], grid[0]), channels, grid[1:-1], self.channel_last), element)

    def evaluate(self, x: Array, grid: Array) -> Array:
        first = np.moveaxis(x, -1, 1) if self.channel_last else x
        taps = []
        for i, length in enumerate(first.shape[2:]):
            places = grid[..., -1 - i].astype(np.float32).reshape(len(x), -1)
            if self.normalized:
                places = _denormalized(places, length, self.align_corners)
            taps.append(self._taps(places, length))
        y: Array = mixed_at(first, taps).reshape(*first.shape[:2], *grid.shape[1:-1])
        return np.moveaxis(y, 1, -1) if self.channel_last else y

    def _taps(self, places: Array, length: int) -> list[tuple[Array, Array]]:
        """Indices along an axis, and their weights, for each of the elements that are mixed."""
        low, high = (0.0, length - 1.0) if self.align_corners else (-0.5, length - 0.5)
        if self.mode == "nearest":
            places = np.rint(places)
        is_outside = (places < low) | (places > high)
        if self.padding == "border" and self.mode != "cubic":
            places = np.where(is_outside, np.clip(places, 0, length - 1), places)
        elif self.padding == "reflection":
            places = np.where(is_outside, _reflected(places, low, high), places)
        base = np.floor(places)
        part = (places - base).astype(np.float64)
        offsets = {"nearest": (0,), "linear": (0, 1), "cubic": (-1, 0, 1, 2)}[self.mode]
        found = []
        for offset in offsets:
            index, distance = base + offset, np.abs(offset - part)
            weight = cubic_weight(distance, _CUBIC_COEFFICIENT) if self.mode == "cubic" else 1 - distance
            if self.mode == "nearest":
                weight = np.ones_like(part)
            if self.padding == "zeros":
                weight = np.where((index >= 0) & (index < length), weight, 0)
            elif self.padding == "reflection":
                index = np.where((index < low) | (index > high), _reflected(index, low, high), index)
            found.append((np.clip(index, 0, length - 1).astype(np.intp), weight))
        return found


def _denormalized(places: Array, length: int, align_corners: bool) -> Array:
    """Places in an axis for coordinates in -1 .. 1."""
    if align_corners:
        return (places + 1) / 2 * (length - 1)
    return ((places + 1) * length - 1) / 2


def _reflected(places: Array, low: float, high: float) -> Array:
    """Places mirrored at both borders until they lie inside."""
    span = high - low
    if span == 0:
        return np.full_like(places, low)
    rest = np.abs(places - low) % (2 * span)
    return low + np.minimum(rest, 2 * span - rest)


def mixed_at(x: Array, taps: list[list[tuple[Array, Array]]]) -> Array:
    """Elements of x (N, C, *L), mixed: for each spatial axis the taps (indices, weights), each (N, P); gives (N, C, P).

    Integers are computed in double precision.
    """
    wide = np.ascontiguousarray(np.moveaxis(widened(x) if x.dtype.kind not in "iu" else x.astype(np.float64), 1, -1))
    samples = np.arange(len(x)).reshape(-1, 1)
    total = np.zeros((*taps[0][0][0].shape, x.shape[1]), wide.dtype)
    for chosen in itertools.product(*taps):
        weight = math.prod((w for _, w in chosen), start=np.float64(1.0))
        place = (samples, *(index for index, _ in chosen))
        total += wide[place] * np.asarray(weight, wide.dtype)[..., None]
    return np.moveaxis(total, -1, 1)


class RoiAlign(NNOp, name="nn.roi_align"):
    """The mean or the maximum of points in each bin of regions of an image. As RoiAlign of ONNX.

    A region (x, y of two corners, times ``spatial_scale``) is divided into height x width bins, each with
    ``sampling_ratio`` points a side (ceil(side of the bin) points if that is 0). A point mixes its four neighbours; one
    that is more than 1 outside of x is 0. The maximum is that of the weighted neighbours of all points. With
    ``half_pixel`` corners are moved by -0.5, else regions are at least 1 x 1.
    """

    x = operand("(N, C, H, W)")
    rois = operand("(R, 4)")
    batch_indices = operand("(R,) integers: which image a region is of")
    height = attribute(INT, "the height of the result", default=1)
    width = attribute(INT, "the width of the result", default=1)
    sampling_ratio = attribute(INT, "points a side of a bin", default=0)
    spatial_scale = attribute(FLOAT, "what the corners are multiplied by", default=1.0)
    mode = attribute(one_of("avg", "max"), "what is made of the points", default="avg")
    half_pixel = attribute(BOOL, "whether corners are moved by -0.5", default=True)
    output = result("(R, C, height, width)")

    def infer(self) -> TensorType:
        self.expect_element("x", self.x, FLOAT_ELEMENT)
        element = self.expect_same_element([self.x, self.rois])
        self.expect_element("batch_indices", self.batch_indices, INTEGER_ELEMENT)
        for name, value, rank in (("x", self.x, 4), ("rois", self.rois, 2), ("batch_indices", self.batch_indices, 1)):
            self.expect_rank(name, value, rank)
        if self.height < 1 or self.width < 1 or self.sampling_ratio < 0:
            raise self.error("expected 'height' and 'width' above 0, and 'sampling_ratio' not below")
        x, rois, indices = self.x.tensor.shape, self.rois.tensor.shape, self.batch_indices.tensor.shape
        self.expect_dim("rois", self.rois, 1, 4)
        count = None if rois is None else rois[0]
        if indices is not None:
            self.expect_dim("batch_indices", self.batch_indices, 0, count)
            count = indices[0] if count is None or isinstance(indices[0], int) else count
        return TensorType((count, None if x is None else x[1], self.height, self.width), element)

    def evaluate(self, x: Array, rois: Array, batch_indices: Array) -> Array:
        x = widened(x)
        y = np.empty((len(rois), x.shape[1], self.height, self.width), x.dtype)
        for i, (roi, sample) in enumerate(zip(widened(rois), batch_indices, strict=True)):
            y[i] = self._region(x[int(sample)], roi)
        return y

    def _region(self, image: Array, roi: Array) -> Array:
        """(C, height, width) for one region of an image (C, H, W)."""
        shift = 0.5 if self.half_pixel else 0.0
        corners = roi * roi.dtype.type(self.spatial_scale) - roi.dtype.type(shift)
        rows, row_weights = self._points(corners[1], corners[3], self.height, image.shape[1])
        columns, column_weights = self._points(corners[0], corners[2], self.width, image.shape[2])
        shape = (image.shape[0], self.height, row_weights.shape[2], self.width, column_weights.shape[2])
        total = np.zeros(shape, image.dtype)
        for r, c in itertools.product(range(2), range(2)):
            neighbours = image[:, rows[r].reshape(-1, 1), columns[c].reshape(1, -1)]
            weights = row_weights[r].reshape(-1, 1) * column_weights[c].reshape(1, -1)
            part = (neighbours * weights.astype(image.dtype)).reshape(shape)
            if self.mode == "max" and (r or c):
                total = np.maximum(total, part)
            else:
                total = total + part
        if 0 in shape:
            return np.zeros((shape[0], shape[1], shape[3]), image.dtype)
        return np.asarray(total.max((2, 4)) if self.mode == "max" else total.mean((2, 4)))

    def _points(self, start: float, end: float, bins: int, length: int) -> tuple[Array, Array]:
        """Along one axis: the lower and upper neighbours of the points, and their weights, each (2, bins, points)."""
        side = end - start
        if not self.half_pixel:
            side = max(side, type(side)(1))
        count = self.sampling_ratio or max(math.ceil(side / bins), 0)
        bin_side = side / bins
        inner = (np.arange(count, dtype=np.float32) + np.float32(0.5)) * bin_side / max(count, 1)
        places = start + np.arange(bins, dtype=np.float32).reshape(-1, 1) * bin_side + inner
        is_outside = (places < -1) | (places > length)
        places = np.clip(places, 0, length - 1)
        low = np.minimum(np.floor(places), max(length - 2, 0)).astype(np.intp)
        part = places - low
        high = np.minimum(low + 1, length - 1)
        weights = np.stack([1 - part, part])
        return np.stack([low, high]), np.where(is_outside, 0, weights)
