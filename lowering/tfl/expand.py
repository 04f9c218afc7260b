"""``expand-for-tfl``: nn operations that TensorFlow Lite has not, or only within limits, by those that it has."""

from __future__ import annotations

import attrs

from ...ir import Module
from ...ir.passes import Pass, PassContext
from ..expansion import expand_function
from . import (
    expand_composite,
    expand_elementwise,
    expand_linear,
    expand_movement,
    expand_pool,
    expand_rank,
    expand_reduction,
    expand_scatter,
)
from .expansion import expands

RULE_MODULES = (
    expand_composite,
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
        counts = expand_function(module, module.main, expands)
        self.counts.update(counts)
        return bool(counts)
