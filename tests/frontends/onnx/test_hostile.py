"""Broken and hostile files: each is refused with the file, the place, the reason and what to do."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx_files import convolution, model, port, write

from nncc.frontends.onnx import load
from nncc.ir import CompileError, UsageError
from nncc.ir.wire import varint


def refusal(path: Path) -> str:
    """The message of the error; every one of its diagnostics names the file and a remedy."""
    with pytest.raises(CompileError) as caught:
        load(path)
    for diagnostic in caught.value.diagnostics:
        assert diagnostic.remedy and diagnostic.location.origins[0].file == str(path)
    return str(caught.value)


def nodes(*wanted: onnx.NodeProto, **more: object) -> ModelProto:
    """A model of nodes on x, which has 2 elements."""
    return model(wanted, [port("x", [2])], ["y"], **more)


RELU = helper.make_node("Relu", ["x"], ["y"], "relu")


# Files


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    whole = convolution().SerializeToString()
    path = tmp_path / "m.onnx"
    for length in (len(whole) - 1, len(whole) // 2, 200):
        path.write_bytes(whole[:length])
        assert "the file is truncated, damaged, or no ONNX model" in refusal(path)


@pytest.mark.parametrize(
    "content", [b"GGUF\x03\x00\x00\x00 and so on", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04" + bytes(100)]
)
def test_files_that_are_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    assert "no ONNX model" in refusal(path)


def test_an_empty_file_and_one_without_graph(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"")
    assert "the file is empty" in refusal(path)
    path.write_bytes(ModelProto(ir_version=8).SerializeToString())
    assert "the file holds no graph" in refusal(path)


def test_what_is_no_single_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="an ONNX model is one file"):
        load([tmp_path / "a.onnx", tmp_path / "b.onnx"])
    assert "the file cannot be read" in refusal(tmp_path)


def test_messages_that_are_nested_too_deeply(tmp_path: Path) -> None:
    graph = b""
    for _ in range(300):  # a graph in an attribute of a node of a graph ...
        for number in (6, 5, 1):
            graph = varint(number << 3 | 2) + varint(len(graph)) + graph
    path = tmp_path / "m.onnx"
    path.write_bytes(varint(7 << 3 | 2) + varint(len(graph)) + graph)
    assert "no ONNX model" in refusal(path)


@pytest.mark.parametrize("text", ["{" * 500, "graph { node { op_type: 3 } }", "\xff"])
def test_texts_that_are_no_models(tmp_path: Path, text: str) -> None:
    for extension in ("onnxtxt", "textproto"):
        path = tmp_path / f"m.{extension}"
        path.write_bytes(text.encode("latin-1"))
        assert refusal(path)


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(nodes(RELU).SerializeToString().replace(b"relu", b"re\xffu"))
    assert "the name b're\\xffu' is not UTF-8" in refusal(path)


# Graphs


def test_a_cycle_is_named(tmp_path: Path) -> None:
    loop = [
        helper.make_node("Add", ["x", "c"], ["a"], "first"),
        helper.make_node("Neg", ["a"], ["b"], "second"),
        helper.make_node("Abs", ["b"], ["c"], "third"),
        helper.make_node("Relu", ["b"], ["y"], "end"),
    ]
    message = refusal(write(tmp_path, nodes(*loop)))
    assert "the graph is cyclic" in message
    assert any(" -> ".join(names) in message for names in CYCLES)


CYCLES = [
    ("first", "second", "third", "first"),
    ("second", "third", "first", "second"),
    ("third", "first", "second", "third"),
]


def test_a_node_that_needs_itself(tmp_path: Path) -> None:
    assert "add -> add" in refusal(write(tmp_path, nodes(helper.make_node("Add", ["x", "y"], ["y"], "add"))))


@pytest.mark.parametrize(
    "message, reason",
    [
        (nodes(helper.make_node("Relu", ["z"], ["y"], "relu")), "'relu' takes 'z', which nothing makes"),
        (nodes(helper.make_node("Relu", ["x"], ["z"])), "the output 'y' is made by nothing"),
        (nodes(RELU, RELU), "'y' is made twice"),
        (nodes(helper.make_node("Relu", ["x"], ["x"])), "'x' is made twice"),
        (nodes(helper.make_node("", ["x"], ["y"], "n")), "the node 'n' means nothing: it has no operator"),
        (nodes(helper.make_node("F", ["x"], ["y"], domain="d")), "the model does not import the domain 'd'"),
        (nodes(helper.make_node("Relu", [], ["y"])), "'onnx.Relu' op expected 1 operands, got 0"),
        (nodes(helper.make_node("Relu", ["x", "x"], ["y"])), "'onnx.Relu' op expected 1 operands, got 2"),
        (nodes(helper.make_node("Relu", ["x"], ["y", "z"])), "'onnx.Relu' op expected 1 results, got 2"),
        (
            nodes(helper.make_node("Relu", ["x"], ["y"], level=1)),
            "'onnx.Relu' op has no attribute 'level' in version 14",
        ),
        (nodes(helper.make_node("Cast", ["x"], ["y"])), "'onnx.Cast' op expected attribute 'to'"),
        (nodes(helper.make_node("Cast", ["x"], ["y"], to="f")), "expected attribute 'to' to be of type INT"),
        (nodes(helper.make_node("If", ["x"], ["y"])), "expected regions for then_branch and else_branch, got 0"),
        (nodes(helper.make_node("Gelu", ["x"], ["y"])), "'onnx.Gelu' op is not in version 17"),
        (nodes(RELU, opsets={"": 10**6}), "version 1000000 of the operators of 'ai.onnx' is not known"),
        (nodes(RELU, opsets={"": 0}), "version 0 of the operators"),
        (nodes(RELU, opsets={"": 17, "ai.onnx": 13}), "the domain '' is imported in two versions"),
        (nodes(RELU, ir_version=10**6), "the file is of ONNX's IR version 1000000"),
        (model([RELU], [port("x", [2]), port("x", [2])], ["y"]), "the input 'x' is listed twice"),
        (model([RELU], [port("x", [2])], ["y", "y"]), "the output 'y' is listed 2 times"),
        (model([RELU], [onnx.ValueInfoProto(name="x")], ["y"]), "the input 'x' has no type"),
        (model([RELU], [port("x", [1] * 40)], ["y"]), "it has 40 dimensions; 32 are possible"),
        (model([RELU], [port("x", [2], 99)], ["y"]), "there is no element type 99"),
        (model([RELU], [port("x", [2])], [port("y", [3])]), "Relu contradicts the types around it"),
        (model([RELU], [port("x", [2])], [port("y", [2], TensorProto.INT8)]), "Relu contradicts the types around it"),
        (model([], [port("x", [2])], [port("x", [3])]), "'x' is of type tensor<2xf32>, but is declared"),
        (
            model([helper.make_node("Add", ["x", "z"], ["y"])], [port("x", [2]), port("z", [3])], ["y"]),
            "Add contradicts the types around it: Incompatible dimensions",
        ),
    ],
)
def test_graphs_that_are_not_sound(tmp_path: Path, message: ModelProto, reason: str) -> None:
    assert reason in refusal(write(tmp_path, message))


def test_all_problems_are_told_at_once_but_no_more_than_a_page(tmp_path: Path) -> None:
    two = nodes(helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Neg", ["c"], ["y"]))
    text = refusal(write(tmp_path, two))
    assert "takes 'a'" in text and "takes 'c'" in text
    many = nodes(*(helper.make_node("Relu", [f"a{i}"], [f"b{i}"]) for i in range(1000)))
    assert refusal(write(tmp_path, many)).count("error:") == 100


def nested(levels: int, innermost: onnx.NodeProto) -> onnx.NodeProto:
    """A node inside of so many graphs; all make y."""
    for _ in range(levels):
        outputs = [onnx.ValueInfoProto(name="y")]
        then = helper.make_graph([innermost], "then", [], outputs)
        other = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "else", [], outputs)
        innermost = helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)
    return innermost


def test_graphs_in_graphs(tmp_path: Path) -> None:
    ports = [port("c", [], TensorProto.BOOL), port("x", [2])]
    path = write(tmp_path, model([nested(25, helper.make_node("Abs", ["x"], ["y"]))], ports, ["y"]))
    module = load(path)
    assert sum(op.name == "onnx.If" for op in module.walk()) == 25
    body = [nested(20, helper.make_node("Abs", ["x"], ["y"]))]
    deep = helper.make_function("local", "Deep", ["c", "x"], ["y"], body, [helper.make_opsetid("", 17)])
    caller = nested(20, helper.make_node("Deep", ["c", "x"], ["y"], domain="local"))
    message = model([caller], ports, ["y"], opsets={"": 17, "local": 1}, functions=[deep])
    assert "graphs are nested more than 32 deep" in refusal(write(tmp_path, message))


def test_a_graph_that_is_not_there(tmp_path: Path) -> None:
    node = nested(1, helper.make_node("Abs", ["x"], ["y"]))
    del node.attribute[0]
    message = model([node], [port("c", [], TensorProto.BOOL), port("x", [2])], ["y"])
    assert "'onnx.If' op expected attribute" in refusal(write(tmp_path, message))


# Tensors


def with_tensor(**fields: object) -> ModelProto:
    """A model whose only weight has these fields."""
    message = nodes(helper.make_node("Add", ["x", "w"], ["y"]))
    tensor = message.graph.initializer.add(name="w", data_type=TensorProto.FLOAT)
    for field, value in fields.items():
        if isinstance(value, list):
            getattr(tensor, field).extend(value)
        else:
            setattr(tensor, field, value)
    return message


@pytest.mark.parametrize(
    "fields, reason",
    [
        ({"dims": [2], "raw_data": bytes(7)}, "it has 7 bytes of data, but its type tensor<2xf32> takes 8"),
        ({"dims": [2]}, "it has 0 values, but its type tensor<2xf32> takes 2"),
        ({"dims": [2], "float_data": [1.0]}, "it has 1 values"),
        (
            {"dims": [600], "raw_data": bytes(2396)},
            "it has 2396 bytes of data, but its type tensor<600xf32> takes 2400",
        ),
        ({"dims": [-1], "float_data": [1.0]}, "it has the dimensions [-1]"),
        ({"dims": [2**62, 4], "raw_data": bytes(8)}, "it is too large"),
        ({"dims": [2**40], "raw_data": bytes(8)}, "it has 8 bytes of data"),
        ({"dims": [1] * 33, "float_data": [1.0]}, "it has 33 dimensions"),
        ({"data_type": 77, "raw_data": bytes(8)}, "there is no element type 77"),
        ({"data_type": 0, "raw_data": bytes(8)}, "there is no element type 0"),
        ({"data_type": TensorProto.STRING, "raw_data": bytes(8)}, "strings cannot be stored as bytes"),
        ({"data_type": TensorProto.INT4, "dims": [3], "raw_data": bytes(3)}, "takes 2"),
    ],
)
def test_tensors_that_are_not_sound(tmp_path: Path, fields: dict, reason: str) -> None:
    text = refusal(write(tmp_path, with_tensor(**fields)))
    assert "the tensor 'w' cannot be read" in text and reason in text
    assert text.count("error:") == 1


def test_tensors_without_name_or_with_one_that_is_taken(tmp_path: Path) -> None:
    message = with_tensor(dims=[2], float_data=[1.0, 2.0])
    message.graph.initializer.add().CopyFrom(message.graph.initializer[0])
    assert "'w' is made twice" in refusal(write(tmp_path, message))
    del message.graph.initializer[1]
    message.graph.initializer[0].name = ""
    assert "an initializer has no name" in refusal(write(tmp_path, message))


@pytest.mark.parametrize(
    "indices, dims, reason",
    [
        ([[0, 9]], [2, 3], "an index lies outside of its dimensions"),
        ([[0, -1]], [2, 3], "an index lies outside of its dimensions"),
        ([6], [2, 3], "an index lies outside of its dimensions"),
        ([[0, 0]], [2**31, 2**31], "it is too large"),
        ([[0, 0]], [2**20, 2**20], "bytes as a dense one"),
        ([[0, 0, 0]], [2, 3], "its indices have the type"),
    ],
)
def test_sparse_tensors_that_are_not_sound(tmp_path: Path, indices: list, dims: list[int], reason: str) -> None:
    message = nodes(helper.make_node("Add", ["x", "s"], ["y"]))
    message.graph.sparse_initializer.add(
        values=numpy_helper.from_array(np.float32([5]), "s"),
        indices=numpy_helper.from_array(np.int64(indices)),
        dims=dims,
    )
    assert reason in refusal(write(tmp_path, message))


def test_a_vector_of_unlimited_length_is_not_made(tmp_path: Path) -> None:
    """onnx's inference would make the 2**62 dimensions of the shape that the vector could be."""
    node = helper.make_node("Reshape", ["x", "s"], ["y"])
    message = model([node], [port("x", [2]), port("s", [2**62], TensorProto.INT64)], ["y"])
    assert str(load(write(tmp_path, message)).main.inputs[1].type) == f"tensor<{2**62}xi64>"


def test_nan_is_a_number_like_others(tmp_path: Path) -> None:
    message = with_tensor(dims=[2], float_data=[float("nan"), float("inf")])
    message.graph.node[0].CopyFrom(helper.make_node("Elu", ["w"], ["y"], alpha=float("nan")))
    assert load(write(tmp_path, message)).main.output_names == ["y"]
