"""What the tests of rewriting passes share: build a small function, run passes, compare the numbers."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from nncc.ir import Builder, Function, Module, TensorType, Trait
from nncc.ir.passes import PassContext
from nncc.ir.types import F32
from nncc.ir.verifier import verify_module
from nncc.passes.absorb_transposes import AbsorbTransposes
from nncc.passes.canonicalize import Canonicalize
from nncc.passes.eliminate_common_subexpressions import EliminateCommonSubexpressions
from nncc.passes.eliminate_dead_code import EliminateDeadCode
from nncc.passes.fold_batch_norm import FoldBatchNorm
from nncc.passes.fold_constants import FoldConstants
from nncc.passes.fold_padding import FoldPadding
from nncc.passes.fold_scales import FoldScales
from nncc.passes.fuse_activations import FuseActivations
from nncc.passes.loop_rnn import LoopRnn
from nncc.passes.merge_affines import MergeAffines
from nncc.passes.merge_reshapes import MergeReshapes
from nncc.passes.normalize_arithmetic import NormalizeArithmetic
from nncc.passes.recognize_activations import (
    RecognizeGelu,
    RecognizeHardSigmoid,
    RecognizeHardSwish,
    RecognizeLeakyRelu,
    RecognizeSoftmax,
    RecognizeSwish,
)
from nncc.passes.recognize_affine import RecognizeAffine
from nncc.passes.recognize_channel_shuffle import RecognizeChannelShuffle
from nncc.passes.recognize_depth_to_space import RecognizeDepthToSpace
from nncc.passes.recognize_layer_norm import RecognizeLayerNorm
from nncc.passes.simplify_movement import SimplifyMovement
from nncc.passes.simplify_reductions import SimplifyReductions
from nncc.passes.unroll_rnn import UnrollRnn

PASSES = {
    kind.name: kind
    for kind in (
        AbsorbTransposes,
        Canonicalize,
        EliminateCommonSubexpressions,
        EliminateDeadCode,
        FoldBatchNorm,
        FoldConstants,
        FoldPadding,
        FoldScales,
        FuseActivations,
        LoopRnn,
        MergeAffines,
        MergeReshapes,
        NormalizeArithmetic,
        RecognizeAffine,
        RecognizeChannelShuffle,
        RecognizeDepthToSpace,
        RecognizeGelu,
        RecognizeHardSigmoid,
        RecognizeHardSwish,
        RecognizeLayerNorm,
        RecognizeLeakyRelu,
        RecognizeSoftmax,
        RecognizeSwish,
        SimplifyMovement,
        SimplifyReductions,
        UnrollRnn,
    )
}
Shape = tuple[int | str, ...]
BATCH = 2
"""What symbolic dimensions are when the numbers are compared."""


class Case:
    """A function ``build(b, *inputs)`` of random inputs, and what passes made of it."""

    def __init__(self, build: Callable[..., Any], inputs: Mapping[str, Shape], seed: int = 0) -> None:
        self.module = Module()
        function, block = Function.create("main", [(n, TensorType(s, F32)) for n, s in inputs.items()])
        self.module.body.append(function)
        made = build(Builder(self.module, block), *function.inputs)
        outputs = made if isinstance(made, tuple) else (made,)
        function.set_outputs([(f"y{i}", value) for i, value in enumerate(outputs)])
        verify_module(self.module)
        rng = np.random.default_rng(seed)
        shapes = {n: [BATCH if isinstance(d, str) else d for d in s] for n, s in inputs.items()}
        self.arrays = {n: rng.normal(0, 2, s).astype(np.float32) for n, s in shapes.items()}
        self.expected = self.module.evaluate(self.arrays)
        self.changed = False

    def run(self, *passes: str, tolerance: float = 2e-5) -> "Case":
        """Run passes by name; the ports, the validity and the numbers must stay."""
        function = self.module.main
        ports = (function.input_names, function.output_names, function.function_type)
        for name in passes:
            self.changed |= PASSES[name]().run(self.module, PassContext())
            verify_module(self.module)
        assert ports == (function.input_names, function.output_names, function.function_type)
        for name, actual in self.module.evaluate(self.arrays).items():
            expected = self.expected[name]
            np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * (np.abs(expected).max() + 1))
        return self

    @property
    def ops(self) -> list[Any]:
        """The operations that are left, without constants and the return."""
        body = [op for op in self.module.main.body if Trait.CONSTANT not in op.traits]
        return body[:-1]

    @property
    def names(self) -> list[str]:
        """Their names without the dialect."""
        return [op.name.partition(".")[2] for op in self.ops]


@pytest.fixture
def case() -> type[Case]:
    """The class :class:`Case`: ``case(build, {"x": (1, 3, 8, 8)}).run("fold-scales").names``."""
    return Case


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded random numbers, for weights."""
    return np.random.default_rng(11)
