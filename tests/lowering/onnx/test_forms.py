"""What operations become: the operators, attributes and operands of each opset, names, open dimensions, weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ort import assert_close, check, convert, lower, op_types, run

from nncc.backends.onnx import save
from nncc.ir import Builder, CompileError, Function, Module, TensorType, Value
from nncc.ir.dialects.onnx import Initializer
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, I64
from nncc.lowering.onnx.expand import ExpandForOnnx
from nncc.lowering.onnx.lower import LowerToOnnx

RNG = np.random.default_rng(7)
Build = Callable[[Builder, Any], Any]
IMAGE = (1, 4, 8, 8)


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def make(shape: tuple[Any, ...], build: Build) -> Module:
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    made = build(Builder(module, block), function.inputs[0])
    values = [made] if isinstance(made, Value) else made
    function.set_outputs([(f"y{i}" if i else "y", v) for i, v in enumerate(values)])
    return module


def conv(b: Builder, x: Any, **attributes: Any) -> Any:
    return b.nn.conv(x, real(6, 4, 3, 3), real(6), **attributes)


FORMS: dict[str, tuple[tuple[int, ...], Build, dict[int, list[str]]]] = {
    "an activation that was built in": (
        IMAGE,
        lambda b, x: conv(b, x, activation="relu6"),
        {7: ["Conv", "Clip"], 13: ["Conv", "Clip"]},
    ),
    "a layer on rows": (
        (2, 3),
        lambda b, x: b.nn.affine(x, real(3, 4), real(4)),
        {7: ["Gemm"], 26: ["Gemm"]},
    ),
    "a layer on rows without a bias": (
        (2, 3),
        lambda b, x: b.nn.affine(x, real(3, 4)),
        {7: ["MatMul"], 11: ["Gemm"]},
    ),
    "a layer on stacks": (
        (2, 5, 3),
        lambda b, x: b.nn.affine(x, real(3, 4), real(4)),
        {13: ["MatMul", "Add"]},
    ),
    "hard_swish": (
        IMAGE,
        lambda b, x: b.nn.hard_swish(x),
        {9: ["HardSigmoid", "Mul"], 14: ["HardSwish"]},
    ),
    "gelu": (
        IMAGE,
        lambda b, x: b.nn.gelu(x),
        {13: ["Mul", "Erf", "Mul", "Add", "Mul"], 20: ["Gelu"]},
    ),
    "softmax along the channels": (
        IMAGE,
        lambda b, x: b.nn.softmax(x, axis=1),
        {9: ["Transpose", "Softmax", "Transpose"], 13: ["Softmax"]},
    ),
    "softmax along the last axis": (IMAGE, lambda b, x: b.nn.softmax(x), {9: ["Softmax"]}),
    "layer_norm": (
        (2, 5, 8),
        lambda b, x: b.nn.layer_norm(x, real(8), real(8), axes=(2,)),
        {
            13: ["ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt", "Reciprocal", "Mul", "Mul", "Add"],
            17: ["LayerNormalization"],
        },
    ),
    "layer_norm of all but the batch without parameters": (
        IMAGE,
        lambda b, x: b.nn.layer_norm(x, axes=(1, 2, 3)),
        {17: ["LayerNormalization"]},
    ),
    "upsampling": (
        IMAGE,
        lambda b, x: b.nn.resize(x, sizes=(16, 16), mode="nearest", coordinate="asymmetric", rounding="floor"),
        {9: ["Gather", "Gather"], 11: ["Resize"]},
    ),
    "interpolation": (
        IMAGE,
        lambda b, x: b.nn.resize(x, sizes=(11, 5), mode="linear", coordinate="half_pixel"),
        {10: ["Transpose", "MatMul", "Transpose", "MatMul"], 13: ["Resize"]},
    ),
    "a shuffle of channels": (
        IMAGE,
        lambda b, x: b.nn.channel_shuffle(x, groups=2),
        {13: ["Reshape", "Transpose", "Reshape"]},
    ),
    "a comparison of floats": (
        IMAGE,
        lambda b, x: b.nn.cast(b.nn.greater_equal(x, np.float32(0.5)), to=F32),
        {9: ["Less", "IsNaN", "Or", "Not", "Cast"], 12: ["GreaterOrEqual", "Cast"]},
    ),
    "a slice that takes all is none": (
        IMAGE,
        lambda b, x: b.nn.relu(b.nn.slice(x, starts=(0,) * 4, stops=IMAGE, steps=(1,) * 4)),
        {13: ["Relu"]},
    ),
    "pads as long as the window": (
        IMAGE,
        lambda b, x: b.nn.average_pool(x, kernel=(1, 1), pads=(1, 1, 0, 0), strides=(2, 2), count_include_pad=True),
        {13: ["Conv", "Mul"]},
    ),
}


@pytest.mark.parametrize(("name", "opset"), [(name, opset) for name, (_, _, forms) in FORMS.items() for opset in forms])
def test_form(name: str, opset: int, tmp_path: Path) -> None:
    shape, build, forms = FORMS[name]
    module = make(shape, build)
    inputs = {"x": real(*shape)}
    path = convert(module, opset, tmp_path)
    assert [node.op_type for node in check(path).graph.node] == forms[opset]
    assert_close(run(path, inputs), module.evaluate(inputs))


def node(module: Module, opset: int, op_type: str) -> Any:
    """The only node of a type in what a module becomes."""
    (found,) = [op for op in lower(module, opset).main.body if op.name == f"onnx.{op_type}"]
    return found


def test_bounds_are_attributes_before_opset_11_and_operands_from_there_on() -> None:
    module = make(IMAGE, lambda b, x: b.nn.clip(x, min=-1.0, max=2.0))
    old, new = node(module, 9, "Clip"), node(module, 13, "Clip")
    assert (old.attributes["min"], old.attributes["max"], len(old.operands)) == (-1.0, 2.0, 1)
    assert len(new.operands) == 3 and "min" not in new.attributes


def test_what_equals_the_default_is_not_written() -> None:
    made = node(make(IMAGE, conv), 13, "Conv")
    assert set(made.attributes) == {"kernel_shape"}


def test_an_open_batch_stays_open(tmp_path: Path) -> None:
    def build(b: Builder, x: Value) -> Value:
        y = b.nn.channel_shuffle(b.nn.max_pool(conv(b, x, pads=(1,) * 4), kernel=(2, 2), strides=(2, 2)), groups=2)
        y = b.nn.resize(y, sizes=(8, 8), mode="linear")
        return b.nn.affine(b.nn.reshape(y, shape=(0, -1)), real(6 * 64, 5), real(5))

    module = make(("N", 4, 8, 8), build)
    for opset in (9, 13, 18, 26):
        path = convert(module, opset, tmp_path)
        assert check(path).graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"
        for batch in (1, 3):
            inputs = {"x": real(batch, 4, 8, 8)}
            assert_close(run(path, inputs), module.evaluate(inputs), rtol=1e-3, atol=1e-4)


def test_names_stay_and_differ(tmp_path: Path) -> None:
    def build(b: Builder, x: Value) -> list[Value]:
        inner = b.nn.tanh(x)
        inner.name = "inner"
        twin = b.nn.exp(inner)
        twin.name = "inner"
        return [b.nn.add(inner, twin), x, b.constant(real(2))]

    module = make((2, 3), build)
    path = convert(module, 13, tmp_path)
    graph = check(path).graph
    assert [o.name for o in graph.output] == ["y", "y1", "y2"]
    assert [n.output[0] for n in graph.node] == ["inner", "inner_1", "y", "y1", "y2"]
    assert op_types(check(path))["Identity"] == 2
    inputs = {"x": real(2, 3)}
    assert_close(run(path, inputs), module.evaluate(inputs))


def test_weights_are_shared_and_not_loaded(tmp_path: Path) -> None:
    loads: list[str] = []

    def load() -> np.ndarray:
        loads.append("W")
        return real(64, 64)

    module = make((2, 64), lambda b, x: x)
    function = module.main
    b = Builder(module, function.body, function.terminator)
    weight = module.add_resource("W", load, TensorType((64, 64), F32))
    value = b.create("nn.constant", value=weight).result
    y = b.nn.affine(b.nn.matmul(function.inputs[0], value, transpose_rhs=True), value)
    function.set_outputs([("y", y)])
    lowered = module.clone_module()
    LowerToOnnx().run(lowered, PassContext())
    assert not loads
    initializers = [op.value for op in lowered.main.body if isinstance(op, Initializer)]
    assert len(initializers) == 2 and weight.resource in [d.resource for d in initializers]
    save(lowered, tmp_path / "m.onnx")
    check(tmp_path / "m.onnx")


@pytest.mark.parametrize("opset", ["6", "27", "opset_x", "nnb_3", "-1", ""])
def test_opsets_that_are_none(opset: str) -> None:
    for step in (ExpandForOnnx, LowerToOnnx):
        with pytest.raises(ValueError, match="opset"):
            step(opset=opset)


def test_what_an_opset_lacks_is_refused_with_what_to_do() -> None:
    module = make((4,), lambda b, x: b.nn.unique(x)[0])
    with pytest.raises(CompileError, match=r"needs Unique, which opset 10 does not have") as caught:
        lower(module, 10)
    assert "-d opset_N" in str(caught.value)


def test_integers_that_no_float_holds_are_not_rounded() -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((3,), I64))])
    module.body.append(function)
    function.set_outputs([("y", Builder(module, block).nn.top_k(function.inputs[0], k=2)[0])])
    with pytest.raises(CompileError, match="has i64 elements, which TopK of opset 9 does not take"):
        lower(module, 9)


def test_types_without_a_kernel_are_computed_in_wider_ones(tmp_path: Path) -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((4,), F32))])
    module.body.append(function)
    b = Builder(module, block)
    positive = b.nn.greater(function.inputs[0], np.float32(0))
    function.set_outputs([("y", b.nn.select(positive, b.nn.logical_not(positive), positive))])
    path = convert(module, 13, tmp_path)
    assert op_types(check(path))["Cast"] == 3  # Where has no kernel for booleans
    inputs = {"x": real(4)}
    assert_close(run(path, inputs), module.evaluate(inputs))
