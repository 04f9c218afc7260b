"""``expand-for-onnx``: nn operations that ONNX has not at an opset, or only within limits, by those that it has."""

from __future__ import annotations

import attrs

from ...ir import Module
from ...ir.passes import Pass, PassContext, option
from ..expansion import expand_function
from . import (
    expand_channel_last,
    expand_elementwise,
    expand_linear,
    expand_logic,
    expand_movement,
    expand_reduction,
    expand_scatter,
    expand_spatial,
)
from .expansion import expands
from .opsets import parse_opset

RULE_MODULES = (
    expand_channel_last,
    expand_elementwise,
    expand_logic,
    expand_linear,
    expand_movement,
    expand_reduction,
    expand_scatter,
    expand_spatial,
)


@attrs.define
class ExpandForOnnx(Pass, name="expand-for-onnx"):
    """Rewrite a network so that each operation is one of ONNX's, as the opset has them, or a short chain of them.

    ```
    %1 = "nn.hard_swish"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    ```
    becomes, for an opset below 14,
    ```
    %0 = "nn.hard_sigmoid"(%x) {alpha = 0.16666666666666666} : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    ```

    What is channel-last becomes channel-first, between transposes. What has no expansion stays, and `lower-to-onnx`
    reports it if the opset has no operator for it.
    """

    consumes = frozenset({"nn"})

    opset: str = option("newest", "opset_N or N, opset_snpe, opset_tensorrt, or newest")

    def __attrs_post_init__(self) -> None:
        parse_opset(self.opset)

    def run(self, module: Module, context: PassContext) -> bool:
        counts = expand_function(module, module.main, expands, parse_opset(self.opset).version)
        self.counts.update(counts)
        return bool(counts)
