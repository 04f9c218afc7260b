"""Opset 6, as SNPE takes it: onnxruntime does not run it, so it is rewritten to opset 7 by ONNX's change log first."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from nn_samples import sample
from onnx import helper
from ort import assert_close, check, convert, run

from nncc.ir import Builder, CompileError, Function, Module, TensorType
from nncc.ir.types import F32

RNG = np.random.default_rng(3)


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def as_opset_7(model: Any) -> Any:
    """The same model at opset 7: what attributes say of broadcasting, shapes have to say there."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    ranks = {v.name: len(v.type.tensor_type.shape.dim) for v in (*graph.value_info, *graph.input, *graph.output)}
    ranks |= {t.name: len(t.dims) for t in graph.initializer}
    nodes = []
    for node in model.graph.node:
        old = {a.name: a.i for a in node.attribute}
        axis = old.get("axis") if old.get("broadcast") else None
        if node.op_type == "PRelu":
            axis = 1
        behind = 0 if axis is None else ranks[node.input[0]] - axis - ranks[node.input[1]]
        if behind > 0:
            axes = list(range(ranks[node.input[1]], ranks[node.input[1]] + behind))
            nodes.append(helper.make_node("Unsqueeze", [node.input[1]], [f"{node.output[0]}_rhs"], axes=axes))
            node.input[1] = f"{node.output[0]}_rhs"
        dropped = {"broadcast", "is_test", "output_sequence"} | ({"axis"} if axis is not None else set())
        kept = [a for a in node.attribute if a.name not in dropped]
        del node.attribute[:]
        node.attribute.extend(kept)
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.opset_import[0].version = 7
    return model


def run_old(path: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    onnx.save(as_opset_7(check(path)), path)
    check(path)
    return run(path, inputs)


NAMES = ["add", "sub", "mul", "div", "pow", "logical_and", "greater", "less", "batch_norm", "prelu", "affine", "matmul"]
NAMES += ["conv", "max_pool", "average_pool", "lstm", "gru", "rnn", "softmax", "layer_norm", "hard_swish", "clip"]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(NAMES), data=st.data())
def test_numbers(name: str, data: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    s = data.draw(sample(f"nn.{name}"))
    assume(all(t is None or t.storage.name in ("f32", "i1") for t in s.types))
    module = Module()
    types = {f"x{i}": t for i, t in enumerate(s.types) if t is not None}
    function, block = Function.create("main", list(types.items()))
    module.body.append(function)
    values = dict(zip(types, function.inputs, strict=True))
    operands = [values.get(f"x{i}") for i in range(len(s.types))]
    op = Builder(module, block).create(s.name, *operands, **s.keywords())
    function.set_outputs([(f"y{i}", result) for i, result in enumerate(op.results)])
    inputs = {f"x{i}": a for i, a in enumerate(s.operands) if a is not None}
    with np.errstate(all="ignore"):
        expected = module.evaluate(inputs)
    assume(name != "max_pool" or all(np.isfinite(y).all() for y in expected.values()))  # no window of pads alone
    try:
        path = convert(module, "snpe", tmp_path_factory.mktemp("old"))
    except CompileError as error:
        assert name == "prelu", str(error)  # slopes that are not one a channel
        return
    assert_close(run_old(path, inputs), expected, rtol=1e-3, atol=1e-4)


def test_slopes_that_are_not_one_a_channel(tmp_path: Path) -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((1, 3, 2), F32))])
    module.body.append(function)
    function.set_outputs([("y", Builder(module, block).nn.prelu(function.inputs[0], real(2)))])
    with pytest.raises(CompileError, match="slopes that are not one a channel"):
        convert(module, "snpe", tmp_path)


def test_what_snpe_asks_for(tmp_path: Path) -> None:
    """Matrices of layers have their outputs first, and a line is an image of one row."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType((2, 3, 8), F32))])
    module.body.append(function)
    b = Builder(module, block)
    y = b.nn.conv(function.inputs[0], real(4, 3, 3), real(4))
    function.set_outputs([("y", b.nn.affine(b.nn.reshape(y, shape=(0, -1)), real(24, 5), real(5)))])
    model = check(convert(module, "opset_snpe", tmp_path))
    assert model.opset_import[0].version == 6
    attributes = {n.op_type: {a.name: helper.get_attribute_value(a) for a in n.attribute} for n in model.graph.node}
    assert attributes["Conv"]["kernel_shape"] == [1, 3]
    assert attributes["Gemm"] == {"transB": 1, "broadcast": 1}
    inputs = {"x": real(2, 3, 8)}
    assert_close(run_old(tmp_path / "m.onnx", inputs), module.evaluate(inputs))


def test_tensorrt_is_opset_11(tmp_path: Path) -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((2, 3), F32))])
    module.body.append(function)
    function.set_outputs([("y", Builder(module, block).nn.hard_swish(function.inputs[0]))])
    assert check(convert(module, "opset_tensorrt", tmp_path)).opset_import[0].version == 11
