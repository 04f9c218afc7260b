# mypy: allow-untyped-defs, no-check-untyped-defs
"""``normalize-arithmetic``: one spelling for what sources write in many ways, where rounding may differ a little.

Why: x / 6, x * 0.1666 and 0.1666 * x are the same. With one spelling, whatever looks for an expression needs to know
that one only: the ``recognize-*`` passes apply these rewrites, and those of ``canonicalize``, together with their own.

What it does beyond ``canonicalize``: constants are multiplied by, not divided by; a constant factor stands outside of
a product; so does the root that something is divided by. What it does not do: touch integers, whose division rounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from ..ir import Module
from ..ir.dialects import nn
from ..ir.module import scalar_constant
from ..ir.passes import PassContext
from ..ir.rewrite import OpRewrite, Rewrite, RewritePass, Rewriter, Rule, known_array, registered_rewrites, rewrite
from ..ir.rewrite.matcher import TOLERANCE
from . import canonicalize
from .constants import float_constant

NAME = "normalize-arithmetic"


class NormalizingPass(RewritePass):
    """Base of the passes whose own rewrites expect the spelling of this module."""

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def rewrites(self, module: Module, context: PassContext) -> Iterable[Rule | type[Rule]]:
        return (*normalizing_rules(), *registered_rewrites(self.name))


def normalizing_rules() -> tuple[type[Rule], ...]:
    """The rewrites that make the spelling."""
    return (*registered_rewrites(canonicalize.Canonicalize.name), *registered_rewrites(NAME))


class NormalizeArithmetic(RewritePass, name=NAME):
    """Write arithmetic with constants in one way.

    Given::

        %1 = "nn.div"(%x, %six) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
        %2 = "nn.mul"(%1, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>

    Result, where %c is 1 / 6::

        %1 = "nn.mul"(%x, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        %2 = "nn.mul"(%1, %c) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def rewrites(self, module: Module, context: PassContext) -> Iterable[Rule | type[Rule]]:
        return normalizing_rules()


@rewrite(NAME)
class DivideByConstant(OpRewrite):
    """x / c   →   x * (1 / c)"""

    def match_and_rewrite(self, op: nn.Div, rw: Rewriter) -> bool:
        constant = float_constant(op.rhs)
        if constant is None:
            return False
        c = constant.numpy()
        with np.errstate(all="ignore"):
            inverse = (1 / c.astype(np.float64)).astype(c.dtype)
        limits = np.finfo(c.dtype if c.dtype.kind == "f" else np.float32)  # bfloat16 has the exponents of float32
        if not np.all(np.isfinite(inverse) & (np.abs(inverse) >= limits.tiny)):
            return rw.refuse(op, "the reciprocal of the divisor is not finite, or so small that it may count as 0")
        return rw.replace(op, rw.builder(op).nn.mul(op.lhs, inverse, activation=op.activation))


@rewrite(NAME)
class ScaledSumIsMean(OpRewrite):
    """reduce_sum(x) * (1 / n), n being how many are added   →   reduce_mean(x)"""

    def match_and_rewrite(self, op: nn.Mul, rw: Rewriter) -> bool:
        sums, scale = op.lhs.defining_op, scalar_constant(op.rhs)
        if not isinstance(sums, nn.ReduceSum) or scale is None or not op.lhs.has_one_use or op.activation != "none":
            return False
        shape = sums.x.tensor.shape
        dims = [] if shape is None else [d for a in sums.axes if isinstance(d := shape[a], int)]
        if op.output.type != op.lhs.type or shape is None or len(dims) != len(sums.axes):
            return rw.refuse(op, "how many are added is not known")
        if not op.lhs.tensor.expressed.is_float or not math.isclose(scale * math.prod(dims), 1.0, rel_tol=TOLERANCE):
            return rw.refuse(op, "the factor is not 1 / their number")
        made = rw.builder(op, [sums]).nn.reduce_mean(sums.x, axes=sums.axes, keep_dims=sums.keep_dims)
        return rw.replace(op, made)


@rewrite(NAME)
class DividedByRoot(Rewrite):
    """y / sqrt(x)   →   y * rsqrt(x)"""

    def pattern(p, y, x):
        return p.div(y, p.sqrt(x))

    def replacement(b, y, x):
        return b.nn.mul(y, b.nn.rsqrt(x))


@rewrite(NAME)
class FactorOutside(Rewrite):
    """(x * c) * y   →   (x * y) * c, where c is a number and y no constant"""

    def pattern(p, x, y):
        return p.mul(p.mul(x, p.number("c")).named("inner"), y)

    def check(x, y, inner, m):
        if known_array(x) is not None or known_array(y) is not None:
            return "it is a product of constants"
        if x.tensor.expressed.bits < 32:
            return "without the factor the product may overflow in 16 bits"
        return None if inner.output.type == m.root.output.type else "the product would be of a larger tensor"

    def replacement(b, x, y, c):
        return b.nn.mul(b.nn.mul(x, y), c)
