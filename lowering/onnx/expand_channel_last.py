"""What is channel-last becomes channel-first: ONNX knows no other layout."""

from __future__ import annotations

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.layout import inverse
from .expansion import expands


@expands("conv", "conv_transpose", "deform_conv", "max_pool", "average_pool")
@expands("resize", "grid_sample", "depth_to_space", "space_to_depth")
def channel_first(b: Builder, op: nn.Conv) -> Value | None:
    if not op.channel_last:
        return None
    rank = op.x.tensor.rank
    perm = (0, rank - 1, *range(1, rank - 1))
    attributes = {k: v for k, v in op.attributes.items() if k not in ("channel_last", "activation")}
    x = b.nn.transpose(op.x, perm=perm)
    y = b.create(op.name, x, *op.operands[1:], **attributes).result
    return b.nn.transpose(y, perm=inverse(perm))
