"""Looking up images at places that are computed."""

from __future__ import annotations

import math

from ...ir import Value
from ...ir.dialects import nn
from .target import Target, lowers

_PADDINGS = {"zeros": "zero", "border": "repeat", "reflection": "reflect"}


_EXPAND = "run expand-for-nnp before"


def fits_warp_by_grid(op: nn.GridSample) -> bool:
    """Linear alone: where a place is halfway between two elements, nearest takes the upper one in NNabla."""
    return op.mode == "linear" and op.x.tensor.rank in (4, 5) and (op.normalized or not op.align_corners)


@lowers("grid_sample")
def grid_sample(t: Target, op: nn.GridSample) -> Value:
    if not fits_warp_by_grid(op) or not op.normalized or op.channel_last:
        raise t.error("takes elements as NNabla's WarpByGrid does not", _EXPAND)
    padding = _PADDINGS[op.padding]
    return t.value("WarpByGrid", op.x, op.grid, mode="linear", padding_mode=padding, align_corners=op.align_corners)


def fits_roi_align(op: nn.RoiAlign) -> bool:
    """Means alone, of regions whose corners are moved by half a pixel."""
    return op.mode == "avg" and op.half_pixel


@lowers("roi_align")
def roi_align(t: Target, op: nn.RoiAlign) -> Value:
    """A region is the number of its image, then its corners."""
    if not fits_roi_align(op):
        raise t.error("takes a maximum, or corners that are not moved by half a pixel, as NNabla's RoiAlign does not")
    count = op.rois.tensor.dims[0]
    number = t.reshape(op.batch_indices, (count, 1))
    regions = t.value("Concatenate", number, op.rois, dims=(count, 5), axis=1)
    scale = (op.spatial_scale, op.spatial_scale)
    size = (op.height, op.width)
    return t.value(
        "RoiAlign", op.x, regions, output_size=size, spatial_scale=scale, sampling_ratio=op.sampling_ratio or -1
    )


def fits_deformable_convolution(op: nn.DeformConv) -> bool:
    """Whether the output is as large as the input: NNabla has an offset for each place of the input."""
    window = op.window
    as_large = op.output.tensor.dims[2:] == op.x.tensor.dims[2:] and all(s == 1 for s in window.strides)
    return as_large and window.pads_begin == window.pads_end


@lowers("deform_conv")
def deform_conv(t: Target, op: nn.DeformConv) -> Value:
    window = op.window
    if not fits_deformable_convolution(op) or op.channel_last:
        raise t.error("has an output that is not as large as its input, which NNabla's offsets belong to", _EXPAND)
    mask: Value | None = op.mask
    return t.value(
        "DeformableConvolution",
        op.x,
        op.weight,
        op.offset,
        mask,
        op.bias,
        base_axis=1,
        pad=window.pads_begin,
        stride=window.strides,
        dilation=window.dilations,
        group=op.groups,
        deformable_group=op.offset_groups,
    )


@lowers("det", "inverse")
def matrices(t: Target, op: nn.Det | nn.Inverse) -> Value:
    """The determinants or the inverses of a list of matrices."""
    *lead, rows, columns = op.x.tensor.dims
    count = math.prod(d for d in lead if isinstance(d, int)) if all(isinstance(d, int) for d in lead) else lead[0]
    matrix = (rows, columns)
    inverted = isinstance(op, nn.Inverse)
    listed = t.reshape(op.x, (count, *matrix))
    found = t.value("BatchInv" if inverted else "BatchDet", listed, dims=(count, *(matrix if inverted else ())))
    return t.reshape(found, (*lead, *(matrix if inverted else ())))
