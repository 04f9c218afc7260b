"""``unroll-loops``: loops whose number of trips is known become their trips, and known branches stand for both.

Why: kernels of branches and loops are rare, slow, and stay in float, and what a region hides is out of reach for other
passes: a size that changes from trip to trip is a number in each of them, and so is one that differs from branch to
branch.

What it does not do: unroll loops that end when the data says so, or that would become longer than ``limit``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import attrs

from ..ir import Builder, Location, Module, Operation, Value
from ..ir.dialects import nn
from ..ir.passes import Pass, PassContext, option
from ..ir.regions import blocks_within
from ..ir.rewrite import known_array
from .control_flow import copied, note_type, trips_in_line
from .infer_types import infer_types


@attrs.define
class UnrollLoops(Pass, name="unroll-loops"):
    """Replace loops by their trips where constants tell how many there are, and branches by the one that is taken.

    Inner loops come first.

    Given::

        %two = "nn.constant"() {value = dense<2> : tensor<i64>} : () -> tensor<i64>
        %y = "nn.loop"(%two, %x) ({
        ^bb0(%trip: tensor<i64>, %condition: tensor<i1>, %a: tensor<4xf32>):
          %b = "nn.exp"(%a) : (tensor<4xf32>) -> tensor<4xf32>
          "nn.yield"(%condition, %b) : (tensor<i1>, tensor<4xf32>) -> ()
        }) {nncc.absent = [1]} : (tensor<i64>, tensor<4xf32>) -> tensor<4xf32>

    Result::

        %1 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %y = "nn.exp"(%1) : (tensor<4xf32>) -> tensor<4xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    limit: int = option(1000, "loops that become more operations than this stay")

    def run(self, module: Module, context: PassContext) -> bool:
        # From the innermost on: a loop inside is as long as its trips.
        changed = False
        for block in reversed(list(blocks_within(module))):
            for op in block:
                values: Sequence[Value] | None = None
                if isinstance(op, nn.If):
                    values = self._branch(module, op)
                elif isinstance(op, nn.Loop):
                    values = self._trips(module, op)
                if values is not None:
                    changed = True
                    for old, new in zip(op.results, values, strict=True):
                        note_type(old, new)
                        old.replace_all_uses_with(new)
                    op.erase()
        if changed:
            infer_types(module, context.diagnostics)
        return changed

    def _branch(self, module: Module, op: nn.If) -> Sequence[Value] | None:
        condition = known_array(op.condition)
        if condition is None:
            return None
        self.counts["branches"] += 1
        branch = op.then_branch if condition.item() else op.else_branch
        return copied(self._builder(module, op), branch.block, ())

    def _trips(self, module: Module, op: nn.Loop) -> Sequence[Value] | None:
        trips = op.trip_count()
        if trips is None or trips * _length(op) > self.limit:
            return None
        if trips == 0 and not all(v.tensor.is_static for v in op.yielded_scanned):
            return None
        self.counts["loops"] += 1
        self.counts["trips"] += trips
        return trips_in_line(self._builder(module, op), op, trips)

    def _builder(self, module: Module, op: Operation) -> Builder:
        b = Builder.before(module, op)
        b.location = Location.union([op.location], self.name)
        return b


def _length(op: Operation) -> int:
    """How many operations a trip of a loop is."""
    return sum(1 for _ in op.walk()) - 2  # the loop itself, and its yield
