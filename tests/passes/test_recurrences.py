"""unroll-rnn and loop-rnn: the same numbers, without a recurrent operation."""

import nn_samples
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir.passes import PassContext
from nncc.ir.verifier import verify_module
from nncc.passes.eliminate_dead_code import EliminateDeadCode
from nncc.passes.fold_constants import FoldConstants
from nncc.passes.loop_rnn import LoopRnn
from nncc.passes.unroll_rnn import UnrollRnn

LAYERS = ("nn.rnn", "nn.gru", "nn.lstm")


@pytest.mark.parametrize("kind", [UnrollRnn, LoopRnn])
@pytest.mark.parametrize("name", LAYERS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_layers_keep_their_numbers(kind: type, name: str, data: st.DataObject) -> None:
    module, inputs = data.draw(nn_samples.sample(name)).module()
    expected = module.evaluate(inputs)
    assert kind().run(module, PassContext())
    verify_module(module)
    assert not any(op.name in LAYERS for op in module.walk())
    found = module.evaluate(inputs)
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-5, atol=1e-6)


def lstm(b, x, rng, hidden=4, directions=1, **attributes):
    weight, recurrent = (rng.normal(0, 0.5, (directions, 4 * hidden, n)).astype(np.float32) for n in (3, hidden))
    y, *_ = b.nn.lstm(x, weight, recurrent, hidden=hidden, **attributes)
    return y


def test_a_symbolic_batch_is_unrolled(case, rng):
    unrolled = case(lambda b, x: lstm(b, x, rng), {"x": (5, "N", 3)}).run(UnrollRnn.name)
    assert unrolled.names.count("affine") == 1 + 4  # one for the input of all steps, one for each state but the first
    assert unrolled.names.count("tanh") == 2 * 5 and unrolled.names.count("sigmoid") == 3 * 5 - 1  # no f at first


@pytest.mark.parametrize("name", [UnrollRnn.name, LoopRnn.name])
def test_weights_fold(name, case, rng):
    made = case(lambda b, x: lstm(b, x, rng), {"x": (2, 2, 3)}).run(name, FoldConstants.name, EliminateDeadCode.name)
    assert "transpose" not in made.names and "slice" not in made.names


def test_a_layer_in_both_directions_is_one_loop_over_one_product(case, rng):
    both = {"directions": 2, "direction": "bidirectional"}
    looped = case(lambda b, x: lstm(b, x, rng, **both), {"x": (7, 2, 3)})
    looped.run(LoopRnn.name, FoldConstants.name, EliminateDeadCode.name)
    assert looped.names == ["affine", "reshape", "gather", "loop", "reshape", "gather"]
    (loop,) = (op for op in looped.ops if op.name == "nn.loop")
    inside = [op.name for op in loop.regions[0].block]
    assert inside.count("nn.affine") == 2 and inside.count("nn.tanh") == 2  # of two states; of both cells at once


@pytest.mark.parametrize(("steps", "outer", "inner"), [(63, 63, None), (64, 8, 8), (67, 67, None), (70, 10, 7)])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_many_steps_are_chunks_of_steps(steps, outer, inner, direction, case, rng):
    """Of a prime number of steps there are none."""
    both = {"directions": 2 if direction == "bidirectional" else 1, "direction": direction}
    looped = case(lambda b, x: lstm(b, x, rng, **both), {"x": (steps, 2, 3)}).run(LoopRnn.name)
    loops = [op for op in looped.module.walk() if op.name == "nn.loop"]
    assert [op.trip_count() for op in loops] == [outer] + ([] if inner is None else [inner])


def test_longer_sequences_than_the_longest_are_not_unrolled(case, rng):
    module = case(lambda b, x: lstm(b, x, rng), {"x": (5, 1, 3)}).module
    assert not UnrollRnn(longest=4).run(module, PassContext())
    assert UnrollRnn(longest=5).run(module, PassContext())


@pytest.mark.parametrize("name", [UnrollRnn.name, LoopRnn.name])
def test_an_unknown_number_of_steps_is_left_alone(name, case, rng):
    assert case(lambda b, x: lstm(b, x, rng), {"x": ("T", 2, 3)}).run(name).names == ["lstm"]


def test_a_loop_needs_the_batch(case, rng):
    assert case(lambda b, x: lstm(b, x, rng), {"x": (9, "N", 3)}).run(LoopRnn.name).names == ["lstm"]
