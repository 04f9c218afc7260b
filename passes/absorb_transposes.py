"""``absorb-transposes``: matrix products that read their operands, and give their result, the other way round.

Why: a matrix product can take either operand transposed at no cost. Attention over the pixels of an image reshapes
(N, C, H, W) to (N, C, HW); where the image is channel-last, a transpose is in front of that reshape, and is free behind
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..ir import Value
from ..ir.dialects import nn
from ..ir.module import constant_attribute
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, rewrite
from .canonicalize_movement import merged_axes

NAME = "absorb-transposes"


class AbsorbTransposes(RewritePass, name=NAME):
    """Let matrix products take up transposes of their operands and of their result.

    Given::

        %1 = "nn.transpose"(%y) {perm = array<i64: 0, 2, 1>} : (tensor<1x9x4xf32>) -> tensor<1x4x9xf32>
        %2 = "nn.matmul"(%x, %1) : (tensor<1x7x4xf32>, tensor<1x4x9xf32>) -> tensor<1x7x9xf32>

    Result::

        %2 = "nn.matmul"(%x, %y) {transpose_rhs = true} : (tensor<1x7x4xf32>, tensor<1x9x4xf32>) -> tensor<1x7x9xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})


@rewrite(NAME)
class TransposeOfOperand(OpRewrite):
    """matmul(transpose(x), y)   →   matmul(x, y) {transpose_lhs}, and the same for y"""

    def match_and_rewrite(self, op: nn.Matmul, rw: Rewriter) -> bool:
        lhs, rhs = _untransposed(op.lhs), _untransposed(op.rhs)
        if lhs is None and rhs is None:
            return False
        taken_up = [
            t for v in (op.lhs, op.rhs) if isinstance(t := v.defining_op, nn.Transpose) and _swaps_matrices(t.perm)
        ]
        made = rw.builder(op, taken_up).nn.matmul(
            op.lhs if lhs is None else lhs,
            op.rhs if rhs is None else rhs,
            transpose_lhs=op.transpose_lhs != (lhs is not None),
            transpose_rhs=op.transpose_rhs != (rhs is not None),
        )
        return rw.replace(op, made)


@rewrite(NAME)
class TransposeOfProduct(OpRewrite):
    """transpose(matmul(x, y))   →   matmul(y, x) {transpose_lhs, transpose_rhs}"""

    def match_and_rewrite(self, op: nn.Transpose, rw: Rewriter) -> bool:
        product = op.x.defining_op
        if not isinstance(product, nn.Matmul) or not _swaps_matrices(op.perm) or not op.x.has_one_use:
            return False
        if product.parent is not op.parent:
            return rw.refuse(op, "the product would be computed in a region, which may be a loop")
        if any(constant_attribute(v) is not None for v in (product.lhs, product.rhs)):
            return rw.refuse(op, "a product with weights is faster as it is")
        made = rw.builder(op, [product]).nn.matmul(
            product.rhs,
            product.lhs,
            transpose_lhs=not product.transpose_rhs,
            transpose_rhs=not product.transpose_lhs,
        )
        return rw.replace(op, made)


@rewrite(NAME)
class ReshapeOfTranspose(OpRewrite):
    """reshape(transpose(x)) that merges axes on its way to a matrix product   →   transpose(reshape(x))"""

    def match_and_rewrite(self, op: nn.Reshape, rw: Rewriter) -> bool:
        moved = op.x.defining_op
        if not isinstance(moved, nn.Transpose) or not op.x.has_one_use:
            return False
        if not all(isinstance(user, nn.Matmul) for user in op.output.iter_users()):
            return False
        blocks = merged_axes(op.x, op.output)
        if blocks is None:
            return rw.refuse(op, "it does more than merge axes")
        sources = [[moved.perm[axis] for axis in block] for block in blocks]
        if any(block != list(range(block[0], block[0] + len(block))) for block in sources):
            return rw.refuse(op, "it merges axes that do not lie side by side in x")
        order = sorted(range(len(sources)), key=lambda i: sources[i][0])
        b = rw.builder(op, [moved])
        merged = b.nn.reshape(moved.x, shape=tuple(op.output.tensor.static_shape[i] for i in order))
        return rw.replace(op, b.nn.transpose(merged, perm=tuple(order.index(i) for i in range(len(order)))))


def _untransposed(value: Value) -> Value | None:
    """What a transpose of matrices was made of; None for any other value."""
    op = value.defining_op
    return op.x if isinstance(op, nn.Transpose) and _swaps_matrices(op.perm) else None


def _swaps_matrices(perm: Sequence[int]) -> bool:
    rank = len(perm)
    return rank >= 2 and list(perm) == [*range(rank - 2), rank - 1, rank - 2]
