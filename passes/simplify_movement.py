"""``simplify-movement``: less moving of elements: slices of concatenations, and reshapes that meet and merge.

Why: a recurrent network that was unrolled cuts its input into steps, reshapes every step on its way into a matrix
product and back, and puts the steps together again, only to take the last one. A network that splits its channels
writes two slices. Each of these movements is an operation at run time.

How: slices find the part of a concatenation that they take. Elementwise operations are computed in the shape that needs
the fewest reshapes around them (:mod:`nncc.passes.reshape_regions`), and in front of transposes. Reshapes then meet at
concatenations, splits and affines (:mod:`nncc.passes.simplify_reshapes`), where ``canonicalize``, which is applied as
well, makes one of two.

What it does not do: add a reshape for each input of an operation to save the one behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs

from ..ir import Builder, Location, Module, Operation, Value
from ..ir.dialects import nn
from ..ir.passes import Pass, PassContext
from ..ir.rewrite import OpRewrite, Rewriter, Rule, apply_rewrites, registered_rewrites
from .canonicalize import Canonicalize
from .reshape_regions import reshape_regions
from .simplify_reshapes import (
    ConcatOfReshapes,
    ReshapeBelowAffine,
    ReshapeOfConcat,
    ReshapesOfSplit,
    TransposeBelowElementwise,
    TransposesOfSplit,
    of_one_type,
)

MOST_ROUNDS = 8
"""A region whose shape changes gives its neighbours a reason to change theirs, so often at most."""


@attrs.define
class SimplifyMovement(Pass, name="simplify-movement"):
    """Remove movements of elements that undo, repeat or follow each other.

    Given::

        %1 = "nn.reshape"(%a) {shape = array<i64: 1, 1, 28>} : (tensor<1x28xf32>) -> tensor<1x1x28xf32>
        %2 = "nn.tanh"(%1) : (tensor<1x1x28xf32>) -> tensor<1x1x28xf32>
        %3 = "nn.concat"(%x, %2) {axis = 1} : (tensor<1x1x28xf32>, tensor<1x1x28xf32>) -> tensor<1x2x28xf32>
        %4 = "nn.slice"(%3) {starts = array<i64: 0, 1, 0>, ...} : (tensor<1x2x28xf32>) -> tensor<1x1x28xf32>
        %5 = "nn.reshape"(%4) {shape = array<i64: 1, 28>} : (tensor<1x1x28xf32>) -> tensor<1x28xf32>

    Result::

        %5 = "nn.tanh"(%a) : (tensor<1x28xf32>) -> tensor<1x28xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def run(self, module: Module, context: PassContext) -> bool:
        """Slices first, then reshapes to where they meet; what has not vanished there is merged at last."""
        changed = self.apply(module, context, SliceOfConcat, SlicesAreSplit, TransposeBelowElementwise)
        for _ in range(MOST_ROUNDS):
            regions = reshape_regions(module, self.name)
            self.counts["regions"] += regions
            changed = self.apply(module, context, ReshapeBelowAffine, ReshapeOfConcat) or changed or regions > 0
            if not regions:
                break
        return self.apply(module, context, ConcatOfReshapes, ReshapesOfSplit, TransposesOfSplit) or changed

    def apply(self, module: Module, context: PassContext, *rules: type[Rule]) -> bool:
        """Apply some of the rewrites, together with those that merge what has met."""
        return apply_rewrites(
            module,
            (*registered_rewrites(Canonicalize.name), *rules),
            pass_name=self.name,
            counts=self.counts,
            refusals=context.refusals,
        )


# Slices


class SliceOfConcat(OpRewrite):
    """slice(concat(x, y)) of elements of y alone   →   slice(y)"""

    def match_and_rewrite(self, op: nn.Slice, rw: Rewriter) -> bool:
        concat = op.x.defining_op
        if not isinstance(concat, nn.Concat) or not of_one_type(op) or op.x.tensor.shape is None:
            return False
        axis = concat.axis % op.x.tensor.rank
        taken = _range(op, axis)
        if taken is None or taken.step != 1:
            return False
        begin = 0
        for value in concat.inputs:
            length = value.tensor.dims[axis] if value.tensor.shape is not None else None
            if not isinstance(length, int):
                return rw.refuse(op, "the lengths of what is put together are not known")
            if begin <= taken.start and taken.stop <= begin + length:
                if value.tensor.element != op.x.tensor.element:
                    return rw.refuse(op, "what is put together is quantized in different ways")
                made = _cut(rw, op, value, axis, taken.start - begin, taken.stop - begin)
                return rw.replace(op, made)
            begin += length
        return False


class SlicesAreSplit(OpRewrite):
    """slice(x), slice(x), ... that cut x into all its pieces along one axis   →   split(x)"""

    def match_and_rewrite(self, op: nn.Slice, rw: Rewriter) -> bool:
        if op is not next(user for user in op.x.iter_users() if isinstance(user, nn.Slice)):
            return False  # looked at once, whichever of them changes
        slices = [user for user in op.x.iter_users() if isinstance(user, nn.Slice)]
        if len(slices) < 2:
            return False
        axis = _only_cut_axis(op)
        length = op.x.tensor.dims[axis] if axis is not None else None
        if axis is None or not isinstance(length, int):
            return False
        ranges = {s: _range(s, axis) for s in slices if s.parent is op.parent and _only_cut_axis(s) == axis}
        pieces = sorted((r.start, r.stop, i) for i, r in enumerate(ranges.values()) if r is not None and r.step == 1)
        if [p[0] for p in pieces] + [length] != [0] + [p[1] for p in pieces]:
            return rw.refuse(op, "the slices leave something out, or overlap")
        split = builder_behind(rw, op.x, ranges).nn.split(
            op.x, axis=axis, sizes=tuple(stop - start for start, stop, _ in pieces)
        )
        ordered = list(ranges)
        for (_, _, index), piece in zip(pieces, split, strict=True):
            rw.replace(ordered[index], piece)
        return True


def builder_behind(rw: Rewriter, value: Value, replaced: Iterable[Operation]) -> Builder:
    """A builder right behind the definition of a value, for what takes the place of some of its users."""
    owner = value.owner
    following = owner.next_op if isinstance(owner, Operation) else owner.first_op if owner is not None else None
    assert following is not None
    b = rw.builder(following)
    b.location = Location.union([op.location for op in replaced], rw.pass_name)
    return b


def _range(op: nn.Slice, axis: int) -> range | None:
    """The places that a slice takes along an axis; None where the length is not known."""
    length = op.x.tensor.dims[axis]
    return range(*op.slices[axis].indices(length)) if isinstance(length, int) else None


def _only_cut_axis(op: nn.Slice) -> int | None:
    """The one axis that a slice does not take the whole of; None where there are several, or none."""
    if op.x.tensor.shape is None:
        return None
    cut = [a for a, d in enumerate(op.x.tensor.dims) if op.output.tensor.dims[a] != d or op.steps[a] != 1]
    return cut[0] if len(cut) == 1 else None


def _cut(rw: Rewriter, op: nn.Slice, value: Value, axis: int, start: int, stop: int) -> Value:
    """The slice ``op`` of another value, with other places along one axis."""
    starts, stops = list(op.starts), list(op.stops)
    starts[axis], stops[axis] = start, stop
    made: Value = rw.builder(op).nn.slice(value, starts=starts, stops=stops, steps=op.steps)
    return made
