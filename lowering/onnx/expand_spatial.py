"""Resizing, sampling and regions of images for the opsets and shapes that ONNX, or onnxruntime, has no operator for."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import Builder, Value
from ...ir.dialects import nn
from .. import determinants, fourier, indexing, resizing, sampling
from .expansion import expands

expands("resize", below=11)(resizing.resize)
expands("dynamic_resize", below=11)(resizing.dynamic_resize)
expands("grid_sample", below=16)(sampling.grid_sample)
expands("deform_conv", below=19)(sampling.deform_conv)
expands("det", below=11)(determinants.det)
expands("inverse")(determinants.inverse)
expands("dft", below=17)(fourier.dft)
expands("max_pool_with_indices", below=8)(indexing.max_pool_with_indices)
expands("roi_align", below=10)(sampling.roi_align)
expands("roi_align", since=22)(sampling.roi_align)  # onnxruntime 1.31 has no kernel for RoiAlign of opset 22


@expands("roi_align", below=16)
def moved_by_half_a_pixel(b: Builder, op: nn.RoiAlign) -> Value | None:
    return sampling.roi_align(b, op) if op.half_pixel else None


@expands("resize")
def resize(b: Builder, op: nn.Resize) -> Value | None:
    """What Resize has not (any more), and what onnxruntime 1.31 refuses."""
    linear_outside = op.exclude_outside and op.mode == "linear" and not op.antialias
    unusual = op.coordinate == "tf_half_pixel_for_nn" or (op.mode == "cubic" and len(op.sizes) != 2) or linear_outside
    # It takes the new length for the old one times the scale, when it aligns corners.
    unusual = unusual or (bool(op.scales) and op.coordinate == "align_corners")
    return resizing.resize(b, op) if unusual else None


@expands("resize", below=18)
def resize_with_antialias(b: Builder, op: nn.Resize) -> Value | None:
    return resizing.resize(b, op) if op.antialias and op.mode != "nearest" else None


@expands("resize", below=19)
def resize_symmetrically(b: Builder, op: nn.Resize) -> Value | None:
    return resizing.resize(b, op) if op.coordinate == "half_pixel_symmetric" else None


@expands("grid_sample")
def grid_sample(b: Builder, op: nn.GridSample) -> Value | None:
    """Pixels as coordinates, and what onnxruntime 1.31 refuses."""
    rank = op.x.tensor.rank
    unusual = not op.normalized or op.channel_last or rank > 5 or rank < 4 or (op.mode == "cubic" and rank != 4)
    return sampling.grid_sample(b, op) if unusual else None


@expands("grid_sample", below=20)
def grid_sample_of_volumes(b: Builder, op: nn.GridSample) -> Value | None:
    return sampling.grid_sample(b, op) if op.x.tensor.rank != 4 else None


@expands("deform_conv")
def deform_conv(b: Builder, op: nn.DeformConv) -> Value | None:
    return sampling.deform_conv(b, op) if op.channel_last else None


@expands("max_pool_with_indices")
def integers_with_indices(b: Builder, op: nn.MaxPoolWithIndices) -> Sequence[Value] | None:
    """MaxPool takes no integers of 64 bits."""
    element = op.x.tensor.expressed
    wide = element.is_integer and element.bits > 32
    return indexing.max_pool_with_indices(b, op) if wide else None
