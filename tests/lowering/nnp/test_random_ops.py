"""Random instances of every nn operation, lowered to NNabla's functions and lifted again: the numbers are kept."""

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from nn_samples import Sample, sample, sampled_names

from nncc.frontends.nnp.lift import LiftNnp
from nncc.ir import Builder, CompileError, Function, Module, as_dense
from nncc.ir.passes import PassContext
from nncc.lowering.nnp.expand import ExpandForNnp
from nncc.lowering.nnp.lower import REFUSALS, LowerToNnp
from nncc.passes.fold_constants import FoldConstants

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


def module_of(drawn: Sample) -> tuple[Module, dict[str, np.ndarray]]:
    """A module with one operation; its inputs are the operands that need not be constant."""
    constant = CONSTANT_OPERANDS.get(drawn.name, ())
    given = [(i, a, t) for i, (a, t) in enumerate(zip(drawn.operands, drawn.types, strict=True)) if a is not None]
    inputs = [(f"x{i}", a, t) for i, a, t in given if i not in constant]
    module = Module()
    function, block = Function.create("main", [(name, type) for name, _, type in inputs])
    module.body.append(function)
    b = Builder(module, block)
    values = dict(zip((int(name[1:]) for name, _, _ in inputs), function.inputs, strict=True))
    for i, array, type in given:
        if i in constant:
            values[i] = b.create("nn.constant", value=as_dense(array, type)).result
    op = b.create(drawn.name, *(values.get(i) for i in range(len(drawn.operands))), **drawn.keywords())
    function.set_outputs([(f"y{i}", r) for i, r in enumerate(op.results)])
    return module, {name: array for name, array, _ in inputs}


def through_nnp(module: Module) -> Module:
    """The module lowered to a network of NNabla's functions, and lifted again. Raises CompileError."""
    for step in (ExpandForNnp(), FoldConstants(), LowerToNnp(), LiftNnp()):
        step.run(module, PassContext())
    return module


def is_defined(drawn: Sample) -> bool:
    """Whether the operation has one right result that float32 holds."""
    arrays: list[Any] = [a for a in drawn.operands if a is not None]
    second = arrays[-1] if arrays else None
    if any(a.dtype == np.float16 for a in arrays):
        return False  # numpy rounds each step to 11 bits
    if drawn.name in ("nn.div", "nn.mod", "nn.floor_div") and second.dtype.kind == "i":
        return bool(np.all(second != 0))
    if drawn.name in ("nn.pow", "nn.bit_shift") and second.dtype.kind == "i":
        return bool(np.all(second >= 0))
    return True


@pytest.mark.parametrize("name", sorted(set(sampled_names()) - QUANTIZED - set(REFUSALS) | SOMETIMES))
def test_numbers_are_kept(name: str) -> None:
    lifted = 0

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sample(name).filter(is_defined))
    def run(drawn: Sample) -> None:
        nonlocal lifted
        module, inputs = module_of(drawn)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, at infinities
            expected = module.evaluate(inputs)
            try:
                through_nnp(module)
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
        module, _ = module_of(drawn)
        with pytest.raises(CompileError, match=f"'{name}'"):
            through_nnp(module)

    run()
