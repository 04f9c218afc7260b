# mypy: allow-untyped-defs, no-check-untyped-defs
"""``recognize-channel-shuffle``: reshape, transpose, reshape that deals channels out over groups.

Why: as one operation it knows the axis it works on, and so can work channel-last; the three operations that it is
written as pin the layout to channel-first. The recognition looks at shapes only: the spatial dimensions may be one or
several in between, and the batch may be a symbol.
"""

from __future__ import annotations

from typing import ClassVar

from ..ir.rewrite import Rewrite, RewritePass, rewrite


class RecognizeChannelShuffle(RewritePass, name="recognize-channel-shuffle"):
    """Recognize the shuffle of channels of ShuffleNet.

    Given::

        %1 = "nn.reshape"(%x) {shape = [1, 2, 4, 8, 8]} : (tensor<1x8x8x8xf32>) -> tensor<1x2x4x8x8xf32>
        %2 = "nn.transpose"(%1) {perm = [0, 2, 1, 3, 4]} : (tensor<1x2x4x8x8xf32>) -> tensor<1x4x2x8x8xf32>
        %3 = "nn.reshape"(%2) {shape = [1, 8, 8, 8]} : (tensor<1x4x2x8x8xf32>) -> tensor<1x8x8x8xf32>

    Result::

        %3 = "nn.channel_shuffle"(%x) {groups = 2} : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})


@rewrite("recognize-channel-shuffle")
class ChannelShuffle(Rewrite):
    """reshape(transpose(reshape(x)))   →   channel_shuffle(x)"""

    def pattern(p, x):
        split = p.reshape(x, ...).named("split")
        return p.reshape(p.transpose(split, p.attr("perm")), ...).named("merged")

    def check(x, split, perm, merged):
        if x.type != merged.output.type or x.tensor.shape is None:
            return "the result has another shape than x"
        return None if shuffled_axis(x.tensor.dims, split.output.tensor.dims, perm) is not None else "it is no shuffle"

    def replacement(b, x, split, perm):
        axis = shuffled_axis(x.tensor.dims, split.output.tensor.dims, perm)
        return b.nn.channel_shuffle(x, groups=split.output.tensor.dims[axis], axis=axis)


def shuffled_axis(before, split, perm):
    """The axis of ``before`` that ``split`` cuts into two, which ``perm`` swaps; None where that is not what happens.

    Behind it other axes may be merged or cut, as long as they stay in their order.
    """
    swapped = [i for i, p in enumerate(perm) if p != i]
    if len(swapped) != 2 or swapped[1] != swapped[0] + 1 or list(perm[swapped[0] : swapped[0] + 2]) != swapped[::-1]:
        return None
    axis = swapped[0]
    if before[:axis] != split[:axis] or None in before[:axis] or axis >= len(before):
        return None
    groups, rest = split[axis], split[axis + 1]
    if not isinstance(groups, int) or not isinstance(rest, int) or groups * rest != before[axis]:
        return None
    return axis
