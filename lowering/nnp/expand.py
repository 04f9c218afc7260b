"""``expand-for-nnp``: nn operations that NNabla has not, or only within limits, by those that it has."""

from __future__ import annotations

import attrs

from ...ir import Module
from ...ir.dialects.nnp.history import expect_release
from ...ir.passes import Pass, PassContext, option
from ..expansion import expand_function
from . import (
    expand_control,
    expand_elementwise,
    expand_filling,
    expand_indexing,
    expand_layers,
    expand_movement,
    expand_recurrent,
    expand_releases,
    expand_runtime,
    expand_runtime_indexing,
    expand_sampling,
)
from .batch import name_batch
from .expansion import expands, expands_for_runtime, version_of
from .runtime import expect_runtime

RULE_MODULES = (
    expand_control,
    expand_elementwise,
    expand_filling,
    expand_layers,
    expand_releases,
    expand_sampling,
    expand_movement,
    expand_indexing,
    expand_recurrent,
    expand_runtime,
    expand_runtime_indexing,
)


_NEWEST = version_of(999, 0)


@attrs.define
class ExpandForNnp(Pass, name="expand-for-nnp"):
    """Rewrite a network so that each operation is one that `lower-to-nnp` knows; name its batch size.

    ```
    %1 = "nn.conv"(%x, %w) {pads = [0, 0, 1, 1], strides = [2, 2]}
        : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>
    ```
    becomes (NNabla's pads are the same at both ends)
    ```
    %0 = "nn.pad"(%x) {pads = [0, 0, 0, 0, 0, 0, 1, 1]} : (tensor<1x3x8x8xf32>) -> tensor<1x3x9x9xf32>
    %1 = "nn.conv"(%0, %w) {strides = [2, 2]} : (tensor<1x3x9x9xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>
    ```

    For an earlier release, what it lacks is made of what it has. What is open in dimension 0 of the inputs becomes the
    symbol N, the batch size; other open sizes are errors. What has no expansion stays, and `lower-to-nnp` reports it.
    """

    consumes = frozenset({"nn"})

    version: str = option("", "the release of NNabla that the functions are for, e.g. 1.20.0; the newest unless given")

    runtime: str = option("nnabla", "what has the functions: nnabla, or nnablart (nnabla-c-runtime, which has few)")

    def __attrs_post_init__(self) -> None:
        expect_release(self.version, self.name)
        expect_runtime(self.runtime, self.name)

    def run(self, module: Module, context: PassContext) -> bool:
        named = name_batch(module.main, context.diagnostics)
        context.diagnostics.raise_if_errors()
        release = expect_release(self.version, self.name)
        rules = expands_for_runtime if self.runtime == "nnablart" else expands
        counts = expand_function(module, module.main, rules, _NEWEST if release is None else version_of(*release))
        self.counts.update(counts)
        return named or bool(counts)
