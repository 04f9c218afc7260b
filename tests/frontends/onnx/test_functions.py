"""Functions of a model: nodes that call one become its nodes."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import ort
import pytest
from onnx import AttributeProto, FunctionProto, NodeProto, helper
from onnx_files import model, port, write

from nncc.backends.onnx import save
from nncc.frontends.onnx import load
from nncc.ir import CompileError, Module
from nncc.ir.dialects.onnx import OnnxOp
from nncc.ir.verifier import verify_module

IMPORTS = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]


def function(name: str, inputs: list[str], outputs: list[str], nodes: list[NodeProto], **more: Any) -> FunctionProto:
    return helper.make_function("local", name, inputs, outputs, nodes, more.pop("imports", IMPORTS), **more)


def call(name: str, inputs: list[str], outputs: list[str], **attributes: Any) -> NodeProto:
    return helper.make_node(name, inputs, outputs, f"call_{name}_{outputs[0]}", domain="local", **attributes)


def calling(nodes: list[NodeProto], functions: list[FunctionProto], **more: Any) -> onnx.ModelProto:
    imports = {"": 17, "local": 1}
    return model(nodes, [port("x", ["N", 3])], [port("y", ["N", 3])], opsets=imports, functions=functions, **more)


def referring(operator: str, given: str, name: str) -> NodeProto:
    """A node on t whose attribute is the function's attribute of a name."""
    node = helper.make_node(operator, ["t"], ["u"])
    node.attribute.append(AttributeProto(name=given, ref_attr_name=name, type=AttributeProto.FLOAT))
    return node


def operators(module: Module) -> list[str]:
    return [op.op_type for op in module.main.body if isinstance(op, OnnxOp)]


def same_numbers(path: Path, tmp_path: Path) -> None:
    """The model with its functions expanded computes what the model computes."""
    module = load(path)
    verify_module(module)
    assert "local" not in module.attributes["onnx.opset_import"]
    save(module, tmp_path / "expanded.onnx")
    ort.check(tmp_path / "expanded.onnx")
    inputs = {"x": np.random.default_rng(0).standard_normal((2, 3), np.float32)}
    expected = ort.run(path, inputs)
    found = ort.run(tmp_path / "expanded.onnx", inputs)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_function_that_calls_another(tmp_path: Path) -> None:
    inner = function(
        "Inner", ["t"], ["u"], [helper.make_node("Exp", ["t"], ["e"]), helper.make_node("Neg", ["e"], ["u"])]
    )
    outer = function("Outer", ["t"], ["u"], [call("Inner", ["t"], ["h"]), call("Inner", ["h"], ["u"])])
    path = write(tmp_path, calling([call("Outer", ["x"], ["y"])], [inner, outer]))
    module = load(path)
    assert operators(module) == ["Exp", "Neg", "Exp", "Neg"]
    names = [r.name for op in module.main.body for r in op.results]
    assert names == ["call_Outer_y/call_Inner_h/e", "call_Outer_y/h", "call_Outer_y/call_Inner_u/e", "y"]
    same_numbers(path, tmp_path)


def test_attributes_and_their_defaults(tmp_path: Path) -> None:
    leaky = function("Leak", ["t"], ["u"], [referring("LeakyRelu", "alpha", "slope")], attributes=["slope"])
    default = [helper.make_attribute("slope", 0.75)]
    other = function("Usual", ["t"], ["u"], [referring("LeakyRelu", "alpha", "slope")], attribute_protos=default)
    nodes = [
        call("Leak", ["x"], ["a"], slope=0.5),
        call("Usual", ["a"], ["b"]),
        call("Usual", ["b"], ["y"], slope=0.25),
    ]
    path = write(tmp_path, calling(nodes, [leaky, other]))
    found = [op.get("alpha") for op in load(path).main.body if isinstance(op, OnnxOp)]
    assert found == [0.5, 0.75, 0.25]
    same_numbers(path, tmp_path)


def test_an_input_that_is_left_out_and_an_output_that_is_an_input(tmp_path: Path) -> None:
    body = [helper.make_node("Clip", ["t", "low", "high"], ["u"])]
    clip = function("Bound", ["t", "low", "high"], ["u", "t"], body)
    constant = helper.make_node("Constant", [], ["zero"], value_float=0.0)
    nodes = [constant, call("Bound", ["x", "zero"], ["h", "same"]), helper.make_node("Add", ["h", "same"], ["y"])]
    module = load(write(tmp_path, calling(nodes, [clip])))
    assert operators(module) == ["Constant", "Clip", "Add"]
    save(module, tmp_path / "expanded.onnx")
    x = np.float32([[-1, 0, 2]])
    np.testing.assert_array_equal(ort.run(tmp_path / "expanded.onnx", {"x": x})["y"], np.maximum(x, 0) + x)


def test_a_graph_inside_of_a_function(tmp_path: Path) -> None:
    branches = {
        name: helper.make_graph([helper.make_node(operator, ["t"], [name])], name, [], [onnx.ValueInfoProto(name=name)])
        for name, operator in (("then_branch", "Neg"), ("else_branch", "Abs"))
    }
    body = [
        helper.make_node("ReduceSum", ["t"], ["sum"], keepdims=0),
        helper.make_node("Constant", [], ["zero"], value_float=0.0),
        helper.make_node("Less", ["sum", "zero"], ["c"]),
        helper.make_node("If", ["c"], ["u"], **branches),
    ]
    path = write(tmp_path, calling([call("Choose", ["x"], ["y"])], [function("Choose", ["t"], ["u"], body)]))
    same_numbers(path, tmp_path)


def test_another_opset_in_a_function_keeps_its_meaning(tmp_path: Path) -> None:
    """Softmax of opset 11 works on all axes from 1 on, that of 17 on the last one."""
    old = [helper.make_opsetid("", 11)]
    soft = function("Old", ["t"], ["u"], [helper.make_node("Softmax", ["t"], ["u"])], imports=old)
    path = write(tmp_path, calling([call("Old", ["x"], ["y"])], [soft]))
    module = load(path)
    (softmax,) = [op for op in module.main.body if isinstance(op, OnnxOp)]
    assert (softmax.opset, softmax.version, softmax.get("axis")) == (11, 11, 1)
    with pytest.raises(CompileError, match="it is of version 11 of its domain"):
        save(module, tmp_path / "expanded.onnx")


def refusal(path: Path) -> str:
    with pytest.raises(CompileError) as caught:
        load(path)
    assert all(d.remedy and d.location for d in caught.value.diagnostics)
    return str(caught.value)


def test_recursion_is_named(tmp_path: Path) -> None:
    first = function("First", ["t"], ["u"], [call("Second", ["t"], ["u"])])
    second = function("Second", ["t"], ["u"], [call("First", ["t"], ["u"])])
    message = refusal(write(tmp_path, calling([call("First", ["x"], ["y"])], [first, second])))
    assert "a function calls itself: First -> Second -> First" in message


def test_functions_that_double_at_each_level(tmp_path: Path) -> None:
    functions = [function("F0", ["t"], ["u"], [helper.make_node("Neg", ["t"], ["u"])])]
    for level in range(1, 40):
        below = f"F{level - 1}"
        functions.append(function(f"F{level}", ["t"], ["u"], [call(below, ["t"], ["h"]), call(below, ["h"], ["u"])]))
    message = refusal(write(tmp_path, calling([call("F39", ["x"], ["y"])], functions)))
    assert "expand to" in message and "export the model without functions" in message


def test_functions_that_call_each_other_deeply(tmp_path: Path) -> None:
    functions = [function("F0", ["t"], ["u"], [helper.make_node("Neg", ["t"], ["u"])])]
    functions += [function(f"F{i}", ["t"], ["u"], [call(f"F{i - 1}", ["t"], ["u"])]) for i in range(1, 3000)]
    assert "levels" in refusal(write(tmp_path, calling([call("F2999", ["x"], ["y"])], functions)))


def test_a_call_that_does_not_fit(tmp_path: Path) -> None:
    one = function("One", ["t"], ["u"], [helper.make_node("Neg", ["t"], ["u"])])
    assert "has 2 inputs and 1 outputs, but the function 'One' has 1 and 1" in refusal(
        write(tmp_path, calling([call("One", ["x", "x"], ["y"])], [one]))
    )
    assert "has no attribute 'level'" in refusal(write(tmp_path, calling([call("One", ["x"], ["y"], level=1)], [one])))
