"""``fold-batch-norm``: a batch normalization by given statistics is a scale and a shift, and those fold.

Why: after training the statistics are constants, and so the whole operation is x * s + t with
s = scale / sqrt(variance + epsilon) and t = bias - mean * s for each channel. What takes s and t up, before and
behind it, and through what else, is the matter of :mod:`nncc.passes.fold_scales`.

What stands between two things that cannot take them up stays a multiplication and an addition: kernels have no
cheaper form of it either.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from ..ir import Module
from ..ir.dialects import nn
from ..ir.passes import PassContext
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, Rule
from .constants import float_constant
from .fold_scales import folding_rules


class FoldBatchNorm(RewritePass, name="fold-batch-norm"):
    """Fold batch normalizations into the convolutions, deconvolutions and affines before or behind them.

    Given::

        %1 = "nn.conv"(%x, %w) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
        %2 = "nn.batch_norm"(%1, %scale, %bias, %mean, %variance) : (tensor<1x4x6x6xf32>, ...) -> tensor<1x4x6x6xf32>

    Result, where %w1 is %w * s, %b1 is t, s = %scale / sqrt(%variance + epsilon), t = %bias - %mean * s::

        %2 = "nn.conv"(%x, %w1, %b1) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x4x6x6xf32>

    Where nothing near takes them up: "nn.mul" with s, "nn.add" with t.
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def rewrites(self, module: Module, context: PassContext) -> Iterable[Rule | type[Rule]]:
        return [BatchNormIsScaleAndShift, *folding_rules(module)]


class BatchNormIsScaleAndShift(OpRewrite):
    """batch_norm(x)   →   x * s + t"""

    def match_and_rewrite(self, op: nn.BatchNorm, rw: Rewriter) -> bool:
        parameters = [float_constant(v) for v in (op.scale, op.bias, op.mean, op.variance)]
        numbers = [p.numpy().astype(np.float64) for p in parameters if p is not None]
        if len(numbers) < 4:
            return rw.refuse(op, "its statistics are not constants")
        if op.x.tensor.shape is None:
            return rw.refuse(op, "the rank of x is not known")
        scale, bias, mean, variance = numbers
        dtype = op.scale.tensor.expressed.dtype
        with np.errstate(all="ignore"):
            s = (scale / np.sqrt(variance + op.epsilon)).astype(dtype)
            # with s as it is stored: where x is near a large mean, s * x and s * mean must cancel
            t = (bias - mean * s.astype(np.float64)).astype(dtype)
        if not (np.all(np.isfinite(s)) and np.all(np.isfinite(t))):
            return rw.refuse(op, "its statistics give infinite numbers or NaN")
        shape = [1] * op.x.tensor.rank
        shape[op.axis] = -1
        b = rw.builder(op)
        return rw.replace(op, b.nn.add(b.nn.mul(op.x, s.reshape(shape)), t.reshape(shape)))
