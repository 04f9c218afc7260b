"""Bicubic resizing: TensorFlow takes the weights from a table, for places that are multiples of 1/1024."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from ....ir import Value
from ....ir.dialects.nn.interpolation import AxisMap, Interpolation, mixture
from ....ir.types import F32, Array
from ...nodes import expect_rank
from ...sizes import cast
from .registry import Lifter, lift
from .resizing import CUBIC_HALF_PIXEL, coordinate_of, resized

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp

_CUBIC = -0.75
"""The coefficient of the kernel of Keys where places are not in the middle of pixels."""
_STEPS = 1024
"""The length of the table."""


@attrs.frozen
class TableInterpolation(Interpolation):
    """Interpolation whose places are rounded to what the table holds."""

    def places(self, m: AxisMap) -> Array:
        """In single precision, and from there as integers of 1/1024, halves to the even one, as the kernel has them."""
        single = np.float32
        i = np.arange(m.new, dtype=single)
        scale = single(m.old) / single(m.new)
        if self.coordinate == "align_corners" and m.new > 1:
            scale = single(m.old - 1) / single(m.new - 1)
        is_half = self.coordinate == "half_pixel"
        places = (i + single(0.5)) * scale - single(0.5) if is_half else i * scale
        base = np.floor(places)
        rounded: Array = base.astype(np.float64) + np.rint((places - base) * single(_STEPS)) / _STEPS
        return rounded


@lift("ResizeBicubic")
def resize_bicubic(b: Lifter, op: TfOp, x: Value, size: Value) -> Value:
    """With half_pixel_centers, what lies outside of the image has no weight; else it is the edge.

    nn.resize where all places are in the table, else products with the table's weights.
    """
    expect_rank(op, x, 4, 4)
    is_half = bool(op.get("half_pixel_centers"))
    coefficient, coordinate = CUBIC_HALF_PIXEL if is_half else _CUBIC, coordinate_of(op)
    lengths, olds = b.ints(size), [d for d in x.tensor.dims[1:3] if isinstance(d, int)]
    image = cast(b, x, F32)
    if lengths is not None and len(lengths) == len(olds) == 2 and min(*lengths, *olds) > 0:
        maps = [AxisMap(old, new) for old, new in zip(olds, lengths, strict=True)]
        how = ("cubic", coordinate, "floor", coefficient, False, is_half)
        exact, table = Interpolation(*how), TableInterpolation(*how)
        if not all(np.allclose(exact.places(m), table.places(m), rtol=0, atol=1e-5) for m in maps):
            return _mixed(b, image, [mixture(table.taps(m), m.old).astype(np.float32) for m in maps])
    else:
        remedy = "give the shapes of the inputs (--input-shape NAME=1,224,224,3)"
        b.warn(op, "is computed with exact weights, which differ from TensorFlow's table by up to 0.4 %", remedy)
    return resized(
        b,
        op,
        image,
        size,
        mode="cubic",
        coordinate=coordinate,
        cubic_coefficient=coefficient,
        exclude_outside=is_half,
    )


def _mixed(b: Lifter, x: Value, matrices: list[Array]) -> Value:
    """An image (N, H, W, C) times a matrix (old, new) along H, and one along W."""
    rows, columns = matrices
    wide = b.nn.affine(b.nn.transpose(x, perm=(0, 3, 1, 2)), columns)
    return b.nn.transpose(b.nn.affine(b.nn.transpose(wide, perm=(0, 1, 3, 2)), rows), perm=(0, 3, 2, 1))
