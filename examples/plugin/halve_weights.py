"""A plugin: one pass of one's own.

    PYTHONPATH=examples/plugin nncc --plugin halve_weights --pipeline=examples/plugin/halved.yaml \
        examples/digits/digits.nnp -o halved.tflite
"""

from __future__ import annotations

from typing import ClassVar

import attrs
import numpy as np

from nncc.ir import Module
from nncc.ir.builder import Builder
from nncc.ir.dialects import nn
from nncc.ir.module import constant_array
from nncc.ir.passes import Pass, PassContext, option


@attrs.define
class HalveWeights(Pass, name="halve-weights"):
    """Rounds the weights of convolutions and affines to float16 numbers, to see what that costs.

    Given::

        %w = "nn.constant"() {value = dense<0.1> : tensor<f32>} : () -> tensor<f32>

    Result::

        %w = "nn.constant"() {value = dense<0.0999755859375> : tensor<f32>} : () -> tensor<f32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})
    keeps_numbers: ClassVar[bool] = False

    smallest: int = option(0, "leave weights with fewer elements alone")

    def run(self, module: Module, context: PassContext) -> bool:
        for op in list(module.walk()):
            if isinstance(op, nn.Conv | nn.Affine):
                array = constant_array(op.weight)
                if array is not None and array.size >= self.smallest:
                    rounded = array.astype(np.float16).astype(np.float32)
                    op.weight = Builder.before(module, op).constant(rounded, name=op.weight.name or "weight")
                    self.counts["weights"] += 1
        return self.counts["weights"] > 0
