"""``expand-for-tf``: nn operations that TensorFlow has not, or only within limits, by those that it has."""

from __future__ import annotations

import attrs

from ...ir import Module
from ...ir.passes import Pass, PassContext
from ..expansion import expand_function
from . import expand_elementwise, expand_shared, expand_windows
from .expansion import expands

RULE_MODULES = (expand_elementwise, expand_windows, expand_shared)


@attrs.define
class ExpandForTf(Pass, name="expand-for-tf"):
    """Rewrite a network so that each operation is one of TensorFlow's, or a short chain of them.

    ```
    %1 = "nn.hard_swish"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    ```
    becomes
    ```
    %0 = "nn.add"(%x, %three) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    %1 = "nn.clip"(%0) {max = 6.0, min = 0.0} : (tensor<4xf32>) -> tensor<4xf32>
    %2 = "nn.mul"(%x, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %3 = "nn.mul"(%2, %sixth) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    ```

    Run it behind `channel-last`. What TensorFlow's processors compute in one way alone (no dilated transposed
    convolutions, no groups in three dimensions) is written in that way. What has no expansion stays, and `lower-to-tf`
    reports it.
    """

    consumes = frozenset({"nn"})

    def run(self, module: Module, context: PassContext) -> bool:
        counts = expand_function(module, module.main, expands)
        self.counts.update(counts)
        return bool(counts)
