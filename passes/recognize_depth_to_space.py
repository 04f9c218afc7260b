# mypy: allow-untyped-defs, no-check-untyped-defs
"""``recognize-depth-to-space``: the pixel shuffle of super-resolution networks as one operation.

Why: written as reshape, transpose, reshape it costs a transpose of the large image. Targets have it as one operation,
most with channels in the order dcr; networks mostly use crd. The difference is an order of channels, which a
convolution in front takes up.
"""

# fmt: off
# A rule is two expressions, and reads best as two lines.

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..ir.dialects import nn
from ..ir.module import constant_attribute
from ..ir.rewrite import OpRewrite, Rewrite, RewritePass, Rewriter, known_array, rewrite

NAME = "recognize-depth-to-space"
PERMS = {(0, 1, 4, 2, 5, 3): "crd", (0, 3, 4, 1, 5, 2): "dcr"}
"""How (N, C, block, block, H, W) and (N, block, block, C, H, W) become (N, C, H, block, W, block)."""


class RecognizeDepthToSpace(RewritePass, name=NAME):
    """Recognize the pixel shuffle, and let a convolution in front of it give its channels in the order dcr.

    Given::

        %1 = "nn.reshape"(%x) {shape = [1, 3, 2, 2, 8, 8]} : (tensor<1x12x8x8xf32>) -> tensor<1x3x2x2x8x8xf32>
        %2 = "nn.transpose"(%1) {perm = [0, 1, 4, 2, 5, 3]} : (tensor<1x3x2x2x8x8xf32>) -> tensor<1x3x8x2x8x2xf32>
        %3 = "nn.reshape"(%2) {shape = [1, 3, 16, 16]} : (tensor<1x3x8x2x8x2xf32>) -> tensor<1x3x16x16xf32>

    Result::

        %3 = "nn.depth_to_space"(%x) {block = 2, mode = "crd"} : (tensor<1x12x8x8xf32>) -> tensor<1x3x16x16xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})


@rewrite(NAME)
class DepthToSpace(Rewrite):
    """reshape(transpose(reshape(x)))   →   depth_to_space(x)"""

    def pattern(p, x):
        split = p.reshape(x, ...).named("split")
        return p.reshape(p.transpose(split, p.attr("perm")), ...).named("merged")

    def check(x, split, perm, merged):
        return None if _block(x, split, perm, merged) is not None else "it is no pixel shuffle"

    def replacement(b, x, split, perm, merged):
        return b.nn.depth_to_space(x, block=_block(x, split, perm, merged), mode=PERMS[tuple(perm)])


def _block(x, split, perm, merged):
    """The length of a block's side; None where this is no pixel shuffle."""
    before, cut, after = (v.tensor.shape for v in (x, split.output, merged.output))
    mode = PERMS.get(tuple(perm))
    if mode is None or before is None or after is None or len(before) != 4 or len(after) != 4:
        return None
    channels, block, other = (cut[1], cut[2], cut[3]) if mode == "crd" else (cut[3], cut[1], cut[2])
    height, width = before[2:]
    if block != other or not all(isinstance(d, int) for d in (channels, block, height, width)):
        return None
    fits = cut[0] == before[0] == after[0] and cut[4:] == before[2:] and before[1] == channels * block**2
    return block if fits and tuple(after[1:]) == (channels, height * block, width * block) else None


@rewrite(NAME)
class ConvolutionGivesTheOrder(OpRewrite):
    """depth_to_space(conv(x, w)) of mode crd   →   the same of mode dcr, with the channels of w in another order"""

    def match_and_rewrite(self, op: nn.DepthToSpace, rw: Rewriter) -> bool:
        conv = op.x.defining_op
        if op.mode != "crd" or not isinstance(conv, nn.Conv) or not op.x.has_one_use or conv.groups != 1:
            return False
        if any(v is not None and constant_attribute(v) is None for v in conv.operands[1:]):
            return rw.refuse(op, "the weights of the convolution are computed")
        if conv.parent is not op.parent:
            return rw.refuse(op, "the convolution would be computed in a region, which may be a loop")
        arrays = [None if v is None else known_array(v) for v in conv.operands[1:]]
        if arrays[0] is None:
            return rw.refuse(op, "the weights are not there")
        order = np.arange(len(arrays[0])).reshape(-1, op.block**2).T.ravel()
        b = rw.builder(op, [conv])
        weights = [None if a is None else b.constant(a[order]) for a in arrays]
        made = b.create(conv.name, conv.x, *weights, **conv.attributes).results[0]
        return rw.replace(op, b.nn.depth_to_space(made, block=op.block, mode="dcr", channel_last=op.channel_last))
