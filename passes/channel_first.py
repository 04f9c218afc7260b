"""``channel-first``: the layouts of a model that was channel-last, with the fewest transposes.

What ``channel-last`` is on the way to TFLite, this is on the way from it: a lift puts transposes around every spatial
operation, and most of them cancel out once what stands between two of them works in the other layout. The problem, and
the exact solution of it, are the same: see :mod:`nncc.passes.channel_last`. Here spatial operations are fixed to
channel-first, and all others take what is cheaper.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from ..ir import Module
from ..ir.dialects import nn
from ..ir.passes import Pass, PassContext
from ..ir.regions import blocks_within
from .layout.plan import ChannelFirstPlan
from .layout.rewriting import LayoutRewriting
from .layout.rules import is_spatial


@attrs.define
class ChannelFirst(Pass, name="channel-first"):
    """Choose the layout of every tensor so that transposes around channel-first operations cancel out.

    Given::

        %1 = "nn.transpose"(%0) {perm = [0, 2, 3, 1]} : (tensor<1x4x6x6xf32>) -> tensor<1x6x6x4xf32>
        %2 = "nn.relu"(%1) : (tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
        %3 = "nn.transpose"(%2) {perm = [0, 3, 1, 2]} : (tensor<1x6x6x4xf32>) -> tensor<1x4x6x6xf32>

    Result::

        %3 = "nn.relu"(%0) : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>

    Inputs and outputs keep their layout.
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def run(self, module: Module, context: PassContext) -> bool:
        for block in blocks_within(module):
            if not any(map(is_spatial, block)):
                continue
            transposes = [op for op in block if isinstance(op, nn.Transpose)]
            plan = ChannelFirstPlan(module, block, ports_may_change=False)
            plan.solve()
            LayoutRewriting(plan, self.counts).run()
            for op in transposes:
                if list(op.perm) == sorted(op.perm):
                    op.result.replace_all_uses_with(op.x)
                    op.erase()
                    self.counts["transposes cancelled"] += 1
        return bool(self.counts)
