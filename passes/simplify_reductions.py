# mypy: allow-untyped-defs, no-check-untyped-defs
"""``simplify-reductions``: means over whole images by their name, and without axes that are removed behind them.

Why: an average pool whose window is the whole image is a mean. As such it is fast in any layout, can drop its axes
itself, and in 8 bits has a scale of its own (a pool has that of its input, although means differ less than pixels).
"""

from __future__ import annotations

from typing import ClassVar

from ..ir.dialects import nn
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, rewrite

NAME = "simplify-reductions"


class SimplifyReductions(RewritePass, name=NAME):
    """Write global average pools as means, and drop the axes that a reshape drops behind a reduction.

    Given::

        %1 = "nn.average_pool"(%x) {kernel = array<i64: 7, 7>} : (tensor<1x8x7x7xf32>) -> tensor<1x8x1x1xf32>
        %2 = "nn.reshape"(%1) {shape = array<i64: 1, 8>} : (tensor<1x8x1x1xf32>) -> tensor<1x8xf32>

    Result::

        %2 = "nn.reduce_mean"(%x) {axes = array<i64: 2, 3>, keep_dims = false}
            : (tensor<1x8x7x7xf32>) -> tensor<1x8xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})


@rewrite(NAME)
class GlobalAveragePoolIsMean(OpRewrite):
    """average_pool(x) over the whole image   →   reduce_mean(x)"""

    def match_and_rewrite(self, op: nn.AveragePool, rw: Rewriter) -> bool:
        dims = op.x.tensor.shape
        if dims is None or op.activation != "none" or any(op.pads) or any(op.overhang):
            return False
        axes = tuple(range(1, len(dims) - 1)) if op.channel_last else tuple(range(2, len(dims)))
        if tuple(dims[a] for a in axes) != op.kernel:
            return rw.refuse(op, "the window is not the whole image")
        return rw.replace(op, rw.builder(op).nn.reduce_mean(op.x, axes=axes))


@rewrite(NAME)
class ReduceWithoutAxes(OpRewrite):
    """reshape(reduce(x)) that drops just the axes that were reduced   →   reduce(x) {keep_dims = false}"""

    def match_and_rewrite(self, op: nn.Reshape, rw: Rewriter) -> bool:
        reduction = op.x.defining_op
        if not isinstance(reduction, nn.ReduceOp) or not op.x.has_one_use or not reduction.keep_dims:
            return False
        dims = reduction.x.tensor.shape
        if dims is None or reduction.parent is not op.parent:
            return False
        axes = {a % len(dims) for a in reduction.axes}
        kept = tuple(d for a, d in enumerate(dims) if a not in axes)
        if None in kept or op.output.tensor.shape != kept:
            return rw.refuse(op, "it does not drop the reduced axes alone")
        made = rw.builder(op, [reduction]).create(reduction.name, reduction.x, axes=reduction.axes, keep_dims=False)
        return rw.replace(op, made.results[0])
