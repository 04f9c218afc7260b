"""What is written for a module: names, versions, and the files that weights go to."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import ort
import pytest
from onnx import helper
from onnx_files import convolution, model, port, write

from nncc.backends.onnx import emitter, save
from nncc.frontends.onnx import load
from nncc.ir import CompileError, Function, Module, TensorType, UsageError
from nncc.ir.dialects.onnx import NODE_OPS, Initializer
from nncc.ir.types import F32
from nncc.pipelines import driver

X = np.random.default_rng(1).standard_normal((2, 3, 8, 8), np.float32)


@pytest.fixture
def module(tmp_path: Path) -> Module:
    return load(write(tmp_path, convolution(), "source.onnx"))


def made(*steps: Any) -> tuple[Module, Function]:
    """A module of operators, each on the value before; the first is on x."""
    module = Module(**{"onnx.opset_import": {"": 17}})
    function, block = Function.create("main", [("x", TensorType((2,), F32))])
    value = function.inputs[0]
    for op_type in steps:
        op = NODE_OPS["", op_type](value, result_types=[TensorType((2,), F32)])
        value = block.append(op).result
    function.set_outputs([("y", value)])
    module.body.append(function)
    return module, function


def test_the_producer_and_the_ir_version_of_a_new_model(tmp_path: Path) -> None:
    module, _ = made("Relu")
    save(module, tmp_path / "m.onnx")
    written = ort.check(tmp_path / "m.onnx")
    assert written.producer_name == "nncc" and written.producer_version
    assert written.ir_version == helper.find_min_ir_version_for(written.opset_import)


@pytest.mark.parametrize("version", [3, 4, 8])
def test_the_ir_version_that_is_asked_for(tmp_path: Path, module: Module, version: int) -> None:
    save(module, tmp_path / "m.onnx", ir_version=version)
    written = ort.check(tmp_path / "m.onnx")
    assert written.ir_version == version
    inputs = [port.name for port in written.graph.input]
    assert inputs == (["x", "weight", "bias"] if version < 4 else ["x"])


@pytest.mark.parametrize("version", [0, 2, 1000])
def test_ir_versions_that_are_none(tmp_path: Path, module: Module, version: int) -> None:
    with pytest.raises(UsageError, match=f"there is no IR version {version} to write"):
        save(module, tmp_path / "m.onnx", ir_version=version)


def test_weights_inside_of_a_node_need_ir_version_4(tmp_path: Path) -> None:
    from onnx_files import numpy_helper

    weight = numpy_helper.from_array(np.float32([1, 2]), "w")
    branch = helper.make_graph([helper.make_node("Add", ["x", "w"], ["z"])], "g", [], [port("z", [2])], [weight])
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    message = model([node], [port("c", [], onnx.TensorProto.BOOL), port("x", [2])], [port("y", [2])])
    module = load(write(tmp_path, message))
    save(module, tmp_path / "four.onnx", ir_version=4)
    ort.check(tmp_path / "four.onnx")
    with pytest.raises(CompileError, match="the graph 'g' of a node has weights"):
        save(module, tmp_path / "three.onnx", ir_version=3)


# Names


def test_values_without_names_and_with_the_same(tmp_path: Path) -> None:
    module, function = made("Relu", "Neg", "Abs", "Neg")
    _, neg, absolute, _ = list(function.body)[:4]
    neg.results[0].name = absolute.results[0].name = "same"
    save(module, tmp_path / "m.onnx")
    written = ort.check(tmp_path / "m.onnx")
    assert [node.output[0] for node in written.graph.node] == ["relu_output", "same", "same_1", "y"]


def test_outputs_have_the_names_of_their_ports(tmp_path: Path) -> None:
    """One value as two outputs, an input as an output, and a value that has the name of a port."""
    module, function = made("Relu", "Neg")
    relu, neg = list(function.body)[:2]
    relu.results[0].name = "second"
    value = neg.results[0]
    function.set_outputs([("first", value), ("second", value), ("third", function.inputs[0])])
    save(module, tmp_path / "m.onnx")
    ort.check(tmp_path / "m.onnx")
    found = ort.run(tmp_path / "m.onnx", {"x": np.float32([1, -2])})
    assert {name: array.tolist() for name, array in found.items()} == {
        "first": [-1, 0],
        "second": [-1, 0],
        "third": [1, -2],
    }


def test_what_is_no_onnx(tmp_path: Path, module: Module) -> None:
    other = Module()
    function, block = Function.create("main", [("x", TensorType((2,), F32))])
    from nncc.ir import UnregisteredOp

    value = block.append(UnregisteredOp("nn.other", [function.inputs[0]], [TensorType((2,), F32)])).result
    function.set_outputs([("y", value)])
    other.body.append(function)
    with pytest.raises(CompileError, match=r"'nn.other' cannot stand in an ONNX file"):
        save(other, tmp_path / "m.onnx")


# Weights


def large(tmp_path: Path) -> Module:
    weights = {"a": np.arange(600, dtype=np.float32), "b": np.ones(600, np.float32), "c": np.float32([1])}
    nodes = [helper.make_node("Sum", ["x", "a", "b", "c"], ["y"])]
    return load(write(tmp_path, model(nodes, [port("x", [600])], [port("y", [600])], weights)))


def test_weights_in_a_file_of_their_own(tmp_path: Path) -> None:
    module = large(tmp_path)
    x = {"x": np.zeros(600, np.float32)}
    expected = ort.run(tmp_path / "m.onnx", x)["y"]
    written = driver.save(module, tmp_path / "two.onnx", external_data=True)
    assert [path.name for path in written] == ["two.onnx", "two.onnx.data"]
    np.testing.assert_array_equal(ort.run(tmp_path / "two.onnx", x)["y"], expected)
    onnx.checker.check_model(str(tmp_path / "two.onnx"), full_check=True)
    again = load(tmp_path / "two.onnx")
    values = {op.tensor.name: op.value.numpy() for op in again.main.body if isinstance(op, Initializer)}
    original = {op.tensor.name: op.value.numpy() for op in module.main.body if isinstance(op, Initializer)}
    for name, array in original.items():
        np.testing.assert_array_equal(values[name], array)


def test_small_weights_stay_in_the_file(tmp_path: Path, module: Module) -> None:
    driver.save(module, tmp_path / "m.onnx", external_data=True)
    assert not (tmp_path / "m.onnx.data").exists()


def test_models_beyond_the_limit_of_protobuf_get_a_file_of_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = large(tmp_path)
    monkeypatch.setattr(emitter, "MOST_BYTES", 4000)
    save(module, tmp_path / "two.onnx")
    assert (tmp_path / "two.onnx.data").stat().st_size == 2400 + 2400
    offsets = [
        {entry.key: entry.value for entry in tensor.external_data}
        for tensor in onnx.load(tmp_path / "two.onnx", load_external_data=False).graph.initializer
    ]
    assert [o.get("offset") for o in offsets] == ["0", "2400", None]
    x = np.zeros(600, np.float32)
    np.testing.assert_array_equal(ort.run(tmp_path / "two.onnx", {"x": x})["y"], np.arange(600, dtype=np.float32) + 2)
    with pytest.raises(CompileError, match="and a protobuf file holds 4000"):
        save(module, tmp_path / "one.onnx", external_data=False)


def test_a_shared_weight_is_written_once(tmp_path: Path) -> None:
    module = large(tmp_path)
    a, b, _ = [op for op in module.main.body if isinstance(op, Initializer)]
    b.value = a.value
    save(module, tmp_path / "m.onnx", external_data=True)
    assert (tmp_path / "m.onnx.data").stat().st_size == 2400
    found = ort.run(tmp_path / "m.onnx", {"x": np.zeros(600, np.float32)})["y"]
    np.testing.assert_array_equal(found, 2 * np.arange(600, dtype=np.float32) + 1)


def test_weights_are_read_in_turn_and_not_kept(tmp_path: Path) -> None:
    module, function = made("Relu")
    loads: list[str] = []

    def load_ones() -> np.ndarray:
        loads.append("w")
        return np.ones((600,), np.float32)

    dense = module.add_resource("w", load_ones, TensorType((600,), F32))
    function.body.insert_before(function.body.first_op, Initializer(value=dense))
    save(module, tmp_path / "m.onnx")
    assert loads == ["w"] and dense.resource._array is None
    assert onnx.load(tmp_path / "m.onnx").graph.initializer[0].dims == [600]


def test_a_weight_that_is_not_there_or_of_another_type(tmp_path: Path) -> None:
    from nncc.ir import DenseResource, Resource

    module, function = made("Relu")
    elided = DenseResource(Resource("w", "w"), TensorType((600,), F32))
    weight = function.body.insert_before(function.body.first_op, Initializer(value=elided))
    with pytest.raises(CompileError, match="has no data"):
        save(module, tmp_path / "m.onnx")
    weight.value = module.add_resource("v", lambda: np.ones(7, np.float32), TensorType((600,), F32))
    with pytest.raises(CompileError, match="contradicts its type"):
        save(module, tmp_path / "m.onnx")


def test_a_failed_run_leaves_what_was_there(tmp_path: Path, module: Module) -> None:
    target = tmp_path / "m.onnx"
    target.write_bytes(b"mine")
    with pytest.raises(UsageError):
        driver.save(module, target, ir_version=99)
    assert target.read_bytes() == b"mine"
    assert {path.name for path in tmp_path.iterdir()} == {"m.onnx", "source.onnx"}


def test_a_model_can_replace_the_file_that_it_is_read_from(tmp_path: Path, module: Module) -> None:
    """Its weights are still views of that file."""
    path = tmp_path / "source.onnx"
    expected = ort.run(path, {"x": X})["y"]
    driver.save(module, path)
    np.testing.assert_array_equal(ort.run(path, {"x": X})["y"], expected)
