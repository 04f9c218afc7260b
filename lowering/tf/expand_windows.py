"""Convolutions, pools and resizing in the forms that TensorFlow computes on any processor, channel-last."""

from __future__ import annotations

from ...ir import Builder, Value
from ...ir.dialects import nn
from .. import convolutions, decompositions, pools, resizing
from .expansion import expands

expands("conv", "conv_transpose")(decompositions.conv_1d)
expands("conv")(convolutions.conv_of_pad)
expands("conv")(convolutions.conv_3d_groups)
expands("conv", "conv_transpose")(convolutions.dilations)
expands("conv_transpose")(convolutions.transpose_groups)


@expands("conv")
def conv_3d_pads(b: Builder, op: nn.Conv) -> Value | None:
    """Conv3D has the schemes SAME and VALID alone."""
    return convolutions.conv_pads(b, op) if op.spatial_rank == 3 else None


@expands("conv_transpose")
def transpose_pads(b: Builder, op: nn.ConvTranspose) -> Value | None:
    """In two dimensions any pads do, as long as the result ends before a further window would begin."""
    longer = any(p >= s for p, s in zip(op.output_padding, op.strides, strict=True)) if op.output_padding else False
    return convolutions.transpose_pads(b, op) if op.spatial_rank == 3 or longer else None


expands("max_pool", "average_pool")(pools.pool_1d)
expands("max_pool", "average_pool")(pools.pool_dilations)
expands("average_pool")(pools.average_pool_pads)


@expands("max_pool")
def max_pool_3d_pads(b: Builder, op: nn.MaxPool) -> Value | None:
    return pools.max_pool_pads(b, op) if op.spatial_rank == 3 else None


expands("resize")(resizing.resize_1d)
expands("resize")(resizing.resize_otherwise)
expands("dynamic_resize")(resizing.dynamic_resize)
expands("batch_norm")(decompositions.batch_norm)
expands("layer_norm")(decompositions.layer_norm)


@expands("lrn")
def lrn(b: Builder, op: nn.Lrn) -> Value | None:
    """LRN works along the last of four axes, over an odd number of places."""
    rank = op.x.tensor.rank
    return None if rank == 4 and op.axis % rank == 3 and op.size % 2 else decompositions.lrn(b, op)
