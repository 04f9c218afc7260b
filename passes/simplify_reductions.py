# mypy: allow-untyped-defs, no-check-untyped-defs
"""``simplify-reductions``: means over whole images by their name, over all axes at once, without axes that go anyway.

Why: an average pool whose window is the whole image is a mean. As such it is fast in any layout, can drop its axes
itself, and in 8 bits has a scale of its own (a pool has that of its input, although means differ less than pixels).
"""

from __future__ import annotations

from typing import ClassVar

from ..ir.dialects import nn
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, rewrite
from .canonicalize_movement import reduced_shape

NAME = "simplify-reductions"


class SimplifyReductions(RewritePass, name=NAME):
    """Write global average pools as means, two reductions of one kind as one, and drop the axes that a reshape drops.

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
        if reduction.x.tensor.shape is None or reduction.parent is not op.parent:
            return False
        kept = reduced_shape(reduction, keep_dims=False)
        if None in kept or op.output.tensor.shape != kept:
            return rw.refuse(op, "it does not drop the reduced axes alone")
        made = rw.builder(op, [reduction]).create(reduction.name, reduction.x, axes=reduction.axes, keep_dims=False)
        return rw.replace(op, made.results[0])


@rewrite(NAME)
class ReduceTwice(OpRewrite):
    """reduce(reduce(x)) of one kind   →   reduce(x) over the axes of both"""

    def match_and_rewrite(self, op: nn.ReduceOp, rw: Rewriter) -> bool:
        inner = op.x.defining_op
        if type(inner) is not type(op) or not op.x.has_one_use or inner.parent is not op.parent:
            return False
        shape = inner.x.tensor.shape
        if shape is None or len({v.tensor.element for v in (inner.x, op.x, op.output)}) > 1:
            return False
        gone = {a % len(shape) for a in inner.axes}
        left = [i for i in range(len(shape)) if inner.keep_dims or i not in gone]
        axes = gone | {left[a % len(left)] for a in op.axes}
        if inner.keep_dims != op.keep_dims:
            return rw.refuse(op, "one keeps its axes, the other does not")
        b = rw.builder(op, [inner])
        made = b.create(op.name, inner.x, axes=tuple(sorted(axes)), keep_dims=op.keep_dims)
        return rw.replace(op, made.results[0])
