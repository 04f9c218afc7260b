"""Frozen graphs: ports, functions, tensors, and files that are damaged or hostile. No TensorFlow is needed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncc.frontends.tf import load
from nncc.frontends.tf.lift import LiftTf
from nncc.ir import CompileError, Diagnostics, Module, NnccError, UsageError
from nncc.ir.dialects.tf import TfOp
from nncc.ir.dialects.tf.messages import message_class
from nncc.ir.passes import PassContext
from nncc.pipelines import registry
from nncc.tools.execute import open_model

FLOAT, INT32 = 1, 3


def graph(*nodes: Any, producer: int = 2000) -> Any:
    """A ``GraphDef`` of these nodes."""
    message = message_class("GraphDef")(node=nodes)
    message.versions.producer = producer
    return message


def node(name: str, op: str, *inputs: str, **attributes: Any) -> Any:
    """A node; attributes are by the field of the message: ``T=("type", 1)``."""
    message = message_class("NodeDef")(name=name, op=op, input=inputs)
    for key, (field, value) in attributes.items():
        target = message.attr[key]
        if field == "shape":
            target.shape.SetInParent()
            for size in value:
                target.shape.dim.add(size=size)
        elif field == "func":
            target.func.name = value
        elif field == "tensor":
            target.tensor.CopyFrom(value)
        else:
            setattr(target, field, value)
    return message


def placeholder(name: str, *shape: int) -> Any:
    return node(name, "Placeholder", dtype=("type", FLOAT), shape=("shape", shape))


def constant(name: str, array: np.ndarray) -> Any:
    dtype = {"float32": FLOAT, "int32": INT32}[array.dtype.name]
    tensor = message_class("TensorProto")(dtype=dtype, tensor_content=array.tobytes())
    tensor.tensor_shape.SetInParent()
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    return node(name, "Const", dtype=("type", dtype), value=("tensor", tensor))


def call(name: str, callee: str, argument: str) -> Any:
    message = node(name, "PartitionedCall", argument, f=("func", callee))
    message.attr["Tout"].list.type.append(FLOAT)
    return message


def function(name: str, argument: str, result: str, *nodes: Any) -> Any:
    """A function of one argument."""
    message = message_class("FunctionDef")(node_def=nodes)
    message.signature.name = name
    message.signature.input_arg.add(name=argument, type=FLOAT)
    message.signature.output_arg.add(name="result", type=FLOAT)
    message.ret["result"] = result
    return message


def read(folder: Path, message: Any, **options: Any) -> Module:
    path = folder / "m.pb"
    path.write_bytes(message.SerializeToString())
    return load(path, **options)


def evaluated(module: Module, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    LiftTf().run(module, PassContext())
    return module.evaluate(inputs)


def ops(module: Module) -> list[TfOp]:
    return [op for op in module.main.body if isinstance(op, TfOp)]


SQUARE_AND_EXP = graph(
    placeholder("x", -1, 3),
    node("a", "Square", "x", T=("type", FLOAT)),
    node("b", "Exp", "a", T=("type", FLOAT)),
    node("c", "Neg", "a", T=("type", FLOAT)),
)
X = np.array([[1, 2, 3], [-1, 0, 0.5]], np.float32)


# Ports


def test_placeholders_are_inputs_and_what_nothing_takes_are_outputs(tmp_path: Path) -> None:
    module = read(tmp_path, SQUARE_AND_EXP)
    assert module.main.input_names == ["x"]
    assert str(module.main.inputs[0].type) == "tensor<?x3xf32>"
    assert module.main.output_names == ["b", "c"]
    found = evaluated(module, x=X)
    np.testing.assert_allclose(found["b"], np.exp(X * X), 1e-6)
    np.testing.assert_allclose(found["c"], -X * X)


def test_an_input_may_be_any_tensor(tmp_path: Path) -> None:
    module = read(tmp_path, SQUARE_AND_EXP, inputs="a:0", outputs="b,c")
    assert (module.main.input_names, module.main.output_names) == (["a"], ["b", "c"])
    np.testing.assert_allclose(evaluated(module, a=X)["b"], np.exp(X), 1e-6)


def test_outputs_of_one_node_have_numbers(tmp_path: Path) -> None:
    parts = node("s", "Split", "axis", "x", num_split=("i", 3), T=("type", FLOAT))
    module = read(tmp_path, graph(placeholder("x", 2, 3), constant("axis", np.array(1, np.int32)), parts))
    assert module.main.output_names == ["s", "s:1", "s:2"]
    np.testing.assert_array_equal(evaluated(module, x=X)["s:2"], X[:, 2:])


def test_other_shapes(tmp_path: Path) -> None:
    module = read(tmp_path, SQUARE_AND_EXP, input_shape="x=n,7")
    assert str(module.main.inputs[0].type) == 'tensor<?x7xf32, {d0 = "n"}>'


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outputs": "d"}, "the graph has no node 'd'"),
        ({"inputs": "y"}, "the graph has no node 'y'"),
        ({"outputs": "a:z"}, "'a:z' is no tensor"),
        ({"outputs": ","}, "names no tensor"),
        ({"signature": "serve"}, "a frozen graph has no signatures"),
        ({"input_shape": "q=3"}, "the model has no input 'q'"),
    ],
)
def test_wrong_ports(tmp_path: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(tmp_path, SQUARE_AND_EXP, **options)


def test_an_output_that_a_node_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="takes 'a:1', which nothing makes"):
        read(tmp_path, SQUARE_AND_EXP, outputs="a:1")


def test_a_placeholder_that_is_needed_must_be_an_input(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="need the placeholder 'x', which is not among the inputs"):
        read(tmp_path, SQUARE_AND_EXP, inputs="c", outputs="b")


def test_a_graph_without_outputs(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="the graph has no outputs"):
        read(tmp_path, graph(placeholder("x", 3)))


# Attributes and tensors


def test_only_what_says_something_is_kept_of_attributes(tmp_path: Path) -> None:
    message = node("p", "MaxPool", "x", T=("type", FLOAT), padding=("s", b"SAME"), data_format=("s", b"NHWC"))
    for key, numbers in (("ksize", (1, 2, 2, 1)), ("strides", (1, 1, 1, 1)), ("explicit_paddings", ())):
        message.attr[key].list.i.extend(numbers)
    message.attr["_class"].list.s.append(b"loc:@w")
    (op,) = ops(read(tmp_path, graph(placeholder("x", 1, 4, 4, 1), message)))
    assert op.attributes == {"ksize": (1, 2, 2, 1), "strides": (1, 1, 1, 1), "padding": "SAME", "node_name": "p"}
    assert op.get("data_format") == "NHWC" and str(op.get("T")) == "f32"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"dtype": 1, "float_val": [2.5]}, np.full((2, 3), 2.5, np.float32)),
        ({"dtype": 1, "float_val": [1, 2]}, np.array([[1, 2, 2], [2, 2, 2]], np.float32)),
        ({"dtype": 1}, np.zeros((2, 3), np.float32)),
        ({"dtype": 6, "int_val": [-1, 2, 3, 4, 5, 6]}, np.array([[-1, 2, 3], [4, 5, 6]], np.int8)),
        ({"dtype": 10, "tensor_content": b"\1\0\1\0\1\0"}, np.array([[1, 0, 1], [0, 1, 0]], np.bool_)),
        ({"dtype": 19, "half_val": [0x3C00]}, np.ones((2, 3), np.float16)),
        ({"dtype": 8, "scomplex_val": [1, 2]}, np.full((2, 3), 1 + 2j, np.complex64)),
        ({"dtype": 9, "int64_val": [2**40]}, np.full((2, 3), 2**40, np.int64)),
    ],
)
def test_tensors_in_all_their_forms(tmp_path: Path, fields: dict[str, Any], expected: np.ndarray) -> None:
    tensor = message_class("TensorProto")(**fields)
    for size in (2, 3):
        tensor.tensor_shape.dim.add(size=size)
    value = node("v", "Const", dtype=("type", fields["dtype"]), value=("tensor", tensor))
    (op,) = ops(read(tmp_path, graph(value), outputs="v"))
    np.testing.assert_array_equal(op.evaluate(), expected)
    assert op.evaluate().dtype == expected.dtype


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dtype": 1, "tensor_content": b"123"}, "3 bytes of data, which do not fit"),
        ({"dtype": 1, "float_val": range(7)}, "7 numbers, which do not fit"),
        ({"dtype": 99}, "there is no data type 99"),
        ({"dtype": 20}, "elements of type resource"),
    ],
)
def test_tensors_that_are_none(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    tensor = message_class("TensorProto")(**fields)
    for size in (2, 3):
        tensor.tensor_shape.dim.add(size=size)
    with pytest.raises(CompileError, match=message):
        read(tmp_path, graph(node("v", "Const", dtype=("type", 1), value=("tensor", tensor))), outputs="v")


def test_a_shape_of_no_bytes_fills_no_memory(tmp_path: Path) -> None:
    """A tensor of one number that is repeated, 4 TB of it, is as small as its file."""
    tensor = message_class("TensorProto")(dtype=1, float_val=[1])
    for size in (1 << 20, 1 << 20):
        tensor.tensor_shape.dim.add(size=size)
    value = node("v", "Const", dtype=("type", 1), value=("tensor", tensor))
    (op,) = ops(read(tmp_path, graph(value), outputs="v"))
    assert str(op.results[0].type) == "tensor<1048576x1048576xf32>"


# Functions


def test_calls_are_inlined(tmp_path: Path) -> None:
    message = graph(
        placeholder("x", 2, 3),
        call("call", "outer", "x"),
        node("y", "Neg", "call", T=("type", FLOAT)),
    )
    message.library.function.append(function("outer", "a", "c:output:0", call("c", "inner", "a")))
    message.library.function.append(function("inner", "b", "e:y:0", node("e", "Exp", "b", T=("type", FLOAT))))
    module = read(tmp_path, message)
    assert [op.results[0].name for op in ops(module)] == ["call/c/e", "y"]
    np.testing.assert_allclose(evaluated(module, x=X)["y"], -np.exp(X), 1e-6)


def test_branches_are_regions(tmp_path: Path) -> None:
    choice = node("y", "If", "p", "x", then_branch=("func", "f"), else_branch=("func", "g"), Tcond=("type", FLOAT))
    choice.attr["Tin"].list.type.append(FLOAT)
    choice.attr["Tout"].list.type.append(FLOAT)
    message = graph(placeholder("p"), placeholder("x", 2, 3), choice)
    message.library.function.append(function("f", "a", "e:y:0", node("e", "Exp", "a", T=("type", FLOAT))))
    message.library.function.append(function("g", "a", "a"))
    module = read(tmp_path, message)
    LiftTf().run(module, PassContext())
    for condition, expected in ((1, np.exp(X)), (0, X)):
        found = module.evaluate({"p": np.array(condition, np.float32), "x": X})["y"]
        np.testing.assert_allclose(found, expected, 1e-6)


def test_a_function_that_calls_itself(tmp_path: Path) -> None:
    message = graph(placeholder("x", 3), call("call", "f", "x"))
    message.library.function.append(function("f", "a", "c:output:0", call("c", "f", "a")))
    with pytest.raises(CompileError, match="a call inside more than 50 others"):
        read(tmp_path, message)


def test_a_function_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="'call' calls 'f', which the file does not hold"):
        read(tmp_path, graph(placeholder("x", 3), call("call", "f", "x")))


# What graphs must not be


def test_loops_of_tensorflow_1(tmp_path: Path) -> None:
    message = graph(
        placeholder("x"),
        node("m", "Merge", "x", "n", T=("type", FLOAT), N=("i", 2)),
        node("n", "NextIteration", "m", T=("type", FLOAT)),
        node("y", "Exit", "m", T=("type", FLOAT)),
    )
    with pytest.raises(CompileError, match="a cycle through the node 'm': a loop of TensorFlow 1") as caught:
        read(tmp_path, message)
    assert "enable_control_flow_v2" in str(caught.value)


def test_states_that_change_before_a_result(tmp_path: Path) -> None:
    message = graph(
        placeholder("x", 3),
        node("v", "VarHandleOp", dtype=("type", FLOAT), shape=("shape", (3,))),
        node("set", "AssignVariableOp", "v", "x", dtype=("type", FLOAT)),
        node("y", "Exp", "x", "^set", T=("type", FLOAT)),
    )
    with pytest.raises(CompileError, match=r"waits for 'set' \(AssignVariableOp\), which changes a state"):
        read(tmp_path, message)


def test_assertions_are_left_out(tmp_path: Path) -> None:
    message = graph(
        placeholder("x", 2, 3),
        node("check", "Assert", "x", "x"),
        node("y", "Exp", "x", "^check", T=("type", FLOAT)),
    )
    assert [op.op_type for op in ops(read(tmp_path, message))] == ["Exp"]


def test_an_operator_that_nobody_knows(tmp_path: Path) -> None:
    module = read(tmp_path, graph(placeholder("x", 3), node("y", "My>Own", "x", limit=("f", 0.5))))
    (op,) = ops(module)
    assert (op.name, op.op_type, op.attributes["limit"]) == ("tf._My_Own", "My>Own", 0.5)
    with pytest.raises(CompileError, match="My>Own cannot be lifted"):
        LiftTf().run(module, PassContext())


def test_too_few_inputs(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="AddV2 'y' expected 2 operands, got 1"):
        read(tmp_path, graph(placeholder("x", 3), node("y", "AddV2", "x", T=("type", FLOAT))))


def test_two_nodes_of_a_name(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="the node 'x' is there twice"):
        read(tmp_path, graph(placeholder("x", 3), placeholder("x", 3)))


@pytest.mark.parametrize("content", [b"", b"\x0a\xff\xff\xff", SQUARE_AND_EXP.SerializeToString()[:-3], b"\x22\x00"])
def test_damaged_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.pb"
    path.write_bytes(content)
    with pytest.raises(CompileError, match=r"the file is (empty|truncated)|holds no nodes"):
        load(path)


def test_changed_bytes_never_crash(tmp_path: Path) -> None:
    """What is read is a model or an error that says what is wrong, whatever byte is changed."""
    content = graph(
        placeholder("x", 2, 3),
        constant("axis", np.array(1, np.int32)),
        node("s", "Split", "axis", "x", num_split=("i", 3), T=("type", FLOAT)),
        node("r", "Reshape", "s:1", "axis", T=("type", FLOAT), Tshape=("type", INT32)),
    ).SerializeToString()
    generator = np.random.default_rng(0)
    path = tmp_path / "m.pb"
    for _ in range(400):
        changed = bytearray(content)
        for place in generator.integers(0, len(content), generator.integers(1, 4)):
            changed[place] = generator.integers(0, 256)
        path.write_bytes(changed)
        try:
            LiftTf().run(load(path), PassContext(diagnostics=Diagnostics()))
        except NnccError as error:
            assert str(error)


# TensorFlow


def test_a_frozen_graph_is_compiled_without_tensorflow(tmp_path: Path) -> None:
    (tmp_path / "m.pb").write_bytes(SQUARE_AND_EXP.SerializeToString())
    code = "import sys; from nncc.tools.cli import main; main(sys.argv[1:]); print('tensorflow' in sys.modules)"
    arguments = [str(tmp_path / "m.pb"), "-o", str(tmp_path / "m.onnx"), "-q"]
    found = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_a_frozen_graph_runs(tmp_path: Path) -> None:
    (tmp_path / "m.pb").write_bytes(SQUARE_AND_EXP.SerializeToString())
    found = open_model([tmp_path / "m.pb"]).run({"x": X})
    np.testing.assert_allclose(found["b"], np.exp(X * X), 1e-6)


def test_what_needs_tensorflow_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(CompileError, match=r"needs TensorFlow.*") as caught:
        load(tmp_path)
    assert "nncc[tf]" in str(caught.value)


def test_names_say_the_format(tmp_path: Path) -> None:
    names = ["m.pb", "m.keras", "m.ckpt.meta", "m.ckpt.index", "m.ckpt", "m.h5"]
    assert {registry.source_of([Path(name)]).name for name in names} == {"tf"}
    assert registry.source_of([tmp_path]).name == "tf"
    assert registry.source_of([Path("net.nntxt"), Path("params.h5")]).name == "nnp"
