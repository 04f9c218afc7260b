"""Types by onnx's own inference: what it is told, what is kept of its answers, and how it may end."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_files import convolution, model, port, write

from nncc.frontends.onnx import load
from nncc.ir import Diagnostics
from nncc.ir.dialects.onnx import isolation
from nncc.ir.dialects.onnx.inference import infer_types
from nncc.ir.dialects.onnx.isolation import InferenceDied, InferenceFault, infer_shapes
from nncc.ir.types import UnknownType


def test_the_answer_is_that_of_onnx() -> None:
    found = infer_shapes(convolution(), strict=True)
    assert [info.name for info in found.graph.value_info] == ["h"]


def test_faults_are_told_if_they_are_asked_for() -> None:
    node = helper.make_node("Add", ["x", "z"], ["y"], "#0")
    message = model([node], [port("x", [2]), port("z", [3])], ["y"])
    with pytest.raises(InferenceFault, match="Incompatible dimensions"):
        infer_shapes(message, strict=True)
    assert infer_shapes(message, strict=False).graph.name == "main_graph"


@pytest.mark.skipif(not hasattr(isolation.os, "fork"), reason="this system cannot fork")
def test_an_end_of_the_inference_is_not_that_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(data: bytes, strict: bool) -> bytes:
        isolation.os.abort()

    monkeypatch.setattr(isolation, "_infer", crash)
    with pytest.raises(InferenceDied, match="SIGABRT"):
        infer_shapes(convolution(), strict=True)


@pytest.mark.skipif(not hasattr(isolation.os, "fork"), reason="this system cannot fork")
def test_an_inference_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def turn(data: bytes, strict: bool) -> bytes:
        while True:
            pass

    monkeypatch.setattr(isolation, "_infer", turn)
    monkeypatch.setattr(isolation, "_SECONDS", 1)
    with pytest.raises(InferenceDied, match="SIGXCPU"):
        infer_shapes(convolution(), strict=True)


def test_where_no_process_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise OSError("no more processes")

    monkeypatch.setattr(isolation.os, "fork", refuse, raising=False)
    assert infer_shapes(convolution(), strict=True).graph.value_info


def test_after_its_death_the_declared_types_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(message: object, strict: bool) -> None:
        raise InferenceDied("SIGSEGV")

    monkeypatch.setattr("nncc.ir.dialects.onnx.inference.infer_shapes", die)
    found = Diagnostics()
    module = load(write(tmp_path, convolution()), diagnostics=found)
    assert [str(v.type) for v in module.main.outputs] == ['tensor<?x4x8x8xf32, {d0 = "N"}>']
    (warning,) = found.warnings
    assert "onnx's shape inference cannot take this model (SIGSEGV)" in warning.message and warning.remedy


def test_values_behind_unknown_operators(tmp_path: Path) -> None:
    """Some of onnx's operators look at the type of their input, whether there is one or not."""
    nodes = [
        helper.make_node("Secret", ["x"], ["a"], domain="my.own"),
        helper.make_node("LabelEncoder", ["a"], ["b"], domain="ai.onnx.ml", keys_strings=["k"], values_int64s=[1]),
        helper.make_node("Relu", ["x"], ["c"]),
    ]
    imports = {"": 17, "my.own": 1, "ai.onnx.ml": 4}
    module = load(write(tmp_path, model(nodes, [port("x", [2])], ["b", "c"], opsets=imports)))
    assert module.main.outputs[0].type == UnknownType()
    assert str(module.main.outputs[1].type) == "tensor<2xf32>"


def test_shapes_that_are_computed_from_weights(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Concat", ["n", "rest"], ["shape"], axis=0),
        helper.make_node("Reshape", ["x", "shape"], ["y"]),
    ]
    weights = {"zero": np.int64([0]), "rest": np.int64([12]), "unused": np.zeros((500, 500), np.float32)}
    module = load(write(tmp_path, model(nodes, [port("x", ["N", 3, 4])], ["y"], weights)))
    assert str(module.main.outputs[0].type) == 'tensor<?x12xf32, {d0 = "N"}>'


def test_types_can_be_inferred_again(tmp_path: Path) -> None:
    module = load(write(tmp_path, convolution()))
    module.main.inputs[0].type = module.main.inputs[0].tensor.with_shape((5, 3, 8, 8))
    for op in module.main.body:
        for result in op.results:
            if result.name in ("h", "y"):
                result.type = UnknownType()
    found = Diagnostics()
    infer_types(module, found)
    assert not found.items
    assert str(module.main.outputs[0].type) == "tensor<5x4x8x8xf32>"


def test_integers_longer_than_shapes_are(tmp_path: Path) -> None:
    indices = np.arange(200_000)
    node = helper.make_node("Gather", ["indices", "x"], ["y"])
    message = model([node], [port("x", [7], TensorProto.INT64)], ["y"], {"indices": indices})
    assert str(load(write(tmp_path, message)).main.outputs[0].type) == "tensor<7xi64>"
