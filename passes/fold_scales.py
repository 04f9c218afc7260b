"""``fold-scales``: multiplications by constants and additions of constants disappear in what stands near them.

Why: sources normalize inputs (x / 255), write a bias or a batch normalization as operations of their own, and scale
attention. Weights can take all of that up, at no cost.

How: the constant operand is a :class:`Factor`. From the operation the search goes up, through what a factor may move
through, to operations that can take it up: linear ones (in weight and bias), and constants. Every path must end
in one; at a concatenation, say, all inputs must. Where that fails the search goes down in the same way, to all users.
Only when all ends are known is anything changed.

What it does not do: change a value that something else uses too (going up), or a linear operation whose own result is
used twice; shift the input of a convolution that pads with zeros (the border would see the shift as well); move a
factor down in 16-bit floats, where it may be there to keep sums in range.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs
import numpy as np

from ..ir import Module, Operation, Value
from ..ir.dialects import nn
from ..ir.passes import PassContext
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, Rule
from ..ir.types import Array
from .canonicalize_arithmetic import SubtractConstant
from .constants import float_constant
from .fold_scales_factor import Factor, factor_of
from .fold_scales_linear import LINEAR, Linear, LinearEditor, incoming, outgoing
from .fold_scales_moves import moves_down, moves_up
from .normalize_arithmetic import DivideByConstant

MOST_STEPS = 64
"""A search looks at this many operations: what a factor can reach is near, and a model has many factors."""
MOST_SPREAD = 16.0
"""A scale moves down past an addition only if its numbers differ by no more than this factor: quantization needs
channels of like ranges, and behind the addition nothing has brought them together."""


class FoldScales(RewritePass, name="fold-scales"):
    """Fold multiplications by constants and additions of constants into neighbouring weights and biases.

    Given::

        %1 = "nn.mul"(%x, %c) : (tensor<1x1x8x8xf32>, tensor<f32>) -> tensor<1x1x8x8xf32>
        %2 = "nn.conv"(%1, %w, %b) : (tensor<1x1x8x8xf32>, tensor<4x1x3x3xf32>, tensor<4xf32>) -> tensor<1x4x6x6xf32>
        %3 = "nn.add"(%2, %t) : (tensor<1x4x6x6xf32>, tensor<4x1x1xf32>) -> tensor<1x4x6x6xf32>

    Result, where %w1 is %w * c and %b1 is %b + t::

        %3 = "nn.conv"(%x, %w1, %b1) : (tensor<1x1x8x8xf32>, tensor<4x1x3x3xf32>, tensor<4xf32>) -> tensor<1x4x6x6xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def rewrites(self, module: Module, context: PassContext) -> Iterable[Rule | type[Rule]]:
        return folding_rules(module)


def folding_rules(module: Module) -> list[Rule | type[Rule]]:
    """The rules of ``fold-scales``, for other passes that make scales and shifts."""
    return [SubtractConstant, DivideByConstant, FoldFactor(LinearEditor(module))]


@attrs.frozen
class _LinearEdit:
    """A linear operation takes numbers up, one a channel."""

    op: Linear
    numbers: Array
    is_shift: bool
    of_input: bool

    def apply(self, rw: Rewriter, editor: LinearEditor) -> None:
        rw.replace(self.op, editor.taking_up(rw.builder(self.op), self.op, self.numbers, self.is_shift, self.of_input))


@attrs.frozen
class _ConstantEdit:
    """A constant operand takes a factor up; the constant stays what it was for its other users."""

    op: Operation
    operand: int
    factor: Factor

    def apply(self, rw: Rewriter, editor: LinearEditor) -> None:
        value = self.op.operands[self.operand]
        dense = float_constant(value)
        assert dense is not None
        numbers = self.factor.applied(dense.numpy())
        made = editor.constant(dense, numbers, dense.type.expressed.dtype)
        rw.set_operand(self.op, self.operand, rw.builder(self.op).nn.constant(value=made))


_Edit = _LinearEdit | _ConstantEdit


class FoldFactor(OpRewrite):
    """x * constant, x + constant: taken up by what stands above or below"""

    def __init__(self, editor: LinearEditor) -> None:
        self.editor = editor

    def match_and_rewrite(self, op: nn.Mul | nn.Add | nn.Neg, rw: Rewriter) -> bool:
        found = factor_of(op)
        if found is None:
            return False
        index, factor = found
        above, below = _Search(op), _Search(op)
        if not factor.is_neutral:
            if above.operand_above(op, index, factor):
                above.apply(rw, self.editor)
            elif op.results[0].tensor.expressed.bits >= 32 and below.below(op.results[0], factor):
                below.apply(rw, self.editor)
            else:
                return rw.refuse(op, "nothing above or below can take the constant up")
        x = op.operands[index]  # what it is now
        assert x is not None
        return rw.replace(op, x)


class _Search:
    """One search: the edits that would take a factor up, and the values that would not be the same any more."""

    def __init__(self, root: Operation) -> None:
        self.root = root
        self.edits: list[_Edit] = []
        self.changed: list[Value] = []
        self.seen: set[Operation] = {root}
        self.steps_left = MOST_STEPS

    def apply(self, rw: Rewriter, editor: LinearEditor) -> None:
        for value in self.changed:
            value.name = None  # it is no longer what the source calls so
        for edit in self.edits:
            edit.apply(rw, editor)

    def enter(self, op: Operation) -> bool:
        """Whether the search may look at the operation; each is looked at once."""
        if op in self.seen or op.parent is not self.root.parent or self.steps_left <= 0:
            return False
        self.seen.add(op)
        self.steps_left -= 1
        return True

    # Up

    def above(self, value: Value, factor: Factor) -> bool:
        """Whether the value could come with the factor, from changes that only its one user sees."""
        op = value.defining_op
        if op is None or not value.has_one_use or len(op.results) != 1 or not self.enter(op):
            return False
        mark = len(self.edits), len(self.changed)
        if isinstance(op, LINEAR):
            numbers = outgoing(op, factor)
            if numbers is not None:
                self.edits.append(_LinearEdit(op, numbers, factor.is_shift, of_input=False))
                self.changed.append(value)
                return True
            return False
        for operands in moves_up(op, factor):
            if all(self.operand_above(op, index, moved) for index, moved in operands):
                self.changed.append(value)
                return True
            del self.edits[mark[0] :], self.changed[mark[1] :]
        return False

    def operand_above(self, op: Operation, index: int, factor: Factor) -> bool:
        value = op.operands[index]
        assert value is not None
        if float_constant(value) is None:
            return self.above(value, factor)
        self.edits.append(_ConstantEdit(op, index, factor))
        return True

    # Down

    def below(self, value: Value, factor: Factor) -> bool:
        """Whether all users of the value can do without the factor."""
        return value.has_uses and all(self.use_below(use.op, use.operand_index, factor) for use in value.uses)

    def use_below(self, op: Operation, index: int, factor: Factor) -> bool:
        if not self.enter(op):
            return False
        if isinstance(op, LINEAR):
            numbers = incoming(op, factor) if index == 0 else None
            if numbers is not None:
                self.edits.append(_LinearEdit(op, numbers, factor.is_shift, of_input=True))
            return numbers is not None
        moved = self.past_addition(op, index, factor) if isinstance(op, nn.Add) and not factor.is_shift else None
        moved = moves_down(op, index, factor) if moved is None else moved
        if moved is None or not all(self.below(op.results[i], f) for i, f in moved if op.results[i].has_uses):
            return False
        self.changed += op.results
        return True

    def past_addition(self, op: nn.Add, index: int, factor: Factor) -> list[tuple[int, Factor]] | None:
        """x * s + t as (x + t / s) * s, where t is constant."""
        shift = factor_of(op)
        sizes = np.abs(factor.array)
        if shift is None or shift[0] != index or sizes.min() < np.finfo(np.float32).tiny:
            return None  # t / s would not be finite
        if sizes.max() > MOST_SPREAD * sizes.min():
            return None
        undone = factor.with_array(1 / factor.array)
        self.edits.append(_ConstantEdit(op, 1 - index, undone))
        return [(0, factor)]
