"""Frozen graphs that nncc wrote, read again by nncc itself: the numbers stay, and TensorFlow is not needed."""

from pathlib import Path

import control_flow
import numpy as np
import pytest
from tensorflow_runtime import write

from nncc.backends.tf import frozen
from nncc.frontends.tf import load
from nncc.frontends.tf.lift import LiftTf
from nncc.ir import Builder, Function, Module, TensorType
from nncc.ir.dialects.tf.messages import message_class
from nncc.ir.passes import PassContext
from nncc.ir.types import F32
from nncc.pipelines import driver


def read(path: Path) -> Module:
    module = load([path])
    LiftTf().run(module, PassContext())
    return module


@pytest.mark.parametrize("name", control_flow.NAMES)
def test_branches_and_loops(name: str, tmp_path: Path) -> None:
    module, inputs = control_flow.model(name)
    again = read(write(module, tmp_path / "m.pb"))
    assert again.main.input_names == module.main.input_names
    for given in inputs:
        expected, found = module.evaluate(given), again.evaluate(given)
        assert sorted(found) == sorted(expected)  # a frozen graph does not say which output is the first
        for key, array in expected.items():
            assert found[key].shape == array.shape
            np.testing.assert_allclose(found[key], array, rtol=1e-5, atol=1e-6)


def recurrent(steps: int | str, batch: int | str) -> Module:
    rng = np.random.default_rng(0)
    module = Module()
    function, block = Function.create("main", [("x", TensorType((steps, batch, 3), F32))])
    module.body.append(function)
    weights = [rng.standard_normal((2, 16, n)).astype(np.float32) for n in (3, 4)]
    b = Builder(module, block)
    outputs = b.nn.lstm(function.inputs[0], *weights, hidden=4, direction="bidirectional")
    function.set_outputs(list(zip(("y", "h", "c"), outputs, strict=True)))
    return module


@pytest.mark.parametrize(("steps", "batch"), [(9, 2), (9, "N")])
def test_recurrent_layers_are_loops_that_stack_lists(steps: int | str, batch: int | str, tmp_path: Path) -> None:
    module = recurrent(steps, batch)
    inputs = {"x": np.random.default_rng(1).standard_normal((9, 2, 3)).astype(np.float32)}
    expected = module.evaluate(inputs)
    driver.compile(module, "nn-to-tf")
    frozen.save(module, tmp_path / "m.pb")
    graph = message_class("GraphDef").FromString((tmp_path / "m.pb").read_bytes())
    kinds = [node.op for node in graph.node]
    assert kinds.count("StatelessWhile") == kinds.count("TensorListReserve") == kinds.count("TensorListStack") == 1
    assert len(graph.library.function) == 2
    again = read(tmp_path / "m.pb")
    (loop,) = (op for op in again.walk() if op.name == "nn.loop")
    assert loop.trip_count() == 9
    assert [v.tensor.rank for v in loop.carried] == [0, 3, 3]  # a counter and two states: the stack is not carried
    for key, array in again.evaluate(inputs).items():
        np.testing.assert_allclose(array, expected[key], rtol=1e-5, atol=1e-6)


def test_functions_have_typed_arguments_and_results(tmp_path: Path) -> None:
    write(control_flow.model("counted")[0], tmp_path / "m.pb")
    graph = message_class("GraphDef").FromString((tmp_path / "m.pb").read_bytes())
    (loop,) = (node for node in graph.node if node.op == "StatelessWhile")
    functions = {f.signature.name: f for f in graph.library.function}
    check, body = (functions[loop.attr[key].func.name] for key in ("cond", "body"))
    arguments = [a.type for a in body.signature.input_arg]
    assert arguments == [a.type for a in check.signature.input_arg] == [a.type for a in body.signature.output_arg]
    assert 21 in arguments  # the variant that a list is
    assert [a.type for a in check.signature.output_arg] == [10]  # a boolean
    assert len(loop.attr["output_shapes"].list.shape) == len(arguments) == len(loop.input)
