"""Looking up images at computed places, in the forms that NNabla has; others are made of gathers, as for any target."""

from __future__ import annotations

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from .. import fourier, indexing, sampling
from .expansion import expands
from .rules_sampling import fits_deformable_convolution, fits_roi_align, fits_warp_by_grid

expands("dft")(fourier.dft)
expands("scatter_elements")(indexing.scatter_elements)
expands("max_pool_with_indices")(indexing.max_pool_with_indices)


@expands("grid_sample")
def grid_sample(b: Builder, op: nn.GridSample) -> Value | None:
    """NNabla's grids go from -1 to 1, and its nearest element is another where two are equally near."""
    if not fits_warp_by_grid(op):
        return sampling.grid_sample(b, op)
    if op.normalized:
        return None
    lengths = [d for d in op.x.tensor.dims[:1:-1] if isinstance(d, int)]
    if len(lengths) != op.x.tensor.rank - 2:
        raise ValueError(f"{op.x.type} has no static spatial dimensions")
    sizes = np.array(lengths, np.float32)
    grid = b.nn.add(b.nn.mul(op.grid, 2 / sizes), 1 / sizes - 1)
    return b.nn.grid_sample(op.x, grid, mode=op.mode, padding=op.padding)


@expands("deform_conv")
def deform_conv(b: Builder, op: nn.DeformConv) -> Value | None:
    return None if fits_deformable_convolution(op) else sampling.deform_conv(b, op)


@expands("roi_align")
def roi_align(b: Builder, op: nn.RoiAlign) -> Value | None:
    return None if fits_roi_align(op) else sampling.roi_align(b, op)
