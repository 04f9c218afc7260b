"""Looking up images at places that are computed."""

from __future__ import annotations

import math

from ...ir import OpResult, Value
from ...ir.dialects import nn
from .target import Target, lowers

_PADDINGS = {"zeros": "zero", "border": "repeat", "reflection": "reflect"}


@lowers("grid_sample")
def grid_sample(t: Target, op: nn.GridSample) -> OpResult:
    """Linear alone: where a place is halfway between two elements, nearest takes the upper one in NNabla."""
    if op.mode != "linear" or op.x.tensor.rank not in (4, 5):
        raise t.error(f"has the mode '{op.mode}' for {op.x.type}; NNabla's WarpByGrid is the same for 'linear' images")
    padding = _PADDINGS[op.padding]
    return t.value("WarpByGrid", op.x, op.grid, mode="linear", padding_mode=padding, align_corners=op.align_corners)


@lowers("roi_align")
def roi_align(t: Target, op: nn.RoiAlign) -> OpResult:
    """A region is the number of its image, then its corners."""
    if op.mode != "avg" or not op.half_pixel:
        raise t.error("takes a maximum, or corners that are not moved by half a pixel, as NNabla's RoiAlign does not")
    count = op.rois.tensor.dims[0]
    number = t.reshape(op.batch_indices, (count, 1))
    regions = t.value("Concatenate", number, op.rois, dims=(count, 5), axis=1)
    scale = (op.spatial_scale, op.spatial_scale)
    size = (op.height, op.width)
    return t.value(
        "RoiAlign", op.x, regions, output_size=size, spatial_scale=scale, sampling_ratio=op.sampling_ratio or -1
    )


@lowers("deform_conv")
def deform_conv(t: Target, op: nn.DeformConv) -> OpResult:
    """NNabla has an offset for each place of the input; so the output must be as large."""
    window = op.window
    if op.output.tensor.dims[2:] != op.x.tensor.dims[2:] or any(s != 1 for s in window.strides):
        raise t.error("has an output that is not as large as its input, which NNabla's offsets belong to")
    if window.pads_begin != window.pads_end:
        raise t.error("has pads that differ at begin and end")
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
