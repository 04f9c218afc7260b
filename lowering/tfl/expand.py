"""``expand-for-tfl``: nn operations that TensorFlow Lite has not, or only within limits, by those that it has."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ...ir import Builder, CompileError, Module, Operation, Value
from ...ir.passes import Pass, PassContext
from . import (
    expand_elementwise,
    expand_linear,
    expand_movement,
    expand_pool,
    expand_rank,
    expand_reduction,
    expand_scatter,
)
from .expansion import expansions_of

RULE_MODULES = (
    expand_elementwise,
    expand_linear,
    expand_pool,
    expand_movement,
    expand_scatter,
    expand_reduction,
    expand_rank,
)


@attrs.define
class ExpandForTfl(Pass, name="expand-for-tfl"):
    """Rewrite a network so that each operation is exactly one of TensorFlow Lite's.

    Calibration and quantization work on this form: what they see is what runs. Run it behind `channel-last`.

    ```
    %1 = "nn.conv"(%x, %w) {pads = [1, 1, 1, 1], strides = [2, 2], channel_last = true}
        : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>
    ```
    becomes (padding SAME would begin one element later)
    ```
    %0 = "nn.pad"(%x) {pads = [0, 1, 1, 0, 0, 1, 1, 0]} : (tensor<1x8x8x3xf32>) -> tensor<1x10x10x3xf32>
    %1 = "nn.conv"(%0, %w) {strides = [2, 2], channel_last = true}
        : (tensor<1x10x10x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>
    ```

    Fused activations of what is rewritten become operations again; `fuse-activations` fuses them where it still can.
    What has no expansion stays, and `lower-to-tfl` reports it.
    """

    consumes = frozenset({"nn"})

    def run(self, module: Module, context: PassContext) -> bool:
        changed = False
        block = module.main.body
        op = block.first_op
        while op is not None:
            before, following = op.previous_op, op.next_op
            if self._expand(module, op):
                changed = True
                # What was made is looked at too: it may need an expansion itself.
                op = before.next_op if before is not None else block.first_op
            else:
                op = following
        return changed

    def _expand(self, module: Module, op: Operation) -> bool:
        for rule in expansions_of(op):
            b = Builder.before(module, op)
            try:
                made = rule(b, op)
            except ValueError as error:  # a rule needs a number where the shape has none
                remedy = "fix the batch size, or take out what makes a size depend on the data"
                raise CompileError(f"'{op.name}': {error}", op.location, remedy) from error
            if made is None:
                continue
            values: Sequence[Value] = [made] if isinstance(made, Value) else made
            activation = op.attributes.get("activation", "none")
            if activation != "none":
                values = [activated(b, values[0], activation)]
            for old, new in zip(op.results, values, strict=True):
                if old.name is not None and new.name is None:
                    new.name = old.name
                old.replace_all_uses_with(new)
            op.erase()
            self.counts[op.name.partition(".")[2]] += 1
            return True
        return False


def activated(b: Builder, x: Value, activation: str) -> Value:
    """An activation that was fused, as an operation."""
    if activation == "relu":
        return b.nn.relu(x)
    low, high = {"relu6": (0.0, 6.0), "relu_n1_to_1": (-1.0, 1.0)}[activation]
    return b.nn.clip(x, min=low, max=high)
