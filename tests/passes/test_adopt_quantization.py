"""Models that are quantized already keep their scales on the way to 8-bit kernels, and need no data for it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nncc.ir import Builder, Function, Module, QuantizedType, TensorType, Value
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, I8, UI8
from nncc.passes.adopt_quantization import AdoptQuantization
from nncc.passes.calibrate import Calibrate
from nncc.passes.channel_last import ChannelLast
from nncc.passes.quantize_int8 import QuantizeInt8
from nncc.passes.ranges import get_range
from nncc.pipelines import driver

GRID = QuantizedType(I8, F32, (0.05,), (3,))
UNSIGNED = QuantizedType(UI8, F32, (0.25,), (100,))
RNG = np.random.default_rng(0)


def make(build: Callable[[Builder, Value], Value], *shape: int) -> Module:
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    function.set_outputs([("y", build(Builder(module, block), block.args[0]))])
    return module


def there_and_back(b: Builder, x: Value, kind: QuantizedType) -> Value:
    made = b.nn.quantize(x, to=x.tensor.with_element(kind), rounding="half_even")
    return b.nn.dequantize(made)


def weight(b: Builder, *shape: int) -> Value:
    kind = QuantizedType(I8, F32, tuple(RNG.uniform(0.01, 0.02, shape[0]).tolist()), (0,) * shape[0], 0)
    stored = RNG.integers(-127, 128, shape).astype(np.int8)
    stored.reshape(shape[0], -1)[:, 0] = 127
    return b.nn.dequantize(b.nn.storage_cast(b.constant(stored), to=kind))


def network(b: Builder, x: Value) -> Value:
    x = there_and_back(b, x, GRID)
    x = there_and_back(b, b.nn.relu(b.nn.conv(x, weight(b, 6, 3, 3, 3))), UNSIGNED)
    x = there_and_back(b, b.nn.max_pool(x, kernel=(2, 2), strides=(2, 2)), UNSIGNED)
    return there_and_back(b, b.nn.conv(x, weight(b, 4, 6, 3, 3)), GRID)


def test_numbers_stay() -> None:
    module = make(network, 1, 3, 12, 12)
    x = RNG.uniform(-6, 6, (1, 3, 12, 12)).astype(np.float32)
    before = module.evaluate({"x": x})["y"]
    assert AdoptQuantization().run(module, PassContext())
    names = {op.name for op in module.main.body}
    assert names == {"nn.constant", "nn.fake_quantize", "nn.conv", "nn.relu", "nn.max_pool", "func.return"}
    np.testing.assert_allclose(module.evaluate({"x": x})["y"], before, atol=1e-5)


def test_it_can_be_left_out() -> None:
    module = make(network, 1, 3, 12, 12)
    assert not AdoptQuantization(mode="none").run(module, PassContext())
    assert "nn.dequantize" in {op.name for op in module.main.body}


def test_grids_become_ranges_and_scales() -> None:
    module, context = make(network, 1, 3, 12, 12), PassContext()
    AdoptQuantization().run(module, context)
    Calibrate().run(module, context)
    low, high = get_range(module.main, module.main.inputs[0]) or (0.0, 0.0)
    assert (low, high) == pytest.approx((-131 * 0.05, 124 * 0.05))
    x, y = module.main.inputs[0], module.main.outputs[0]
    assert (get_range(module.main, x), get_range(module.main, y)) == ((low, high), (low, high))


def test_other_values_are_calibrated() -> None:
    def build(b: Builder, x: Value) -> Value:
        return b.nn.tanh(b.nn.add(there_and_back(b, x, GRID), 0.5))

    module = make(build, 1, 8)
    context = PassContext(dataset=RNG.uniform(-1, 1, (8, 8)).astype(np.float32))
    AdoptQuantization().run(module, context)
    Calibrate().run(module, context)
    add, tanh = (op for op in module.main.body if op.name in ("nn.add", "nn.tanh"))
    low, high = get_range(module.main, add.results[0]) or (0.0, 0.0)
    assert -0.6 < low < 0 and 1 < high < 1.6
    assert get_range(module.main, tanh.results[0]) is not None


def test_what_a_network_leaves_in_floats_stays_there_without_data() -> None:
    def build(b: Builder, x: Value) -> Value:
        return there_and_back(b, b.nn.mul(b.nn.exp(there_and_back(b, x, GRID)), x), UNSIGNED)

    module, context = make(build, 1, 8), PassContext()
    for step in (AdoptQuantization(), Calibrate(), QuantizeInt8(io_type="float32")):
        step.run(module, context)
    exp = next(op for op in module.main.body if op.name == "nn.exp")
    assert exp.results[0].tensor.element == F32
    assert all("stays in float" in d.message for d in context.diagnostics.warnings)


def test_grids_saturate_while_ranges_are_measured() -> None:
    """Quantizers drop a relu in front of a grid that begins at 0."""

    def build(b: Builder, x: Value) -> Value:
        positive = there_and_back(b, x, QuantizedType(UI8, F32, (0.01,), (0,)))
        return b.nn.sqrt(b.nn.add(positive, 0.25))

    module, context = make(build, 1, 8), PassContext(dataset=RNG.uniform(-1, 1, (8, 8)).astype(np.float32))
    AdoptQuantization().run(module, context)
    Calibrate().run(module, context)
    assert not context.diagnostics.warnings  # no NaN
    assert get_range(module.main, module.main.outputs[0]) == pytest.approx((0.0, 1.1), abs=0.05)


def test_a_value_with_two_grids_gets_a_range_that_holds_both() -> None:
    def build(b: Builder, x: Value) -> Value:
        return b.nn.add(there_and_back(b, x, GRID), there_and_back(b, x, UNSIGNED))

    module, context = make(build, 1, 8), PassContext()
    AdoptQuantization().run(module, context)
    Calibrate().run(module, context)
    assert get_range(module.main, module.main.inputs[0]) == pytest.approx((-25.0, 155 * 0.25))


def test_grids_go_channel_last() -> None:
    def build(b: Builder, x: Value) -> Value:
        kind = QuantizedType(I8, F32, (0.1, 0.2, 0.4), (0, 1, 2), 1)
        x = b.nn.conv(b.nn.fake_quantize(x, grid=kind), b.constant(RNG.standard_normal((4, 3, 3, 3))))
        return b.nn.conv(b.nn.fake_quantize(x, grid=GRID), b.constant(RNG.standard_normal((2, 4, 3, 3))))

    module = make(build, 1, 3, 8, 8)
    x = RNG.standard_normal((1, 3, 8, 8)).astype(np.float32)
    before = module.evaluate({"x": x})["y"]
    ChannelLast(io="keep").run(module, PassContext())
    assert [op.name for op in module.main.body].count("nn.transpose") == 2
    np.testing.assert_allclose(module.evaluate({"x": x})["y"], before, rtol=1e-4, atol=1e-4)


def test_no_data_is_asked_for() -> None:
    def build(b: Builder, x: Value) -> Value:
        x = there_and_back(b, x, GRID)
        return there_and_back(b, b.nn.conv(x, weight(b, 6, 3, 3, 3)), UNSIGNED)

    module, context = make(build, 1, 3, 8, 8), PassContext()
    for step in (AdoptQuantization(), Calibrate(), QuantizeInt8(io_type="float32")):
        step.run(module, context)
    assert not context.diagnostics.warnings
    quantized = [v.tensor.element for op in module.main.body for v in op.results]
    kinds = {(e.scale, e.zero_point) for e in quantized if isinstance(e, QuantizedType) and e.axis is None}
    assert {(round(s, 6), z) for s, z in kinds} == {(0.05, 3), (0.25, -28)}


def quantized_model(operators: bool) -> Any:
    """A model of QDQ pairs, or of operators on integers."""
    onnx = pytest.importorskip("onnx")
    make_node, store = onnx.helper.make_node, onnx.numpy_helper.from_array
    weights = RNG.integers(-127, 128, (8, 3, 3, 3)).astype(np.int8)
    weights.reshape(8, -1)[:, 0] = 127
    scale = RNG.uniform(0.005, 0.02, 8).astype(np.float32)
    constants = {
        "x_s": np.float32(0.05),
        "x_z": np.uint8(128),
        "w": weights,
        "w_s": scale,
        "w_z": np.zeros(8, np.int8),
        "b": RNG.integers(-500, 500, 8).astype(np.int32),
        "b_s": np.float32(0.05) * scale,
        "y_s": np.float32(0.04),
        "y_z": np.uint8(40),
    }
    pair = [make_node("QuantizeLinear", ["x", "x_s", "x_z"], ["xq"])]
    if operators:
        names = ["xq", "x_s", "x_z", "w", "w_s", "w_z", "y_s", "y_z", "b"]
        nodes = [*pair, make_node("QLinearConv", names, ["c"], strides=[2, 2], pads=[1, 1, 1, 1])]
        nodes.append(make_node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2]))
    else:
        nodes = [
            *pair,
            make_node("DequantizeLinear", ["xq", "x_s", "x_z"], ["xr"]),
            make_node("DequantizeLinear", ["w", "w_s", "w_z"], ["wr"], axis=0),
            make_node("DequantizeLinear", ["b", "b_s"], ["br"], axis=0),
            make_node("Conv", ["xr", "wr", "br"], ["cr"], strides=[2, 2], pads=[1, 1, 1, 1]),
            make_node("QuantizeLinear", ["cr", "y_s", "y_z"], ["cq"]),
            make_node("DequantizeLinear", ["cq", "y_s", "y_z"], ["c"]),
            make_node("MaxPool", ["c"], ["pr"], kernel_shape=[2, 2]),
            make_node("QuantizeLinear", ["pr", "y_s", "y_z"], ["p"]),
        ]
    nodes.append(make_node("DequantizeLinear", ["p", "y_s", "y_z"], ["y"]))
    graph = onnx.helper.make_graph(
        nodes,
        "quantized",
        [onnx.helper.make_tensor_value_info("x", 1, ["n", 3, 12, 12])],
        [onnx.helper.make_tensor_value_info("y", 1, ["n", 8, 5, 5])],
        [store(np.asarray(a), name) for name, a in constants.items()],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)


@pytest.mark.parametrize("operators", [False, True], ids=["pairs", "operators"])
def test_quantized_onnx_models_become_int8_tflite_models(operators: bool, tmp_path: Any) -> None:
    """LiteRT gives what onnxruntime gives, but for one step where roundings differ."""
    litert = pytest.importorskip("litert")
    onnxruntime = pytest.importorskip("onnxruntime")
    model = quantized_model(operators)
    path, target = tmp_path / "model.onnx", tmp_path / "model.tflite"
    path.write_bytes(model.SerializeToString())
    module = driver.load(path)
    compilation = driver.compile(module, driver.find_pipeline("onnx-to-tflite-int8"))
    assert not compilation.warnings
    driver.save(module, target)
    assert set(litert.op_names(target)) <= {"CONV_2D", "MAX_POOL_2D", "PAD", "DELEGATE"}
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    x = RNG.uniform(-6, 6, (1, 3, 12, 12)).astype(np.float32)
    (expected,) = session.run(None, {"x": x})
    stored = np.clip(np.rint(x.transpose(0, 2, 3, 1) / np.float32(0.05)), -128, 127).astype(np.int8)
    found = litert.run(target, {"x": stored}, xnnpack=False)["y"].astype(np.int64)
    assert np.abs(found - (-88) - np.rint(expected.transpose(0, 2, 3, 1) / 0.04)).max() <= 1


def model_of_integers() -> Any:
    """The same operators with unsigned integers as input and output."""
    onnx = pytest.importorskip("onnx")
    model = quantized_model(operators=True)
    inner = [node for node in model.graph.node if node.op_type in ("QLinearConv", "MaxPool")]
    del model.graph.node[:]
    model.graph.node.extend(inner)
    model.graph.input[0].CopyFrom(onnx.helper.make_tensor_value_info("xq", 2, [1, 3, 12, 12]))
    model.graph.output[0].CopyFrom(onnx.helper.make_tensor_value_info("p", 2, [1, 8, 5, 5]))
    return model


@pytest.mark.parametrize(("pipeline", "shift"), [("onnx-to-tflite", 0), ("onnx-to-tflite-int8", 128)])
def test_inputs_and_outputs_of_integers(pipeline: str, shift: int, tmp_path: Any) -> None:
    """They stay what they are, unless all is to be 8-bit: then they are signed."""
    litert = pytest.importorskip("litert")
    onnxruntime = pytest.importorskip("onnxruntime")
    path, target = tmp_path / "model.onnx", tmp_path / "model.tflite"
    path.write_bytes(model_of_integers().SerializeToString())
    module = driver.load(path)
    compilation = driver.compile(module, driver.find_pipeline(pipeline))
    assert len(compilation.warnings) == (2 if shift else 0)
    driver.save(module, target)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    x = RNG.integers(0, 256, (1, 3, 12, 12)).astype(np.uint8)
    (expected,) = session.run(None, {"xq": x})
    stored = (x.transpose(0, 2, 3, 1).astype(np.int64) - shift).astype(np.int8 if shift else np.uint8)
    (found,) = litert.run(target, {"xq": stored}, xnnpack=False).values()
    assert np.abs(found.astype(np.int64) + shift - expected.transpose(0, 2, 3, 1)).max() <= 1


def test_integers_that_others_compute_with_stay_what_they_are() -> None:
    def build(b: Builder, x: Value) -> Value:
        stored = b.nn.storage_cast(b.nn.quantize(x, to=x.tensor.with_element(GRID), rounding="half_even"), to=I8)
        return b.nn.cast(b.nn.add(stored, stored), to=F32)

    module = make(build, 1, 40)
    x = RNG.uniform(-3, 3, (1, 40)).astype(np.float32)
    before = module.evaluate({"x": x})["y"]
    AdoptQuantization().run(module, PassContext())
    assert not any(isinstance(v.tensor.element, QuantizedType) for op in module.main.body for v in op.results)
    np.testing.assert_array_equal(module.evaluate({"x": x})["y"], before)
