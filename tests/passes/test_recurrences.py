"""unroll-rnn and loop-rnn: the same numbers, without a recurrent operation."""

import nn_samples
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir import Builder, Function, Module, TensorType
from nncc.ir.passes import PassContext
from nncc.ir.types import F32
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


def test_an_unknown_number_of_steps_is_not_written_out(case, rng):
    assert case(lambda b, x: lstm(b, x, rng), {"x": ("T", 2, 3)}).run(UnrollRnn.name).names == ["lstm"]


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("shape", [("T", 2, 3), (9, "N", 3), ("T", "N", 3)])
def test_open_numbers_of_steps_and_samples_stay_open_in_loops(shape, direction, rng):
    both = {"directions": 2 if direction == "bidirectional" else 1, "direction": direction}
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    function.set_outputs([("y", lstm(Builder(module, block), function.inputs[0], rng, **both))])
    sizes = [[2 if d == "N" else d if isinstance(d, int) else steps for d in shape] for steps in (9, 1)]
    inputs = [{"x": rng.normal(size=size).astype(np.float32)} for size in sizes]
    expected = [module.evaluate(one)["y"] for one in inputs]
    assert LoopRnn().run(module, PassContext())
    verify_module(module)
    for one, y in zip(inputs, expected, strict=True):
        np.testing.assert_allclose(module.evaluate(one)["y"], y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [UnrollRnn, LoopRnn])
def test_a_state_that_says_less_of_the_batch(kind, rng):
    module = Module()
    function, block = Function.create(
        "main", [("x", TensorType((3, "N", 3), F32)), ("h", TensorType((1, None, 4), F32))]
    )
    module.body.append(function)
    b, (x, h) = Builder(module, block), function.inputs
    weights = [rng.normal(size=(1, 4, n)).astype(np.float32) for n in (3, 4)]
    function.set_outputs([("y", b.nn.rnn(x, *weights, None, None, h, hidden=4)[0])])
    inputs = {"x": rng.normal(size=(3, 2, 3)).astype(np.float32), "h": np.ones((1, 2, 4), np.float32)}
    expected = module.evaluate(inputs)["y"]
    assert kind().run(module, PassContext())
    np.testing.assert_allclose(module.evaluate(inputs)["y"], expected, rtol=1e-5, atol=1e-6)
