"""Resizing of images."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.dialects.nn.contents import known_elements
from ...ir.layout import inverse, permute
from ...ir.types import I32
from ..resizing import interpolation_options, kernel_options
from . import integers
from .target import EXPAND, Target, lowers

_OTHERWISE = "interpolates in a way that TensorFlow does not"


@lowers("resize")
def resize(t: Target, op: nn.Resize) -> Value:
    options = kernel_options(op)
    if options is None or op.x.tensor.rank != 4 or not op.channel_last:
        raise t.error(f"{_OTHERWISE}, or other than two spatial dimensions of an image, channel-last", EXPAND)
    return _resized(t, op.x, t.ints(op.sizes, "size"), op.mode, options, op.output.tensor)


@lowers("dynamic_resize")
def dynamic_resize(t: Target, op: nn.DynamicResize) -> Value:
    """Two of four axes, to sizes that are computed or by whole scales: the kernels take the scale of the lengths."""
    x = op.x.tensor
    scales = _whole_scales(op)
    options = interpolation_options(op) if scales is None else _with_whole_scales(op)
    if options is None or (op.sizes is not None and op.keep_aspect_ratio_policy != "stretch") or x.rank != 4:
        raise t.error(f"{_OTHERWISE}, or has other than four dimensions", _FIX)
    axes = [a % x.rank for a in op.axes] or list(range(x.rank))
    if scales is not None:
        moved = [axis for axis, scale in zip(axes, scales, strict=True) if scale != 1]
    elif op.sizes is not None:
        moved = [a for a in axes if x.dims[a] is None or op.output.tensor.dims[a] != x.dims[a]]
    else:
        raise t.error("has scales that are no whole numbers, for lengths that are not known", _FIX)
    if len(moved) > 2:
        raise t.error("resizes more than two dimensions", _FIX)
    image = sorted([*moved, *(a for a in (3, 2, 1) if a not in moved)][:2])
    perm = [*(a for a in range(4) if a not in image)]
    perm = [perm[0], *image, perm[1]]
    sizes = [_size(t, op, axis, axes, scales) for axis in image]
    type = op.output.tensor
    turned = t.transposed(op.x, perm)
    made = _resized(t, turned, t.shape(sizes), op.mode, options, type.with_shape(permute(type.dims, perm)))
    return t.value("Transpose", made, t.ints(inverse(perm), "perm"))


_FIX = "give the shapes of the inputs (--input-shape NAME=1,3,224,224)"


def _whole_scales(op: nn.DynamicResize) -> Sequence[int] | None:
    """The scales, where they are known and whole."""
    scales: Value | None = op.scales
    elements = None if scales is None else known_elements(scales)
    if elements is None or not all(isinstance(e, int | float) and e >= 1 and e == int(e) for e in elements.flat):
        return None
    return [int(e) for e in elements.flat]


def _with_whole_scales(op: nn.DynamicResize) -> tuple[bool, bool] | None:
    """The options of the kernel. Of these scales, no center of a new element is halfway between old ones, so that the
    nearest one is repeated; and PyTorch's exception for a single new element is none.
    """
    is_centered = op.coordinate in ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel")
    if is_centered and op.mode == "nearest" and op.rounding.startswith("round"):
        return None if op.exclude_outside else (False, False)
    if is_centered and op.mode == "linear":
        return None if op.antialias or op.exclude_outside else (False, True)
    return interpolation_options(op)


def _size(t: Target, op: nn.DynamicResize, axis: int, axes: Sequence[int], scales: Sequence[int] | None) -> int | Value:
    """The new length of an axis; computed as a scalar of i32."""
    known = op.output.tensor.dims[axis]
    if isinstance(known, int):
        return known
    if axis not in axes:
        return t.size(op.x, axis)
    place, scalar = axes.index(axis), TensorType((), I32)
    if scales is not None:
        return t.value("Mul", t.dimension(op.x, axis), t.scalar(scales[place], "scale"), types=[scalar])
    sizes = integers.cast(t, op.sizes, I32)
    bounds = [t.ints([n], name) for n, name in ((place, "begin"), (place + 1, "end"), (1, "strides"))]
    return t.value("StridedSlice", sizes, *bounds, types=[scalar], shrink_axis_mask=1)


def _resized(t: Target, x: Value, size: Value, mode: str, options: tuple[bool, bool], type: TensorType) -> Value:
    name = "ResizeBilinear" if mode == "linear" else "ResizeNearestNeighbor"
    align_corners, half_pixel = options
    return t.value(name, x, size, types=[type], align_corners=align_corners, half_pixel_centers=half_pixel)
