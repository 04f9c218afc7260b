"""Removes what nobody needs: operations without effect whose results are not used, and weights nothing refers to.

%0 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>          // gone
%1 = "nn.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
"func.return"(%1) : (tensor<4xf32>) -> ()
"""

from __future__ import annotations

import attrs

from ..ir import Module, Operation, Trait
from ..ir.passes import Pass, PassContext


@attrs.define
class EliminateDeadCode(Pass, name="eliminate-dead-code"):
    """Removes operations without effect whose results are not used, and weights that nothing refers to.

    An operation is alive if it may have an effect, or if a live one uses it; so unused cycles go too. Inputs and
    outputs of functions stay, and so do operations that are not known to be pure.
    """

    def run(self, module: Module, context: PassContext) -> bool:
        alive = live_operations(module)
        dead = [op for op in module.walk() if op not in alive and op.parent_op in alive]
        for op in dead:
            op.drop_references()  # they may use each other in any order
        for op in dead:
            op.erase()
        self.counts["operations"] += len(dead)
        unused = module.drop_unused_resources()
        self.counts["weights"] += unused
        return bool(dead or unused)


def live_operations(module: Module) -> set[Operation]:
    """The operations that something outside of the module might notice the lack of."""
    alive: set[Operation] = {module}
    waiting: list[Operation] = [module]
    while waiting:
        op = waiting.pop()
        needed = [v.defining_op for v in op.operands if v is not None]
        inside = (inner for region in op.regions for block in region.blocks for inner in block)
        for other in (*needed, *(inner for inner in inside if Trait.PURE not in inner.traits)):
            if other is not None and other not in alive:
                alive.add(other)
                waiting.append(other)
    return alive
