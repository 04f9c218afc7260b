"""The lift of graphs: ports, names, constants, function bodies, opsets, and what is said where something is wrong."""

from typing import Any

import numpy as np
import pytest
from onnx_models import evaluated, judge, lifted, node_model, numbers

from nncc.frontends.folding import FOLDED_ELEMENTS
from nncc.frontends.onnx.ops import LIFTS, REFUSALS
from nncc.ir import CompileError, DenseResource
from nncc.ir.types import BF16, F16, F32

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper


def model_of(
    nodes: list, inputs: dict[str, list], outputs: list[str], constants: dict[str, Any] | None = None, **how: Any
) -> Any:
    """A model of float inputs; other arguments: ``opset``, ``element`` (of inputs), ``imports`` of other domains."""
    kind = how.pop("element", onnx.TensorProto.FLOAT)
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in (constants or {}).items()],
    )
    imports = {"": how.pop("opset", 17), **how.pop("imports", {})}
    return helper.make_model(graph, opset_imports=[helper.make_opsetid(d, v) for d, v in imports.items()], **how)


def node(operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> Any:
    return helper.make_node(operator, inputs, outputs, name=f"the {operator}", **attributes)


def names_of(module: Any) -> list[str]:
    return [op.name for op in module.main.body]


def test_ports_keep_names_order_and_symbols() -> None:
    nodes = [node("Add", ["b:0", "a"], ["sum"]), node("Relu", ["sum"], ["y/out"])]
    main = lifted(model_of(nodes, {"b:0": ["batch", 3], "a": ["batch", 3]}, ["y/out", "sum"])).main
    assert (main.input_names, main.output_names) == (["b:0", "a"], ["y/out", "sum"])
    assert {v.tensor.dims for v in (*main.inputs, *main.outputs)} == {("batch", 3)}
    add, relu, _ = main.body
    assert (add.result.name, relu.result.name) == ("sum", "y/out")


def test_operations_know_their_nodes() -> None:
    module = lifted(model_of([node("Selu", ["x"], ["y"])], {"x": [3]}, ["y"]))
    origins = [op.location.origins[0] for op in module.main.body if op.name != "func.return"]
    assert {(o.scope, o.name, o.index) for o in origins} == {("graph", "the Selu", 0)}


def test_an_input_can_be_an_output_several_times() -> None:
    nodes = [node("Identity", ["x"], ["y"]), node("Identity", ["x"], ["z"])]
    module = lifted(model_of(nodes, {"x": [2], "unused": [5]}, ["y", "z"]))
    found = module.evaluate({"x": np.float32([1, 2]), "unused": np.zeros(5, np.float32)})
    assert [found[name].tolist() for name in ("y", "z")] == [[1, 2], [1, 2]]


def test_a_constant_can_be_an_output() -> None:
    module = lifted(model_of([node("Shape", ["x"], ["y"])], {"x": [2, 7]}, ["y"]))
    assert names_of(module) == ["nn.constant", "func.return"]
    assert module.evaluate({"x": np.zeros((2, 7), np.float32)})["y"].tolist() == [2, 7]


def test_nodes_that_no_output_needs_are_not_lifted() -> None:
    nodes = [node("Unheard", ["x"], ["lost"], domain="example"), node("Relu", ["x"], ["y"])]
    assert names_of(lifted(model_of(nodes, {"x": [2]}, ["y"], imports={"example": 1}))) == ["nn.relu", "func.return"]


def test_weights_stay_where_they_are() -> None:
    """Large constants are not computed with: they would be read and kept."""
    weight = numbers(FOLDED_ELEMENTS + 1)
    nodes = [node("Neg", ["w"], ["minus"]), node("Add", ["x", "minus"], ["y"])]
    module = lifted(model_of(nodes, {"x": [1]}, ["y"], {"w": weight}))
    constant = module.main.body.first_op
    assert constant is not None
    value = constant.attributes["value"]
    assert isinstance(value, DenseResource)
    assert value.resource.name == "w"
    assert names_of(module) == ["nn.constant", "nn.neg", "nn.add", "func.return"]


def test_shape_arithmetic_folds_away() -> None:
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "one"], ["channels"]),
        node("Unsqueeze", ["channels", "axes"], ["as_vector"]),
        node("Concat", ["minus", "as_vector"], ["target"], axis=0),
        node("Reshape", ["x", "target"], ["y"]),
    ]
    constants = {"one": np.int64(1), "axes": np.int64([0]), "minus": np.int64([-1])}
    module = lifted(model_of(nodes, {"x": [2, 3, 4]}, ["y"], constants))
    assert names_of(module) == ["nn.reshape", "func.return"]
    assert module.main.outputs[0].tensor.dims == (8, 3)


@pytest.mark.parametrize(("element", "code"), [(F16, "FLOAT16"), (BF16, "BFLOAT16")])
def test_models_of_narrow_floats(element: Any, code: str) -> None:
    nodes = [
        node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        node("LayerNormalization", ["c", "s"], ["n"], axis=1),
        node("Softmax", ["n"], ["y"], axis=1),
    ]
    arrays = {"w": numbers(4, 3, 3, 3), "b": numbers(4), "s": numbers(4, 6, 6)}
    how: dict[str, Any] = {"element": onnx.TensorProto.DataType.Value(code), "opset": 22}
    narrow = {name: a.astype(element.dtype) for name, a in arrays.items()}
    x = numbers(1, 3, 6, 6).astype(element.dtype)
    module = lifted(model_of(nodes, {"x": [1, 3, 6, 6]}, ["y"], narrow, **how))
    y = module.evaluate({"x": x})["y"]
    assert y.dtype == element.dtype
    assert module.main.outputs[0].tensor.element == element
    wide = lifted(model_of(nodes, {"x": [1, 3, 6, 6]}, ["y"], arrays, opset=22)).evaluate({"x": x.astype(np.float32)})
    np.testing.assert_allclose(y.astype(np.float32), wide["y"], atol=3e-2)


def test_half_precision_in_onnxruntime() -> None:
    x, w = numbers(1, 3, 6, 6).astype(np.float16), numbers(4, 3, 3, 3).astype(np.float16)
    judge("Conv", [x, w], opset=13, tolerance=2e-3)


# Function bodies


def test_bodies_are_those_of_the_opset() -> None:
    """CenterCropPad and RotaryEmbedding have no lift: they are what their functions compute."""
    for operator in ("CenterCropPad", "RotaryEmbedding", "Attention"):
        assert ("", operator) not in LIFTS
    judge(
        "CenterCropPad",
        [numbers(5, 4), np.int64([3, 7])],
        opset=18,
        constants=(1,),
        expected=[np.pad(numbers(5, 4)[1:4], [(0, 0), (1, 2)])],
    )


def test_bodies_leave_no_names_of_their_own() -> None:
    operands = [numbers(2, 3, 5, 8), numbers(2, 5, 4), numbers(2, 5, 4, seed=1)]
    module = lifted(node_model("RotaryEmbedding", operands, opset=23))
    named = [r.name for op in module.main.body for r in op.results if r.name]
    assert named == ["y0"]
    assert {o.name for op in module.main.body for o in op.location.origins} <= {"y0", ""}


def test_what_a_body_cannot_do_is_told_of_the_operator() -> None:
    with pytest.raises(CompileError) as caught:
        lifted(node_model("Bernoulli", [numbers(3)], opset=15))
    (diagnostic,) = caught.value.diagnostics
    assert "by which ONNX defines Bernoulli" in diagnostic.message


# What is wrong


def test_all_refusals_at_once() -> None:
    nodes = [
        node("Unheard", ["x"], ["a"], domain="example"),
        node("MaxPool", ["x"], ["b"], kernel_shape=[9, 9]),
        node("Add", ["a", "b"], ["c"]),
        node("ImageDecoder", ["image"], ["d"]),
    ]
    model = model_of(nodes, {"x": [1, 2, "h", "w"], "image": [1, 1]}, ["c", "d"], opset=20, imports={"example": 1})
    model.graph.node[1].attribute.add(name="strides", type=7, ints=[0, 1])
    with pytest.raises(CompileError) as caught:
        lifted(model)
    messages = [d.message for d in caught.value.diagnostics]
    assert len(messages) == 3
    assert messages[0] == "example.Unheard cannot be lifted"
    assert messages[1].startswith("MaxPool does not fit its inputs")
    assert messages[2].startswith("ImageDecoder decodes")
    assert all(d.remedy and d.location for d in caught.value.diagnostics)


def test_sequences_cannot_be_ports() -> None:
    split = node("SplitToSequence", ["x"], ["y"], axis=0)
    with pytest.raises(CompileError, match="the output 'y' is a sequence"):
        lifted(model_of([split], {"x": [2, 3]}, ["y"]))


def test_a_failed_branch_is_reported_once() -> None:
    branches = [
        helper.make_graph([made], "branch", [], [helper.make_tensor_value_info("out", 1, [3])])
        for made in (node("Unheard", ["x"], ["out"], domain="example"), node("Relu", ["x"], ["out"]))
    ]
    nodes = [
        node("ReduceMax", ["x"], ["max"], keepdims=0),
        node("Cast", ["max"], ["condition"], to=onnx.TensorProto.BOOL),
        node("If", ["condition"], ["y"], then_branch=branches[0], else_branch=branches[1]),
    ]
    with pytest.raises(CompileError) as caught:
        lifted(model_of(nodes, {"x": [3]}, ["y"], imports={"example": 1}))
    assert [d.message for d in caught.value.diagnostics] == ["example.Unheard cannot be lifted"]


def test_unknown_ranks_are_told() -> None:
    model = model_of([node("Softmax", ["x"], ["y"])], {"x": None}, ["y"])
    with pytest.raises(CompileError, match="rank"):
        lifted(model)


def test_a_rank_that_an_operator_needs_is_the_rank() -> None:
    """Exporters write a Squeeze of what may or may not be 1 as an If, whose result may have any rank."""
    nodes = [node("Unsqueeze", ["x", "zero"], ["sequence"]), node("RNN", ["sequence", "w", "r"], ["y"], hidden_size=2)]
    constants = {"zero": np.int64([0]), "w": numbers(1, 2, 3), "r": numbers(1, 2, 2)}
    module = lifted(model_of(nodes, {"x": None}, ["y"], constants))
    x = numbers(4, 3)
    expected = np.tanh(x @ constants["w"][0].T)
    np.testing.assert_allclose(module.evaluate({"x": x})["y"][0, 0], expected, rtol=1e-5)
    assert module.main.outputs[0].tensor.dims[1:] == (1, None, 2)


def test_every_refusal_tells_what_to_do() -> None:
    for reason, remedy in REFUSALS.values():
        assert reason and remedy
        assert not reason.endswith(".") and not remedy.endswith(".")


def test_versions_of_operators_come_from_the_opset() -> None:
    x = numbers(2, 3, 4)
    before, since = (evaluated(node_model("Softmax", [x], opset=o, axis=1), [x])[0] for o in (12, 13))
    np.testing.assert_allclose(before.sum((1, 2)), 1, rtol=1e-5)
    np.testing.assert_allclose(since.sum(1), 1, rtol=1e-5)
    assert before.dtype == since.dtype == F32.dtype
