"""Random instances of every nn operation, lowered to NNabla's functions and lifted again: the numbers are kept.

So they are with the functions that nnabla-c-runtime has, and none but these are made then.
"""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from nn_samples import Sample, sample, sampled_names

from nncc.frontends.nnp.lift import LiftNnp
from nncc.ir import CompileError, Module
from nncc.ir.passes import PassContext
from nncc.lowering.nnb.lower import LowerToNnb
from nncc.lowering.nnp.expand import ExpandForNnp
from nncc.lowering.nnp.lower import REFUSALS, LowerToNnp
from nncc.lowering.nnp.runtime import RUNTIMES
from nncc.passes.fold_constants import FoldConstants
from nncc.passes.unroll_rnn import UnrollRnn

EXAMPLES = 4
QUANTIZED = {"nn.dequantize", "nn.quantize", "nn.storage_cast"}
"""Ports of quantized types hold stored integers here and real numbers in an NNP: these have tests of their own."""
CONSTANT_OPERANDS = {
    **{f"nn.{n}": range(1, 9) for n in ("conv", "conv_transpose", "affine", "batch_norm", "layer_norm", "prelu")},
}
EXPECTED_REFUSALS = (
    "has no function in NNabla",
    "NNabla's WarpByGrid is the same for 'linear' images",
    "as NNabla's RoiAlign does not",
    "which NNabla's offsets belong to",
    "has pads that differ at begin and end",
    "WarpByGrid is lifted for images (N, C, H, W)",  # by the lift: NNabla has volumes too
    "a tensor without elements",
    "a size that depends on the data",
    "decides at run time",
    "takes a shape that is computed",
    "an NNP file holds numbers and the batch size alone",
)


SOMETIMES = {"nn.fill", "nn.if", "nn.shape_of"}
"""Operations that are refused in some forms alone: branches of different shapes, shapes that nothing tells."""


def through_nnp(module: Module, runtime: str = "nnabla") -> Module:
    """The module lowered to a network of NNabla's functions, and lifted again; or to what the C runtime computes.

    Raises CompileError.
    """
    if runtime == "nnablart":
        UnrollRnn().run(module, PassContext())
    for step in (ExpandForNnp(runtime=runtime), FoldConstants(), LowerToNnp(runtime=runtime)):
        step.run(module, PassContext())
    if runtime == "nnablart":
        LowerToNnb().run(module, PassContext())  # raises for what the runtime cannot do
    else:
        LiftNnp().run(module, PassContext())
    return module


def is_defined(drawn: Sample) -> bool:
    """Whether the operation has one right result that float32 holds: numpy rounds each step of float16 to 11 bits."""
    return drawn.is_defined_for_integers() and all(a is None or a.dtype != np.float16 for a in drawn.operands)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", sorted(set(sampled_names()) - QUANTIZED - set(REFUSALS) | SOMETIMES))
def test_numbers_are_kept(name: str, runtime: str) -> None:
    lifted = 0

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sample(name).filter(is_defined))
    def run(drawn: Sample) -> None:
        nonlocal lifted
        module, inputs = drawn.module(CONSTANT_OPERANDS.get(name, ()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, at infinities
            expected = module.evaluate(inputs)
            try:
                through_nnp(module, runtime)
            except CompileError as error:
                assert any(text in str(error) for text in EXPECTED_REFUSALS), error
                return
            found = module.evaluate({n: np.asarray(a, np.float32) for n, a in inputs.items()})
        for key, array in expected.items():
            assert found[key].shape == array.shape
            np.testing.assert_allclose(found[key], np.asarray(array, np.float32), rtol=1e-3, atol=1e-4)
        lifted += 1

    run()
    assert lifted or name in SOMETIMES, f"no instance of {name} was lowered"


@pytest.mark.parametrize("name", sorted(set(REFUSALS) & set(sampled_names()) - SOMETIMES))
def test_what_cannot_be_expressed_is_refused(name: str) -> None:
    @settings(max_examples=1, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sample(name))
    def run(drawn: Sample) -> None:
        module, _ = drawn.module(CONSTANT_OPERANDS.get(name, ()))
        with pytest.raises(CompileError, match=f"'{name}'"):
            through_nnp(module)

    run()
