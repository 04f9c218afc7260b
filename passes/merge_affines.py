"""``merge-affines``: affines of one input become one, whose result is split.

Why: queries, keys and values of attention, and the gates of a recurrent cell, are products of the same tensor with
several matrices. One product with the matrices side by side reads the tensor once, and is one call of a kernel. What
follows each product alike, a reshape or a transpose, ``simplify-movement`` then does once, before the split.

What it does not do: merge affines that have an activation built in, or behind them, which would have to stay alone; or
big weights, for which it gains nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import ClassVar

import numpy as np

from ..ir import Module, Value
from ..ir.attributes import DenseAttribute, DenseResource, attribute_key
from ..ir.dialects import nn
from ..ir.passes import PassContext
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, Rule
from .constants import float_constant
from .simplify_movement import builder_behind


class MergeAffines(RewritePass, name="merge-affines"):
    """Compute affines of the same input together.

    Given::

        %1 = "nn.affine"(%x, %w1) : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
        %2 = "nn.affine"(%x, %w2) : (tensor<1x8xf32>, tensor<8x2xf32>) -> tensor<1x2xf32>

    Result, where %w is %w1 and %w2 side by side::

        %0 = "nn.affine"(%x, %w) : (tensor<1x8xf32>, tensor<8x6xf32>) -> tensor<1x6xf32>
        %1, %2 = "nn.split"(%0) {axis = -1, sizes = array<i64: 4, 2>} : (tensor<1x6xf32>)
            -> (tensor<1x4xf32>, tensor<1x2xf32>)
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def rewrites(self, module: Module, context: PassContext) -> Iterable[Rule | type[Rule]]:
        return [AffinesOfOneInput(module)]


MOST_ELEMENTS = 1 << 22
"""Up to this size weights are put side by side; beside bigger ones reading a small input again costs nothing."""


class AffinesOfOneInput(OpRewrite):
    """affine(x, v), affine(x, w)   →   split(affine(x, [v w]))"""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.made: dict[Hashable, DenseAttribute] = {}

    def match_and_rewrite(self, op: nn.Affine, rw: Rewriter) -> bool:
        affines = [user for user in op.x.iter_users() if isinstance(user, nn.Affine) and _is_mergeable(user, op)]
        if len(affines) < 2 or affines[0] is not op:
            return False
        affines.sort(key=_name)  # the same order in every step, so that steps share what is made
        weights = [_dense(a.weight) for a in affines]
        if sum(w.type.size for w in weights) > MOST_ELEMENTS:
            return rw.refuse(op, "the weights are big")
        sizes = [a.weight.tensor.static_shape[1] for a in affines]
        b = builder_behind(rw, op.x, affines)
        weight = b.nn.constant(value=self.side_by_side(weights))
        bias = None if op.bias is None else b.nn.constant(value=self.side_by_side([_dense(a.bias) for a in affines]))
        pieces = b.create("nn.split", b.nn.affine(op.x, weight, bias), axis=-1, sizes=sizes).results
        for affine, piece in zip(affines, pieces, strict=True):
            rw.replace(affine, piece)
        return True

    def side_by_side(self, parts: Sequence[DenseAttribute]) -> DenseAttribute:
        """The constants put together along their last axis: once, however many steps share them."""
        key = tuple(attribute_key(p) for p in parts)
        if key not in self.made:
            name = next((p.resource.name for p in parts if isinstance(p, DenseResource)), "merged")
            self.made[key] = self.module.constant(np.concatenate([p.numpy() for p in parts], axis=-1), name)
        return self.made[key]


def _name(op: nn.Affine) -> str:
    weight = _dense(op.weight)
    return weight.resource.key if isinstance(weight, DenseResource) else ""


def _dense(value: Value | None) -> DenseAttribute:
    dense = float_constant(value)
    assert dense is not None
    return dense


def _is_mergeable(op: nn.Affine, like: nn.Affine) -> bool:
    """Whether an affine has constant weights, no activation, and a bias if another one has one."""
    bias: Value | None = op.bias
    return (
        op.x is like.x
        and op.parent is like.parent
        and op.activation == "none"
        and not (op.output.has_one_use and isinstance(op.output.users[0], nn.Relu | nn.Clip))
        and float_constant(op.weight) is not None
        and (bias is None) == (like.bias is None)
        and (bias is None or float_constant(bias) is not None)
        and op.weight.tensor.element == like.weight.tensor.element
    )
