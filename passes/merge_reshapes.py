"""``merge-reshapes``: what ``simplify-movement`` does for reshapes, and nothing else.

Why: lowering to a target makes reshapes of its own, such as an image of one row for each convolution over a line. At
that point the forms that ``canonicalize`` gives to other operations are no longer wanted.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from ..ir import Module
from ..ir.passes import Pass, PassContext
from ..ir.rewrite import apply_rewrites
from .canonicalize_movement import ReshapeToSame, ReshapeTwice
from .reshape_regions import reshape_regions
from .simplify_movement import MOST_ROUNDS


@attrs.define
class MergeReshapes(Pass, name="merge-reshapes"):
    """Compute elementwise operations in the shape that needs the fewest reshapes, and merge reshapes that meet.

    Given::

        %1 = "nn.reshape"(%a) {shape = array<i64: 1, 8, 4>} : (tensor<1x1x8x4xf32>) -> tensor<1x8x4xf32>
        %2 = "nn.tanh"(%1) : (tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
        %3 = "nn.reshape"(%2) {shape = array<i64: 1, 1, 8, 4>} : (tensor<1x8x4xf32>) -> tensor<1x1x8x4xf32>

    Result::

        %3 = "nn.tanh"(%a) : (tensor<1x1x8x4xf32>) -> tensor<1x1x8x4xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def run(self, module: Module, context: PassContext) -> bool:
        changed = False
        for _ in range(MOST_ROUNDS):
            regions = reshape_regions(module, self.name)
            self.counts["regions"] += regions
            merged = apply_rewrites(
                module,
                (ReshapeTwice, ReshapeToSame),
                pass_name=self.name,
                counts=self.counts,
                refusals=context.refusals,
            )
            changed = changed or merged or regions > 0
            if not regions:
                break
        return changed
