"""What a sound file becomes in the onnx dialect."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_files import convolution, model, port, write
from xdsl_reader import xdsl_reads

from nncc.frontends.onnx import load
from nncc.ir import CompileError, DenseResource, Diagnostics, Module
from nncc.ir.dialects.onnx import CustomOp, Initializer, OnnxOp
from nncc.ir.parser import parse_module
from nncc.ir.printer import print_module
from nncc.ir.verifier import verify_module


def nodes(module: Module) -> list[OnnxOp]:
    return [op for op in module.main.body if isinstance(op, OnnxOp)]


def types(module: Module) -> dict[str, str]:
    return {r.name: str(r.type) for op in module.main.body for r in op.results if r.name}


def test_a_network(tmp_path: Path) -> None:
    module = load(write(tmp_path, convolution()))
    verify_module(module)
    assert module.main.input_names == ["x"]
    assert module.main.output_names == ["y"]
    assert str(module.main.inputs[0].type) == 'tensor<?x3x8x8xf32, {d0 = "N"}>'
    assert types(module)["h"] == 'tensor<?x4x8x8xf32, {d0 = "N"}>'
    conv, relu = nodes(module)
    assert (conv.op_type, conv.domain, conv.node_name, conv.version) == ("Conv", "", "conv", 11)
    assert (conv.get("pads"), conv.get("group"), conv.get("auto_pad"), conv.get("strides")) == (
        (1, 1, 1, 1),
        1,
        "NOTSET",
        None,
    )
    assert relu.operands == (conv.result,)
    assert str(relu.location) == f"{tmp_path}/m.onnx: 'main_graph': 'relu' (#1)"
    assert module.attributes["onnx.opset_import"] == {"": 17}


def test_weights_are_views_of_the_file(tmp_path: Path) -> None:
    module = load(write(tmp_path, convolution()))
    weight = next(op.value for op in module.main.body if isinstance(op, Initializer) and op.tensor.name == "weight")
    assert isinstance(weight, DenseResource) and weight.resource.name == "weight"
    array = weight.numpy()
    assert not array.flags.owndata and not array.flags.writeable
    expected = np.random.default_rng(0).standard_normal((4, 3, 3, 3), np.float32)
    np.testing.assert_array_equal(array, expected)


def test_the_text_is_the_model(tmp_path: Path) -> None:
    module = load(write(tmp_path, convolution()))
    text = print_module(module, constants="inline")
    assert print_module(parse_module(text), constants="inline") == text
    xdsl_reads(print_module(module))


@pytest.mark.parametrize("opset", [1, 6, 7, 12, 13, 21, onnx.defs.onnx_opset_version()])
def test_a_node_means_what_its_opset_says(tmp_path: Path, opset: int) -> None:
    extra = {"consumed_inputs": [0, 0], "broadcast": 1} if opset == 1 else {"broadcast": 1} if opset == 6 else {}
    node = helper.make_node("Add", ["a", "b"], ["c"], **extra)
    message = model([node], [port("a", [2]), port("b", [2])], ["c"], opsets={"": opset})
    (add,) = nodes(load(write(tmp_path, message)))
    assert add.version == onnx.defs.get_schema("Add", opset, "").since_version


def test_initializers_that_are_inputs_are_constants(tmp_path: Path) -> None:
    message = convolution()
    message.graph.input.insert(0, port("bias", [4]))
    module = load(write(tmp_path, message))
    assert module.main.input_names == ["x"]
    bias = next(op for op in module.main.body if isinstance(op, Initializer) and op.tensor.name == "bias")
    assert bias.graph_input == {"position": 0}


def test_unsorted_nodes_are_sorted(tmp_path: Path) -> None:
    message = convolution()
    conv, relu = list(message.graph.node)
    del message.graph.node[:]
    message.graph.node.extend([relu, conv])
    module = load(write(tmp_path, message))
    verify_module(module)
    assert [op.op_type for op in nodes(module)] == ["Conv", "Relu"]
    assert nodes(module)[0].location.origins[0].index == 1  # the place in the file


def test_inputs_and_outputs_that_are_left_out(tmp_path: Path) -> None:
    node = helper.make_node("LSTM", ["x", "w", "r", "", "", "h0"], ["", "h"], hidden_size=2)
    weights = {"w": np.zeros((1, 8, 3), np.float32), "r": np.zeros((1, 8, 2), np.float32)}
    message = model([node], [port("x", [5, 1, 3]), port("h0", [1, 1, 2])], ["h"], weights)
    (lstm,) = nodes(load(write(tmp_path, message)))
    assert [v and v.name for v in lstm.operands] == ["x", "w", "r", None, None, "h0"]
    assert [r.name for r in lstm.results] == [None, "h"]


def branch(name: str, operator: str) -> onnx.GraphProto:
    return helper.make_graph(
        [helper.make_node(operator, ["x"], [f"{name}_out"])], name, [], [port(f"{name}_out", None)]
    )


def test_graphs_are_regions_that_use_the_values_around_them(tmp_path: Path) -> None:
    node = helper.make_node("If", ["c"], ["y"], else_branch=branch("no", "Neg"), then_branch=branch("yes", "Relu"))
    message = model([node], [port("c", [], TensorProto.BOOL), port("x", ["N", 3])], [port("y", None)])
    module = load(write(tmp_path, message))
    verify_module(module)
    (condition,) = nodes(module)
    assert condition.graph_names == ("then_branch", "else_branch")
    first = condition.regions[0].block.first_op
    assert first is not None and first.name == "onnx.Relu" and first.operands == (module.main.inputs[1],)
    assert str(first.results[0].type) == 'tensor<?x3xf32, {d0 = "N"}>'
    assert condition.graph("else_branch") is condition.regions[1]


def test_loop_bodies_have_arguments(tmp_path: Path) -> None:
    body = helper.make_graph(
        [helper.make_node("Add", ["v", "x"], ["w"]), helper.make_node("Identity", ["keep"], ["keep_out"])],
        "body",
        [port("i", [], TensorProto.INT64), port("keep", [], TensorProto.BOOL), port("v", [2])],
        [port("keep_out", [], TensorProto.BOOL), port("w", [2])],
    )
    node = helper.make_node("Loop", ["n", "", "x"], ["y"], body=body)
    message = model([node], [port("n", [], TensorProto.INT64), port("x", [2])], [port("y", [2])])
    module = load(write(tmp_path, message))
    verify_module(module)
    (loop,) = nodes(module)
    block = loop.regions[0].block
    assert [a.name for a in block.args] == ["i", "keep", "v"]
    assert block.last_op is not None and block.last_op.name == "onnx.yield" and len(block.last_op.operands) == 2


def test_operators_without_schema_are_carried(tmp_path: Path) -> None:
    custom = helper.make_node(
        "Fancy", ["x"], ["h"], domain="my.own", level=3, empty=helper.make_attribute("e", [1]).ints
    )
    odd = helper.make_node("aten::add", ["h"], ["y"], domain="a b")
    message = model([custom, odd], [port("x", [1])], ["y"], opsets={"": 17, "my.own": 2, "a b": 1})
    module = load(write(tmp_path, message))
    verify_module(module)
    fancy, add = nodes(module)
    assert isinstance(fancy, CustomOp) and fancy.name == "onnx.my.own.Fancy" and fancy.version == 0
    assert (fancy.op_type, fancy.domain, fancy.opset, fancy.get("level")) == ("Fancy", "my.own", 2, 3)
    assert (add.op_type, add.domain) == ("aten::add", "a b")
    text = print_module(module)
    copy = parse_module(text)
    assert print_module(copy) == text
    assert nodes(copy)[1].op_type == "aten::add"


@pytest.mark.parametrize(
    "attribute",
    [
        {"value": numpy_helper.from_array(np.float32([[1, 2]]))},
        {"value_float": 0.1},
        {"value_floats": [0.5, 1.5]},
        {"value_int": -(2**63)},
        {"value_ints": [1, 2]},
        {"value_string": "abc"},
        {"value_strings": ["a", ""]},
    ],
    ids=lambda attribute: next(iter(attribute)),
)
def test_constants_of_every_form(tmp_path: Path, attribute: dict) -> None:
    message = model([helper.make_node("Constant", [], ["y"], **attribute)], [], ["y"])
    module = load(write(tmp_path, message))
    ((key, value),) = nodes(module)[0].onnx_attributes().items()
    expected = attribute[key]
    if key == "value":
        np.testing.assert_array_equal(value.numpy(), numpy_helper.to_array(expected))
    else:
        assert value == (tuple(expected) if isinstance(expected, list) else expected)


def test_sparse_initializers_are_dense_values(tmp_path: Path) -> None:
    message = model([helper.make_node("Neg", ["s"], ["y"])], [], [port("y", [2, 3])])
    values = numpy_helper.from_array(np.float32([5, 7]), "s")
    message.graph.sparse_initializer.add(
        values=values, indices=numpy_helper.from_array(np.int64([[0, 1], [1, 2]])), dims=[2, 3]
    )
    module = load(write(tmp_path, message))
    dense = next(op for op in module.main.body if isinstance(op, Initializer))
    np.testing.assert_array_equal(dense.value.numpy(), [[0, 5, 0], [0, 0, 7]])


def test_sequences_and_optionals_have_types(tmp_path: Path) -> None:
    nodes_ = [
        helper.make_node("SequenceConstruct", ["x", "x"], ["s"]),
        helper.make_node("Optional", ["s"], ["o"]),
        helper.make_node("OptionalHasElement", ["o"], ["y"]),
    ]
    found = types(load(write(tmp_path, model(nodes_, [port("x", [2])], ["y"]))))
    assert found["s"] == "!nncc.sequence<tensor<2xf32>>"
    assert found["o"] == "!nncc.optional<!nncc.sequence<tensor<2xf32>>>"
    assert found["y"] == "tensor<i1>"


def test_dimensions_that_only_inference_names_are_unknown(tmp_path: Path) -> None:
    message = model([helper.make_node("NonZero", ["x"], ["y"])], [port("x", [2, "N"])], ["y"])
    assert types(load(write(tmp_path, message)))["y"] == "tensor<2x?xi64>"


@pytest.mark.parametrize("extension", ["onnxtxt", "textproto"])
def test_text(tmp_path: Path, extension: str) -> None:
    message = model([helper.make_node("Relu", ["x"], ["y"])], [port("x", ["N", 3])], [port("y", ["N", 3])])
    path = tmp_path / f"m.{extension}"
    text = onnx.printer.to_text(message) if extension == "onnxtxt" else str(message)
    path.write_text(text, encoding="utf-8")
    assert [op.op_type for op in nodes(load(path))] == ["Relu"]


def test_what_a_model_has_beside_its_graph(tmp_path: Path) -> None:
    message = convolution()
    message.producer_name, message.doc_string, message.model_version = "me", "a model", 3
    message.metadata_props.add(key="k", value="v")
    message.graph.doc_string = "a graph"
    module = load(write(tmp_path, message))
    expected = {
        "onnx.producer_name": "me",
        "onnx.doc_string": "a model",
        "onnx.model_version": 3,
        "onnx.metadata": {"k": "v"},
        "onnx.graph_name": "main_graph",
        "onnx.graph_doc_string": "a graph",
        "onnx.ir_version": 9,
    }
    assert expected.items() <= module.attributes.items()


def test_a_model_that_inference_dies_of_keeps_its_declared_types(tmp_path: Path) -> None:
    node = helper.make_node("LayerNormalization", ["x", "w"], ["y"], axis=2**40)
    message = model([node], [port("x", [2, 3]), port("w", [3])], [port("y", [2, 3])])
    found = Diagnostics()
    try:
        module = load(write(tmp_path, message), diagnostics=found)
    except CompileError as error:  # a newer onnx may see what is wrong
        assert "axis" in str(error)
    else:
        assert types(module)["y"] == "tensor<2x3xf32>"
