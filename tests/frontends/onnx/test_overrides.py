"""Other shapes of inputs, and other outputs."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper
from onnx_files import convolution, model, port, write

from nncc.frontends.onnx import load
from nncc.ir import CompileError, Module, UsageError
from nncc.ir.dialects.onnx import OnnxOp
from nncc.ir.verifier import verify_module


def types(module: Module) -> dict[str, str]:
    values = [*module.main.inputs, *(r for op in module.main.body for r in op.results)]
    return {v.name: str(v.type) for v in values if v.name}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path, convolution())


@pytest.mark.parametrize("shape", ["x=1,3,8,8", ["x=1,3,8,8"], {"x": (1, 3, 8, 8)}])
def test_a_symbol_becomes_a_number_everywhere(path: Path, shape: object) -> None:
    found = types(load(path, input_shape=shape))
    assert (found["x"], found["h"], found["y"]) == (
        "tensor<1x3x8x8xf32>",
        "tensor<1x4x8x8xf32>",
        "tensor<1x4x8x8xf32>",
    )


def test_symbols_and_unknown_dimensions(path: Path) -> None:
    module = load(path, input_shape="x=batch,3,?,16")
    verify_module(module)
    assert types(module)["y"] == 'tensor<?x4x?x16xf32, {d0 = "batch"}>'


def test_declared_shapes_that_are_no_longer_true_are_forgotten(path: Path, tmp_path: Path) -> None:
    message = onnx.load(path)
    message.graph.value_info.append(port("h", ["N", 4, 8, 8]))
    found = types(load(write(tmp_path, message, "declared.onnx"), input_shape="x=2,3,20,30"))
    assert found["y"] == "tensor<2x4x20x30xf32>"


def test_a_symbol_of_two_inputs(tmp_path: Path) -> None:
    node = helper.make_node("Add", ["a", "b"], ["c"])
    path = write(tmp_path, model([node], [port("a", ["N", 2]), port("b", ["N", 2])], [port("c", ["N", 2])]))
    assert types(load(path, input_shape="a=5,2"))["b"] == "tensor<5x2xf32>"
    with pytest.raises(UsageError, match="the dimension 'N' would become 5 and 6"):
        load(path, input_shape=["a=5,2", "b=6,2"])


def test_names_with_equals_signs_and_scalars(tmp_path: Path) -> None:
    node = helper.make_node("Neg", ["a=b"], ["c"])
    path = write(tmp_path, model([node], [port("a=b", None)], ["c"]))
    assert types(load(path, input_shape="a=b=2,3"))["c"] == "tensor<2x3xf32>"
    assert types(load(path, input_shape="a=b="))["c"] == "tensor<f32>"


@pytest.mark.parametrize(
    "shape, reason",
    [
        ("z=1", "the model has no input 'z'"),
        ("x=1,3", "has 4 dimensions, got 2"),
        ("x", "'x' is no shape of an input"),
        ("x=1,3,8,-8", "'-8' is no dimension"),
        ("x=1,3,8,8.5", "'8.5' is no dimension"),
        (["x=1,3,8,8", "x=2,3,8,8"], "is given twice"),
        ("x=1,3,8,99999999999999999999", "is no dimension"),
    ],
)
def test_shapes_that_are_none(path: Path, shape: object, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        load(path, input_shape=shape)


@pytest.fixture
def diamond(tmp_path: Path) -> Path:
    """a = -x, b = |y|, c = a + b"""
    nodes = [
        helper.make_node("Neg", ["x"], ["a"]),
        helper.make_node("Abs", ["y"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["c"]),
    ]
    return write(tmp_path, model(nodes, [port("x", [2]), port("y", [2])], [port("c", [2])]))


def test_a_shape_that_a_node_contradicts(diamond: Path) -> None:
    with pytest.raises(CompileError, match="Add contradicts the types around it: Incompatible dimensions"):
        load(diamond, input_shape="x=3")


def test_a_cut_leaves_out_what_is_not_needed(diamond: Path) -> None:
    module = load(diamond, outputs=["b"])
    verify_module(module)
    assert (module.main.input_names, module.main.output_names) == (["y"], ["b"])
    assert [op.op_type for op in module.main.body if isinstance(op, OnnxOp)] == ["Abs"]


@pytest.mark.parametrize("outputs", ["c,a", ["c", "a"], ["c,a"], ["c", "a", "c"]])
def test_several_outputs(diamond: Path, outputs: object) -> None:
    assert load(diamond, outputs=outputs).main.output_names == ["c", "a"]


def test_a_tensor_whose_name_has_a_comma(tmp_path: Path) -> None:
    nodes = [helper.make_node("Neg", ["x"], ["a,b"]), helper.make_node("Abs", ["a,b"], ["c"])]
    path = write(tmp_path, model(nodes, [port("x", [2])], ["c"]))
    assert load(path, outputs="a,b").main.output_names == ["a,b"]


def test_a_cut_drops_weights(path: Path) -> None:
    assert not load(path, outputs=["x"]).resources


def test_outputs_that_are_not_there(diamond: Path) -> None:
    with pytest.raises(UsageError, match="the model has no tensor 'cc'") as caught:
        load(diamond, outputs="cc")
    assert "did you mean c?" in str(caught.value)
    with pytest.raises(UsageError, match="no output is named"):
        load(diamond, outputs="")


def test_an_input_without_shape(tmp_path: Path) -> None:
    node = helper.make_node("SequenceLength", ["s"], ["n"])
    port_ = helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None)
    path = write(tmp_path, model([node], [port_], ["n"]))
    with pytest.raises(UsageError, match="it has no shape"):
        load(path, input_shape="s=1")
