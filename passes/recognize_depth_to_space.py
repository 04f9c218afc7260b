# mypy: allow-untyped-defs, no-check-untyped-defs
"""``recognize-depth-to-space``: the pixel shuffle of super-resolution networks as one operation, and its inverse.

Why: written as reshape, transpose, reshape it costs a transpose of the large image. Targets have it as one operation,
most with channels in the order dcr; networks mostly use crd. The difference is an order of channels, which a
convolution in front takes up. The inverse, at the input of detectors ("focus"), is written as slices that are put
together in some order, which the convolution behind takes up.
"""

# fmt: off
# A rule is two expressions, and reads best as two lines.

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ..ir.dialects import nn
from ..ir.module import constant_attribute
from ..ir.rewrite import OpRewrite, Rewrite, RewritePass, Rewriter, known_array, rewrite

NAME = "recognize-depth-to-space"
PERMS = {(0, 1, 4, 2, 5, 3): "crd", (0, 3, 4, 1, 5, 2): "dcr"}
"""How (N, C, block, block, H, W) and (N, block, block, C, H, W) become (N, C, H, block, W, block)."""


class RecognizeDepthToSpace(RewritePass, name=NAME):
    """Recognize the pixel shuffle and its inverse, and let convolutions give and take channels in the order dcr.

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


@rewrite(NAME)
class SpaceToDepthInFront(OpRewrite):
    """conv(concat(x[::2, ::2], x[1::2, ::2], ...), w)   →   conv(space_to_depth(x), w with its inputs in that order)"""

    def match_and_rewrite(self, op: nn.Conv, rw: Rewriter) -> bool:
        concat = op.x.defining_op
        if not isinstance(concat, nn.Concat) or op.groups != 1 or op.channel_last or not op.x.has_one_use:
            return False
        slices = [s for v in concat.inputs if isinstance(s := v.defining_op, nn.Slice)]
        sources = {s.x for s in slices}
        if concat.axis % 4 != 1 or len(sources) != 1 or len(slices) != len(concat.inputs):
            return False
        (x,) = sources
        places = _block_places(x, slices)
        if places is None or concat.parent is not op.parent:
            return rw.refuse(op, "the slices are not those of blocks")
        weight = known_array(op.weight)
        if weight is None:
            return rw.refuse(op, "the weights are computed, or not there")
        groups = weight.reshape(weight.shape[0], len(places), -1, *weight.shape[2:])
        ordered = groups[:, np.argsort(places)].reshape(weight.shape)
        b = rw.builder(op, [concat, *slices])
        deep = b.nn.space_to_depth(x, block=math.isqrt(len(places)))
        return rw.replace(op, b.create(op.name, deep, ordered, op.bias, **op.attributes).results[0])


def _block_places(x, slices):
    """The place of each slice in a block, row by row; None where they are not all places of blocks of the image x."""
    block = math.isqrt(len(slices))
    if block < 2 or block**2 != len(slices) or not x.tensor.is_static or x.tensor.rank != 4:
        return None
    n, c, h, w = x.tensor.static_shape
    places = []
    for s in slices:
        whole, rows, columns = (s.slices[0], s.slices[1]), s.slices[2], s.slices[3]
        if [p.indices(d) for p, d in zip(whole, (n, c), strict=True)] != [(0, n, 1), (0, c, 1)]:
            return None
        if rows.step != block or columns.step != block or s.output.tensor.static_shape[2:] != (h // block, w // block):
            return None
        places.append(rows.indices(h)[0] * block + columns.indices(w)[0])
    fits = h % block == w % block == 0 and sorted(places) == list(range(block**2))
    return places if fits else None
