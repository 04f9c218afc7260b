"""``channel-last``: the layout of every tensor chosen once, for the whole function, with the fewest transposes.

Why: kernels of TFLite (and of most devices) want (N, H, W, C), sources have (N, C, H, W). Converting operation by
operation leaves transposes everywhere, and rules that push them around get stuck at the first branch.

How: every tensor lies in memory either as the model has it or in its *other order*. That is channel-last for what
comes from a spatial operation; a reshape or a transpose hands on the order in which nothing moves, so that
(N, C, H, W) split into groups, (N, G, C/G, H, W), has the other order (N, H, W, G, C/G). Which of the two is a variable
for each operation. Spatial operations are fixed to channel-last; operations that know no order but the model's (a
matmul, say) are fixed to that; elementwise operations, reductions, concatenations, ... take either, and so do the
ports. A value between an operation and a user that wants it otherwise costs a transpose of its size. The cheapest
assignment is a minimum cut (:mod:`nncc.passes.layout.solver`). Then each operation is rewritten once, in order, and a
transpose is made where the two sides differ: one a value, shared by all users.

What costs nothing: constants (they are permuted now), transposes that move only dimensions of size 1 (a reshape), the
model's own transposes and reshapes where the elements lie right already, and flattens whose order an affine's weights
can take up (:mod:`nncc.passes.layout.absorb`).

The body of a branch or a loop is solved by itself, behind what is around it: what goes into a region and comes out of
it keeps the model's layout.

What it does not do: change an operation that is channel-last already.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from ..ir import Function, Module
from ..ir.passes import Pass, PassContext, option
from ..ir.regions import blocks_within
from .layout.plan import LayoutPlan
from .layout.rewriting import LayoutRewriting
from .layout.rules import is_spatial


@attrs.define
class ChannelLast(Pass, name="channel-last"):
    """Choose the layout of every tensor so that spatial operations are channel-last, with the fewest transposes.

    Given::

        %1 = "nn.conv"(%x, %w) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
        %2 = "nn.relu"(%1) : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>

    Result (with ``io=channel_last`` the input %x is now (N, H, W, C), and its port says so)::

        %1 = "nn.conv"(%x, %w) {channel_last = true} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
        %2 = "nn.relu"(%1) : (tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    io: str = option("channel_last", "layout of image inputs and outputs: channel_last, or keep the source's")

    def __attrs_post_init__(self) -> None:
        if self.io not in ("channel_last", "keep"):
            raise ValueError(f"io is channel_last or keep, got '{self.io}'")

    def run(self, module: Module, context: PassContext) -> bool:
        changed = False
        for block in blocks_within(module):
            if any(is_spatial(op) and not op.channel_last for op in block):  # type: ignore[attr-defined]
                has_ports = isinstance(block.parent_op, Function)
                plan = LayoutPlan(module, block, ports_may_change=has_ports and self.io == "channel_last")
                plan.solve()
                LayoutRewriting(plan, self.counts).run()
                changed = True
        return changed
