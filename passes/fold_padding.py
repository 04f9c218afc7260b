"""``fold-padding``: zeros that are put around an image before a convolution or a pool become its own pads.

Why: an operation of its own copies the whole image to add a border that kernels know how to imagine.

What it does not do: fold other numbers than the operation imagines itself: zeros for a convolution and an average pool
that counts them, -infinity for a max pool; fold pads of the batch or the channels.
"""

from __future__ import annotations

import math
from typing import ClassVar

from ..ir import Value
from ..ir.dialects import nn
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, rewrite


class FoldPadding(RewritePass, name="fold-padding"):
    """Fold padding into convolutions and pools.

    Given::

        %1 = "nn.pad"(%x) {pads = array<i64: 0, 0, 1, 1, 0, 0, 1, 1>}
            : (tensor<1x3x8x8xf32>) -> tensor<1x3x10x10xf32>
        %2 = "nn.conv"(%1, %w) : (tensor<1x3x10x10xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32>

    Result::

        %2 = "nn.conv"(%x, %w) {pads = array<i64: 1, 1, 1, 1>}
            : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})


@rewrite("fold-padding")
class PadBeforeWindow(OpRewrite):
    """conv(pad(x)), max_pool(pad(x)), average_pool(pad(x))   →   conv(x) with pads, and so on"""

    def match_and_rewrite(self, op: nn.Conv | nn.MaxPool | nn.AveragePool, rw: Rewriter) -> bool:
        pad = op.x.defining_op
        if not isinstance(pad, nn.Pad) or op.x.tensor.shape is None:
            return False
        if pad.mode != "constant" or pad.value != _imagined(op):
            return rw.refuse(op, "the padding is of other numbers than its own")
        if any(p < 0 for p in pad.pads):
            return rw.refuse(op, "the padding takes elements away")
        rank = op.x.tensor.rank
        spatial = range(1, rank - 1) if op.channel_last else range(2, rank)
        if any(any(pair) for axis, pair in enumerate(pad.pairs) if axis not in spatial):
            return rw.refuse(op, "the padding is of the batch or the channels as well")
        begin, end = zip(*(pad.pairs[axis] for axis in spatial), strict=True)
        pads = [own + more for own, more in zip(op.pads, (*begin, *end), strict=True)]
        if isinstance(op, nn.AveragePool) and any(op.pads) and not op.count_include_pad:
            return rw.refuse(op, "its own pads do not count")
        attributes = {k: v for k, v in op.attributes.items() if k in op.attribute_fields}
        if isinstance(op, nn.AveragePool):
            attributes["count_include_pad"] = True
        operands: list[Value | None] = [pad.x, *op.operands[1:]]
        made = rw.builder(op, [pad]).create(op.name, *operands, **attributes | {"pads": pads})
        return rw.replace(op, made.results[0])


def _imagined(op: nn.Conv | nn.MaxPool | nn.AveragePool) -> float:
    """What an operation takes its pads for."""
    return -math.inf if isinstance(op, nn.MaxPool) else 0.0
