# mypy: allow-untyped-defs, no-check-untyped-defs
"""``recognize-affine``: a matrix product with one constant matrix is a fully connected layer.

Why: kernels of fully connected layers keep the matrix in the order that they read it in, quantize it by columns, and
take a bias and an activation, which ``fold-scales`` and ``fuse-activations`` then find a place for.
"""

from __future__ import annotations

from typing import ClassVar

from ..ir.rewrite import Rewrite, RewritePass, rewrite
from .constants import float_constant


class RecognizeAffine(RewritePass, name="recognize-affine"):
    """Write a product with a constant matrix as an affine.

    Given::

        %y = "nn.matmul"(%x, %w) : (tensor<1x5x8xf32>, tensor<8x4xf32>) -> tensor<1x5x4xf32>

    Result::

        %y = "nn.affine"(%x, %w) : (tensor<1x5x8xf32>, tensor<8x4xf32>) -> tensor<1x5x4xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})


@rewrite("recognize-affine")
class MatmulIsAffine(Rewrite):
    """matmul(x, w) with a constant matrix w   →   affine(x, w)"""

    def pattern(p, x):
        return p.matmul(x, p.constant("w"), False, p.attr("transposed"))

    def check(w):
        if float_constant(w) is None or w.tensor.rank != 2:
            return "the constant is not one matrix of floats"
        return None

    def replacement(b, x, w, transposed):
        return b.nn.affine(x, b.nn.transpose(w, perm=(1, 0)) if transposed else w)
