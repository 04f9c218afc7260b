"""``fuse-activations``: a relu or a clip behind an operation becomes its built-in activation.

Why: kernels of TFLite (and others) apply such limits for free while they write their result, and in 8 bits the limit
is the range of the result.

How: operations that move elements or take a maximum of them (max pooling, reshape, concat, ...) commute with limits, so
the search goes up through them to where the elements are computed; a max pool takes the activation itself only if
that fails. Limits that are there already are combined.

What it does not do: limit a value that something else uses, too.
"""

from __future__ import annotations

import math
from typing import ClassVar

import attrs

from ..ir import Operation, Value
from ..ir.dialects import nn
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, rewrite
from .canonicalize_clip import limits

MOST_STEPS = 64
"""A search looks at this many operations."""


class FuseActivations(RewritePass, name="fuse-activations"):
    """Make a relu, relu6 or clip to -1 .. 1 the activation of the operation before it.

    Given::

        %1 = "nn.conv"(%x, %w) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
        %2 = "nn.max_pool"(%1) {kernel = [2, 2], strides = [2, 2]} : (tensor<1x4x6x6xf32>) -> tensor<1x4x3x3xf32>
        %3 = "nn.relu"(%2) : (tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32>

    Result::

        %1 = "nn.conv"(%x, %w) {activation = "relu"} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
        %3 = "nn.max_pool"(%1) {kernel = [2, 2], strides = [2, 2]} : (tensor<1x4x6x6xf32>) -> tensor<1x4x3x3xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})


Limits = tuple[float, float]
_NAMES = {limits: name for name, limits in nn.ACTIVATIONS.items()}
_MOVES = (
    nn.Reshape,
    nn.Transpose,
    nn.Slice,
    nn.Reverse,
    nn.ChannelShuffle,
    nn.Concat,
    nn.Identity,
    nn.Tile,
    nn.BroadcastTo,
)


@rewrite("fuse-activations")
class FuseActivation(OpRewrite):
    """relu(op(...))   →   op(...) {activation = "relu"}"""

    def match_and_rewrite(self, op: nn.Relu | nn.Clip, rw: Rewriter) -> bool:
        limited = limits(op)
        if limited is None:
            return False
        search = _Search(limited[1], op)
        if not search.reaches(op.x):
            return rw.refuse(op, "what computes its operand has no such activation, or its result is used elsewhere")
        for value in search.changed:
            value.name = None  # it is no longer what the source calls so
        for found, activation in search.found:
            attributes = {k: v for k, v in found.attributes.items() if k in found.attribute_fields}
            builder = rw.builder(found, [op])
            made = builder.create(found.name, *found.operands, **attributes | {"activation": activation})
            rw.replace(found, made.results[0])
        return rw.replace(op, op.x)


@attrs.define
class _Search:
    """The way up from a limit to all operations that compute what it limits."""

    limits: Limits
    root: Operation
    found: list[tuple[nn.NNOp, str]] = attrs.field(factory=list)
    changed: list[Value] = attrs.field(factory=list)
    steps_left: int = MOST_STEPS

    def reaches(self, value: Value) -> bool:
        """Whether all operations above the value can limit their results; they are in ``found`` then."""
        op = value.defining_op
        self.steps_left -= 1
        if not isinstance(op, nn.NNOp) or op.parent is not self.root.parent:
            return False
        if not value.has_one_use or self.steps_left < 0:
            return False
        mark = len(self.found), len(self.changed)
        self.changed.append(value)
        if self.commutes(op) and all(self.reaches(v) for v in op.operands if v is not None):
            return True
        del self.found[mark[0] :], self.changed[mark[1] + 1 :]
        activation = self.combined(op)
        if activation is None:
            self.changed.pop()
            return False
        self.found.append((op, activation))
        return True

    def commutes(self, op: Operation) -> bool:
        """Whether it is the same to limit the result and to limit the operands."""
        if isinstance(op, nn.MaxPool):
            low, high = nn.ACTIVATIONS[op.activation]
            return (low, high) == (-math.inf, math.inf)
        return isinstance(op, _MOVES)

    def combined(self, op: Operation) -> str | None:
        """The activation that is the operation's own and this limit behind it; None where there is none."""
        if "activation" not in getattr(op, "attribute_fields", ()):
            return None
        low, high = self.limits
        inner = nn.ACTIVATIONS[op.activation]  # type: ignore[attr-defined]  # it is in the fields
        return _NAMES.get((min(max(inner[0], low), high), min(max(inner[1], low), high)))
