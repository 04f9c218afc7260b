"""onnx -> onnx dialect -> onnx says the same: every field of the models, and onnx's own checks of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper
from onnx_files import choice, convolution, differences, loop, model, port, scan, sequences, write

from nncc.backends.onnx import save
from nncc.frontends.onnx import load
from nncc.ir.parser import parse_module
from nncc.ir.printer import print_module
from nncc.ir.verifier import verify_module


def again(folder: Path, message: ModelProto) -> ModelProto:
    """The model that is written for a model, by way of the text of its module."""
    module = load(write(folder, message))
    verify_module(module)
    module = parse_module(print_module(module, constants="inline"))
    save(module, folder / "again.onnx")
    return onnx.load(folder / "again.onnx")


@pytest.mark.parametrize("build", [convolution, loop, choice, scan, sequences])
def test_networks(tmp_path: Path, build: Callable[[], ModelProto]) -> None:
    message = build()
    message.producer_name = "me"
    written = again(tmp_path, message)
    assert differences(message, written) == []
    onnx.checker.check_model(written, full_check=True)
    onnx.shape_inference.infer_shapes(written, check_type=True, strict_mode=True, data_prop=True)


def change(what: Callable[[ModelProto], object]) -> ModelProto:
    message = convolution()
    what(message)
    return message


def annotate(message: ModelProto) -> None:
    entry = message.graph.quantization_annotation.add(tensor_name="h")
    entry.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="bias")


def describe(message: ModelProto) -> None:
    message.graph.input[0].type.denotation = "IMAGE"
    message.graph.input[0].type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    message.graph.input[0].doc_string = "an input"
    message.graph.value_info.append(port("h", ["N", 4, 8, 8]))
    message.graph.value_info[0].doc_string = "a value"
    message.graph.node[0].doc_string = "a node"
    message.graph.node[0].attribute[0].doc_string = "an attribute"
    message.graph.node[0].metadata_props.add(key="namespace", value="layer")
    message.graph.initializer[0].doc_string = "a weight"
    message.graph.doc_string = message.doc_string = '日本語\n"quoted" \\ text'
    message.metadata_props.add(key="a", value="b")
    message.domain, message.model_version = "my.company", 7


def input_for_weight(message: ModelProto) -> None:
    message.graph.input.insert(0, port("weight", [4, 3, 3, 3]))
    message.graph.input.append(port("bias", [4]))


def sparse(message: ModelProto) -> None:
    values, indices = np.float32([3, 4]), np.int64([1, 3])
    message.graph.node.append(helper.make_node("Neg", ["s"], ["unused"]))
    message.graph.sparse_initializer.add(
        values=numpy_helper.from_array(values, "s"), indices=numpy_helper.from_array(indices), dims=[4]
    )


def custom(message: ModelProto) -> None:
    """A node that onnx knows nothing of, with all kinds of attributes."""
    inner = helper.make_graph([helper.make_node("Neg", ["y"], ["z"])], "inner", [], [onnx.ValueInfoProto(name="z")])
    node = message.graph.node.add(op_type="a/b::c", domain="x y", input=["y", ""], output=["", "more"], overload="o")
    kinds = {
        "empty_ints": (AttributeProto.INTS, None),
        "empty_floats": (AttributeProto.FLOATS, None),
        "empty_strings": (AttributeProto.STRINGS, None),
        "node_name": (AttributeProto.STRING, b"not the name"),
        "location": (AttributeProto.FLOAT, 0.1),
        "bytes": (AttributeProto.STRING, b"\xff\x00\xfe"),
        "type": (AttributeProto.TYPE_PROTO, helper.make_tensor_type_proto(TensorProto.FLOAT, ["N", 3])),
        "tensor": (AttributeProto.TENSOR, numpy_helper.from_array(np.float16([[1, 2]]), "named")),
        "tensors": (AttributeProto.TENSORS, [numpy_helper.from_array(np.int8([1])) for _ in range(2)]),
        "graph": (AttributeProto.GRAPH, inner),
        "graphs": (AttributeProto.GRAPHS, [inner, inner]),
    }
    fields = {
        AttributeProto.STRING: "s",
        AttributeProto.FLOAT: "f",
        AttributeProto.TYPE_PROTO: "tp",
        AttributeProto.TENSOR: "t",
        AttributeProto.TENSORS: "tensors",
        AttributeProto.GRAPH: "g",
        AttributeProto.GRAPHS: "graphs",
    }
    for name, (kind, value) in kinds.items():
        attribute = node.attribute.add(name=name, type=kind)
        if isinstance(value, list):
            getattr(attribute, fields[kind]).extend(value)
        elif isinstance(value, bytes | float):
            setattr(attribute, fields[kind], value)
        elif value is not None:
            getattr(attribute, fields[kind]).CopyFrom(value)
    message.opset_import.add(domain="x y", version=3)


def odd_names(message: ModelProto) -> None:
    message.graph.node[0].output[0] = message.graph.node[1].input[0] = 'conv/1:0 "q" é'
    message.graph.node[1].name = message.graph.node[0].name  # names of nodes may be the same


def training(message: ModelProto) -> None:
    info = message.training_info.add()
    info.initialization.name = "init"
    info.update_binding.add(key="weight", value="new")


@pytest.mark.parametrize("what", [annotate, describe, input_for_weight, sparse, custom, odd_names, training])
def test_what_a_file_may_say(tmp_path: Path, what: Callable[[ModelProto], None]) -> None:
    message = change(what)
    message.producer_name = "me"
    written = again(tmp_path, message)
    assert differences(message, written) == []
    assert list(written.training_info) == list(message.training_info)


@pytest.mark.parametrize(
    "array",
    [np.zeros((0, 3), np.float32), np.array(["a", "é", ""], object), np.array(2.5), np.array([1 + 2j], np.complex64)],
)
def test_constants_that_are_rare(tmp_path: Path, array: np.ndarray) -> None:
    message = model([helper.make_node("Identity", ["w"], ["y"])], [], ["y"], {"w": array}, producer_name="me")
    assert differences(message, again(tmp_path, message)) == []


NUMBERS = [name for name in dict(TensorProto.DataType.items()) if name.startswith(("FLOAT", "INT", "UINT", "BF"))]


@pytest.mark.skipif(
    helper.tensor_dtype_to_np_dtype(TensorProto.BFLOAT16).name != "bfloat16", reason="no arrays of small types"
)
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_every_type(tmp_path: Path, name: str) -> None:
    """In ``raw_data`` and in fields of numbers, packed and not."""
    kind = TensorProto.DataType.Value(name)
    for count in (3, 1000):
        raw = np.random.default_rng(0).integers(0, 2, count).astype(helper.tensor_dtype_to_np_dtype(kind))
        fields = helper.make_tensor("w", kind, [count], raw.astype(np.float32).astype(raw.dtype))
        for tensor in (numpy_helper.from_array(raw, "w"), fields):
            message = convolution()
            message.producer_name = "me"
            message.graph.initializer.append(tensor)
            assert differences(message, again(tmp_path, message)) == []
