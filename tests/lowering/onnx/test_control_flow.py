"""Branches and loops in onnxruntime, at several opsets."""

from pathlib import Path

import control_flow
import numpy as np
import pytest
from ort import check, op_types, run

from nncc.ir import Block, CompileError, Function, Module, Region, TensorType
from nncc.ir.dialects import nn
from nncc.ir.types import F32, I1, I64
from nncc.ir.verifier import verify_module
from nncc.pipelines import driver

OPSETS = ["opset_7", "opset_9", "opset_11", "opset_13", "opset_17", "newest"]


def expect_same(module: Module, inputs: list[control_flow.Arrays], path: Path, opset: str) -> None:
    """The numbers in onnxruntime, and those of the file lifted and lowered again, are the module's own."""
    wanted = [module.evaluate(i) for i in inputs]
    driver.compile(module, "nn-to-onnx", opset=opset)
    driver.save(module, path)
    check(path)
    again = path.with_stem("again")
    back = driver.load(path)
    driver.compile(back, "onnx-to-onnx", opset=opset)
    driver.save(back, again)
    check(again)
    for file in (path, again):
        for each, expected in zip(inputs, wanted, strict=True):
            got = run(file, {name: np.asarray(array) for name, array in each.items()})
            for name, array in expected.items():
                assert got[name].shape == array.shape and got[name].dtype == array.dtype
                np.testing.assert_allclose(got[name], array, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("name", control_flow.NAMES)
def test_models(name: str, opset: str, tmp_path: Path) -> None:
    module, inputs = control_flow.model(name)
    if opset == "opset_7" and name in ("while", "nested"):
        with pytest.raises(CompileError, match="Less of opset 7 does not take"):
            driver.compile(module, "nn-to-onnx", opset=opset)
    else:
        expect_same(module, inputs, tmp_path / "m.onnx", opset)


@pytest.mark.parametrize("opset", ["opset_9", "newest"])
def test_graphs_give_results_of_their_own(opset: str, tmp_path: Path) -> None:
    """What goes through as it is, what comes from outside, and what is given twice gets a node."""
    type = TensorType((2, 3), F32)
    block = Block.of([TensorType((), I64), TensorType((), I1), type, type])
    _, going, a, b = block.args
    module = Module()
    function, body = Function.create("main", [("n", TensorType((), I64)), ("x", type)])
    module.body.append(function)
    n, x = function.inputs
    doubled = block.append(nn.Add(a, b)).result
    block.append(nn.Yield([going, b, doubled, doubled, x]))
    y = body.append(nn.Neg(x)).result
    loop = body.append(nn.Loop(n, None, [x, y], regions=[Region.of(block)]))
    function.set_outputs([(f"y{i}", r) for i, r in enumerate(loop.results)])
    verify_module(module)
    inputs = [{"n": np.asarray(3), "x": np.ones((2, 3), np.float32)}]
    expect_same(module, inputs, tmp_path / "m.onnx", opset)


@pytest.mark.parametrize("opset", ["opset_9", "newest"])
def test_a_loop_that_carries_nothing(opset: str, tmp_path: Path) -> None:
    block = Block.of([TensorType((), I64), TensorType((), I1)])
    trip, going = block.args
    module = Module()
    function, body = Function.create("main", [("n", TensorType((), I64)), ("x", TensorType((3,), F32))])
    module.body.append(function)
    n, x = function.inputs
    number = block.append(nn.Cast(trip, to=F32)).result
    block.append(nn.Yield([going, block.append(nn.Mul(x, number)).result]))
    loop = body.append(nn.Loop(n, None, regions=[Region.of(block)]))
    function.set_outputs([("y", loop.results[0])])
    inputs = [{"n": np.asarray(3), "x": np.ones(3, np.float32)}]
    expect_same(module, inputs, tmp_path / "m.onnx", opset)


def test_loops_stay_loops(tmp_path: Path) -> None:
    module, inputs = control_flow.model("counted")
    expect_same(module, inputs, tmp_path / "m.onnx", "opset_17")
    assert op_types(check(tmp_path / "again.onnx"))["Loop"] == 1
