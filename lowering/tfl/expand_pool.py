"""Pools and resizing in the forms that TFLite has."""

from __future__ import annotations

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.dialects.tfl.windows import padding_scheme
from .. import pools, resizing
from ..convolutions import lengths_of
from ..expansion import reshaped
from .expansion import expands

expands("max_pool", "average_pool")(pools.pool_1d)
expands("max_pool", "average_pool")(pools.pool_dilations)
expands("max_pool")(pools.max_pool_pads)
expands("average_pool")(pools.average_pool_pads)


@expands("max_pool", "average_pool")
def pool_3d(b: Builder, op: nn.PoolOp) -> Value | None:
    """Pools are separable: first over height and width of every slice, then over the depth."""
    lengths = lengths_of(op.x, op.channel_last)
    if op.spatial_rank != 3 or lengths is None or padding_scheme(op.window, lengths) != "VALID":
        return None  # pads have become an operation by another rule, or will
    if not op.channel_last or not op.x.tensor.is_static:
        return None
    batch, depth, height, width, channels = op.x.tensor.static_shape
    flat = reshaped(b, op.x, (batch * depth, height, width, channels))
    y = b.create(op.name, flat, kernel=op.kernel[1:], strides=op.strides[1:], channel_last=True).result
    _, rows, columns, _ = y.tensor.static_shape
    deep = reshaped(b, y, (batch, depth, rows * columns, channels))
    y = b.create(op.name, deep, kernel=(op.kernel[0], 1), strides=(op.strides[0], 1), channel_last=True).result
    return reshaped(b, y, op.output.tensor.static_shape)


# Resizing

expands("resize")(resizing.resize_1d)
expands("resize")(resizing.resize_otherwise)
expands("dynamic_resize")(resizing.dynamic_resize)
