"""unroll-rnn: the same numbers, without a recurrent operation."""

import nn_samples
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir import Builder, Function, Module
from nncc.ir.passes import PassContext, lookup_pass
from nncc.ir.verifier import verify_module
from nncc.passes.eliminate_dead_code import EliminateDeadCode
from nncc.passes.fold_constants import FoldConstants
from nncc.passes.unroll_rnn import UnrollRnn

PASS = UnrollRnn.name


def module_of(sample: nn_samples.Sample) -> tuple[Module, dict[str, np.ndarray]]:
    """A function that is the operation alone, and its inputs."""
    given = {f"x{i}": a for i, a in enumerate(sample.operands) if a is not None}
    types = {f"x{i}": t for i, t in enumerate(sample.types) if t is not None}
    module = Module()
    function, block = Function.create("main", list(types.items()))
    module.body.append(function)
    values = dict(zip(types, function.inputs, strict=True))
    operands = [values.get(f"x{i}") for i in range(len(sample.operands))]
    op = Builder(module, block).create(sample.name, *operands, **sample.attributes)
    function.set_outputs([(f"y{i}", value) for i, value in enumerate(op.results)])
    return module, given


@pytest.mark.parametrize("name", ["nn.rnn", "nn.gru", "nn.lstm"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_unrolled_layers_keep_their_numbers(name: str, data: st.DataObject) -> None:
    module, inputs = module_of(data.draw(nn_samples.sample(name)))
    expected = module.evaluate(inputs)
    assert lookup_pass(PASS)().run(module, PassContext())
    verify_module(module)
    assert not any(op.name in ("nn.rnn", "nn.gru", "nn.lstm") for op in module.walk())
    found = module.evaluate(inputs)
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-5, atol=1e-6)


def lstm(b, x, rng, hidden=4, **attributes):
    weight, recurrent = (rng.normal(0, 0.5, (1, 4 * hidden, n)).astype(np.float32) for n in (3, hidden))
    y, *_ = b.nn.lstm(x, weight, recurrent, hidden=hidden, **attributes)
    return y


def test_a_symbolic_batch_passes(case, rng):
    unrolled = case(lambda b, x: lstm(b, x, rng), {"x": (5, "N", 3)}).run(PASS)
    assert unrolled.names.count("affine") == 1 + 4  # one for the input of all steps, one for each state but the first
    assert unrolled.names.count("tanh") == 2 * 5 and unrolled.names.count("sigmoid") == 3 * 5 - 1  # no f at first


def test_weights_fold(case, rng):
    unrolled = case(lambda b, x: lstm(b, x, rng), {"x": (2, 2, 3)}).run(
        PASS, FoldConstants.name, EliminateDeadCode.name
    )
    assert "transpose" not in unrolled.names and "slice" not in unrolled.names


def test_an_unknown_number_of_steps_is_left_alone(case, rng):
    assert case(lambda b, x: lstm(b, x, rng), {"x": ("T", 2, 3)}).run(PASS).names == ["lstm"]
