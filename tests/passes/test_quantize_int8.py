"""`quantize-int8`: the rules of TFLite's 8-bit specification, one by one, and the numbers that come out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir import Builder, CompileError, Function, Module, Operation, TensorType, Value
from nncc.ir.interpreter import evaluate
from nncc.ir.module import constant_attribute
from nncc.ir.passes import PassContext
from nncc.ir.ports import from_ports, to_ports
from nncc.ir.types import F32, QuantizedType
from nncc.passes.calibrate import Calibrate
from nncc.passes.quantization.rounding import round_weights
from nncc.passes.quantization.windows import input_rows, weight_matrices, weight_of_matrices
from nncc.passes.quantize_int8 import QuantizeInt8
from nncc.passes.ranges import set_range

RNG = np.random.default_rng(5)
Build = Callable[[Builder, Value], Any]
PLAIN = {"correct_biases": False, "rounding": "nearest"}


def weights(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def make(build: Build, *shape: int) -> tuple[Module, Function]:
    """A module with the input x of a shape; ``build`` gives its output or outputs."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    built = build(Builder(module, block), block.args[0])
    outputs = built if isinstance(built, tuple) else (built,)
    function.set_outputs([(f"y{i}", value) for i, value in enumerate(outputs)])
    return module, function


def quantize(build: Build, *shape: int, data: np.ndarray | None = None, **options: Any) -> tuple[Function, PassContext]:
    """The function after calibration (on normal random numbers) and quantization, and the context."""
    module, function = make(build, *shape)
    context = PassContext(dataset=weights(32, *shape[1:]) if data is None else data)
    Calibrate().run(module, context)
    QuantizeInt8(**options).run(module, context)
    for op in module.walk():
        op.verify()
    return function, context


def names(function: Function) -> list[str]:
    return [op.name.removeprefix("nn.") for op in function.body if op.name not in ("nn.constant", "func.return")]


def find(function: Function, name: str) -> Operation:
    return next(op for op in function.body if op.name == f"nn.{name}")


def kind(value: Value | None) -> QuantizedType:
    assert value is not None and isinstance(value.tensor.element, QuantizedType)
    return value.tensor.element


def sqnr(context: PassContext) -> float:
    return context.facts["quantization"]["sqnr_db"]


# Weights and biases


def test_a_convolution_has_channel_scales_and_an_i32_bias() -> None:
    w, bias = weights(4, 3, 3, 3), weights(4)
    function, context = quantize(lambda b, x: b.nn.conv(x, w, bias), 1, 3, 8, 8, **PLAIN)
    op = find(function, "conv")
    x, weight, b = (kind(v) for v in op.operands)
    assert str(weight.storage) == "i8" and weight.limits == (-127, 127) and weight.axis == 0
    np.testing.assert_allclose(weight.scales, np.abs(w).max(axis=(1, 2, 3)) / 127, rtol=1e-6)
    assert str(b.storage) == "i32" and b.axis == 0 and set(b.zero_points) == {0}
    np.testing.assert_allclose(b.scales, np.array(weight.scales) * x.scale, rtol=1e-6)
    stored = constant_attribute(op.operands[1])
    assert stored is not None and stored.numpy().dtype == np.int8
    np.testing.assert_allclose(stored.real(), w, atol=max(weight.scales) / 2 * 1.001)
    assert sqnr(context) > 35


@pytest.mark.parametrize(("build", "shape", "axis", "channels"), [
    (lambda b, x: b.nn.affine(x, weights(6, 5), weights(5)), (1, 6), 1, 5),
    (lambda b, x: b.nn.conv_transpose(x, weights(3, 7, 2, 2), weights(7)), (1, 3, 4, 4), 1, 7),
    (lambda b, x: b.nn.conv(x, weights(3, 1, 3, 3), None, groups=3), (1, 3, 8, 8), 0, 3),
])  # fmt: skip
def test_the_axis_of_output_channels(build: Build, shape: tuple[int, ...], axis: int, channels: int) -> None:
    function, context = quantize(build, *shape)
    weight = kind(next(op for op in function.body if len(op.operands) > 1 and op.name != "func.return").operands[1])
    assert weight.axis == axis and len(weight.scales) == channels
    assert sqnr(context) > 30


def test_per_tensor_weights() -> None:
    function, _ = quantize(lambda b, x: b.nn.affine(x, weights(6, 5), weights(5)), 1, 6, weights="per_tensor")
    _, weight, bias = (kind(v) for v in find(function, "affine").operands)
    assert weight.axis is None and bias.axis is None and len(weight.scales) == 1


def test_a_channel_of_zeros_keeps_its_bias() -> None:
    w, bias = weights(3, 2, 1, 1), np.array([0.5, 1.25, -0.75], np.float32)
    w[1] = 0
    function, _ = quantize(lambda b, x: b.nn.conv(x, w, bias), 1, 2, 4, 4)
    stored = constant_attribute(find(function, "conv").operands[2])
    assert stored is not None
    np.testing.assert_allclose(stored.real(), bias, atol=1e-3)


@pytest.mark.parametrize("size", [1e-3, 1e-9, 1e-30])
def test_tiny_weights_do_not_overflow_the_bias(size: float) -> None:
    w, bias = weights(3, 2, 1, 1), np.array([5.0, -3.0, 1.0], np.float32)
    w[0] *= size
    function, context = quantize(lambda b, x: b.nn.conv(x, w, bias), 1, 2, 4, 4, **PLAIN)
    op = find(function, "conv")
    stored = constant_attribute(op.operands[2])
    assert stored is not None and np.abs(stored.numpy().astype(np.int64)).max() <= 2**30
    np.testing.assert_allclose(stored.real(), bias, atol=1e-3)
    x, weight = kind(op.operands[0]), kind(op.operands[1])
    assert min(x.scale * s / kind(op.results[0]).scale for s in weight.scales) >= 2**-21
    assert sqnr(context) > 35


def test_shared_weights_are_stored_once() -> None:
    def build(b: Builder, x: Value) -> Value:
        w = b.constant(weights(4, 4))
        return b.nn.affine(b.nn.relu(b.nn.affine(x, w)), w)

    function, _ = quantize(build, 1, 4)
    first, second = (op.operands[1] for op in function.body if op.name == "nn.affine")
    assert first is second


def test_float_weights_leave_the_module() -> None:
    module, _ = make(lambda b, x: b.nn.affine(x, weights(64, 8)), 1, 64)
    context = PassContext(dataset=weights(4, 64))
    Calibrate().run(module, context)
    QuantizeInt8().run(module, context)
    assert [r.numpy().dtype for r in module.resources.values()] == [np.int8]


def test_large_weights_are_converted_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from nncc.passes.quantization import weights as module

    array = weights(7, 5, 3)
    for axis in (0, 1, None):
        chosen = module.choose_weight_type(array, None, axis, 0.1, 0.1)
        expected = chosen.quantize(array)
        monkeypatch.setattr(module, "BLOCK", 31)
        np.testing.assert_array_equal(module.quantize_array(array, chosen), expected)


# Activations


def test_ranges_become_scales_with_an_exact_zero() -> None:
    data = np.linspace(-1, 3, 64, dtype=np.float32).reshape(1, 64)
    function, _ = quantize(lambda b, x: b.nn.abs(x), 1, 64, data=data)
    x, y = kind(function.inputs[0]), kind(function.outputs[0])
    assert x.scale == pytest.approx(4 / 255) and x.zero_point == -64
    assert y.scale == pytest.approx(3 / 255) and y.zero_point == -128
    assert x.dequantize(np.array([x.zero_point])) == 0


@pytest.mark.parametrize(("build", "low", "high"), [
    (lambda b, x: b.nn.hard_swish(x), -3, 20),
    (lambda b, x: b.nn.relu(x), 0, 20),
    (lambda b, x: b.nn.clip(x, min=-1.0, max=2.0), -1, 2),
    (lambda b, x: (b.nn.relu(x), b.nn.hard_swish(x)), -3, 20),
    (lambda b, x: (b.nn.relu(x), b.nn.abs(x)), -10, 20),
    (lambda b, x: b.nn.sigmoid(x), -8, 8),
])  # fmt: skip
def test_a_range_ends_where_the_users_saturate(build: Build, low: float, high: float) -> None:
    data = np.linspace(-10, 20, 64, dtype=np.float32).reshape(1, 64)
    function, context = quantize(build, 1, 64, data=data)
    assert kind(function.inputs[0]).scale == pytest.approx((high - low) / 255)
    assert sqnr(context) > 45


def test_the_mean_of_whole_images_has_a_scale_of_its_own() -> None:
    build: Build = lambda b, x: b.nn.average_pool(x, kernel=(8, 8), strides=(8, 8), channel_last=True)  # noqa: E731
    function, context = quantize(build, 1, 8, 8, 3)
    assert names(function) == ["reduce_mean"]
    assert function.outputs[0].tensor.static_shape == (1, 1, 1, 3)
    assert kind(function.outputs[0]).scale < kind(function.inputs[0]).scale / 4
    assert sqnr(context) > 30


def test_max_pool_over_padding_of_minus_infinity_is_int8() -> None:
    def build(b: Builder, x: Value) -> Value:
        padded = b.nn.pad(x, pads=(0, 0, 1, 1, 0, 0, 1, 1), value=-np.inf)
        return b.nn.max_pool(padded, kernel=(3, 3), strides=(2, 2))

    function, context = quantize(build, 1, 2, 6, 6)
    assert names(function) == ["pad", "max_pool"]
    assert not context.diagnostics.warnings
    assert sqnr(context) > 35


def test_a_fused_activation_narrows_the_range() -> None:
    function, _ = quantize(lambda b, x: b.nn.affine(x, weights(6, 5), activation="relu"), 1, 6)
    assert kind(function.outputs[0]).zero_point == -128


@pytest.mark.parametrize(("name", "scale", "zero_point"), [
    ("softmax", 1 / 256, -128), ("sigmoid", 1 / 256, -128), ("tanh", 1 / 128, 0), ("log_softmax", 1 / 16, 127),
])  # fmt: skip
def test_prescribed_outputs(name: str, scale: float, zero_point: int) -> None:
    function, context = quantize(lambda b, x: getattr(b.nn, name)(x), 1, 16)
    assert (kind(function.outputs[0]).scale, kind(function.outputs[0]).zero_point) == (scale, zero_point)
    assert sqnr(context) > 25


@pytest.mark.parametrize("build", [
    lambda b, x: b.nn.max_pool(x, kernel=(2, 2), strides=(2, 2)),
    lambda b, x: b.nn.average_pool(x, kernel=(2, 2), strides=(2, 2)),
    lambda b, x: b.nn.reshape(x, shape=(1, -1)),
    lambda b, x: b.nn.transpose(x, perm=(0, 2, 3, 1)),
    lambda b, x: b.nn.pad(x, pads=(0, 0, 1, 1, 0, 0, 1, 1)),
    lambda b, x: b.nn.slice(x, starts=(0, 0, 0, 0), stops=(1, 1, 4, 4), steps=(1, 1, 1, 1)),
    lambda b, x: b.nn.resize(x, sizes=(8, 8), mode="nearest", coordinate="asymmetric", rounding="floor"),
    lambda b, x: b.nn.maximum(x, np.float32(0.1)),
    lambda b, x: b.nn.split(x, axis=1, sizes=(1, 1)),
])  # fmt: skip
def test_operations_that_keep_the_type(build: Build) -> None:
    function, _ = quantize(build, 1, 2, 4, 4)
    assert {kind(v) for v in function.outputs} == {kind(function.inputs[0])}
    assert "quantize" not in names(function)


def test_padding_with_minus_infinity_does_not_widen_the_range() -> None:
    build: Build = lambda b, x: b.nn.pad(x, pads=(0, 1, 0, 1), value=-3e38)  # noqa: E731
    function, _ = quantize(build, 1, 8, data=np.linspace(-1, 1, 8, dtype=np.float32)[None])
    assert kind(function.outputs[0]).scale == pytest.approx(2 / 255)


def test_constants_of_arithmetic_have_their_own_range() -> None:
    function, context = quantize(lambda b, x: b.nn.mul(b.nn.add(x, np.float32(-2.5)), weights(8)), 1, 8)
    add, mul = find(function, "add"), find(function, "mul")
    stored = constant_attribute(add.operands[1])
    assert stored is not None and stored.real() == np.float32(-2.5)
    assert kind(mul.operands[1]) != kind(mul.operands[0])
    assert sqnr(context) > 30


# Concatenation


def concat(factor: float, with_user: bool) -> Build:
    def build(b: Builder, x: Value) -> Any:
        small = b.nn.relu(b.nn.mul(x, np.float32(factor)))
        joined = b.nn.concat([b.nn.relu(x), small], axis=1)
        return (joined, b.nn.exp(small)) if with_user else joined

    return build


def test_concat_shares_one_type_where_ranges_are_alike() -> None:
    function, _ = quantize(concat(0.8, True), 1, 16)
    op = find(function, "concat")
    assert "quantize" not in names(function)
    assert len({kind(v) for v in (*op.operands, *op.results)}) == 1


def test_an_operand_of_concat_that_nobody_else_sees_takes_its_type() -> None:
    function, _ = quantize(concat(0.01, False), 1, 16)
    assert "quantize" not in names(function)


def test_concat_requantizes_an_operand_of_a_much_narrower_range() -> None:
    function, context = quantize(concat(0.01, True), 1, 16)
    op = find(function, "concat")
    assert names(function).count("quantize") == 1
    assert len({kind(v) for v in (*op.operands, *op.results)}) == 1
    assert context.facts["quantization"]["outputs"]["y1"] > 50  # the other user sees the fine type


def test_concat_requantizes_what_a_kernel_prescribes() -> None:
    function, _ = quantize(lambda b, x: b.nn.concat([b.nn.sigmoid(x), b.nn.relu(x)], axis=1), 1, 16)
    op = find(function, "concat")
    assert op.operands[0].defining_op.name == "nn.quantize"
    assert kind(find(function, "sigmoid").results[0]).scale == 1 / 256
    assert len({kind(v) for v in (*op.operands, *op.results)}) == 1


def test_constants_in_concat_take_its_type() -> None:
    function, _ = quantize(lambda b, x: b.nn.concat([x, b.constant(np.full((1, 2), 9, np.float32))], axis=1), 1, 4)
    op = find(function, "concat")
    assert len({kind(v) for v in (*op.operands, *op.results)}) == 1
    stored = constant_attribute(op.operands[1])
    assert stored is not None
    np.testing.assert_allclose(stored.real(), 9, rtol=0.01)


# What stays in float


def island(b: Builder, x: Value) -> Value:
    return b.nn.affine(b.nn.erf(b.nn.affine(x, weights(4, 4))), weights(4, 4))


def test_an_operation_without_a_kernel_is_an_island_with_a_warning() -> None:
    function, context = quantize(island, 1, 4)
    assert names(function) == ["affine", "dequantize", "erf", "quantize", "affine"]
    (warning,) = context.diagnostics.warnings
    assert "'nn.erf' stays in float: TFLite has no int8 kernel" in warning.message
    assert sqnr(context) > 25


def test_strict_makes_it_an_error_for_every_such_operation() -> None:
    with pytest.raises(CompileError) as caught:
        quantize(lambda b, x: b.nn.erf(b.nn.cos(x)), 1, 4, strict=True)
    assert len(caught.value.diagnostics) == 2


def test_float_and_int8_users_share_their_conversions() -> None:
    def build(b: Builder, x: Value) -> Any:
        y = b.nn.relu(x)
        z = b.nn.erf(y)
        return b.nn.cos(y), b.nn.add(y, z), b.nn.mul(z, z)

    function, _ = quantize(build, 1, 4)
    assert names(function).count("dequantize") == 1
    assert names(function).count("quantize") == 2  # z, and the output of cos


def test_moves_between_float_operations_stay_in_float() -> None:
    def build(b: Builder, x: Value) -> Value:
        y = b.nn.erf(b.nn.relu(x))
        return b.nn.relu(b.nn.erf(b.nn.transpose(b.nn.reshape(y, shape=(2, 4)), perm=(1, 0))))

    function, _ = quantize(build, 1, 8)
    assert names(function) == ["relu", "dequantize", "erf", "reshape", "transpose", "erf", "quantize", "relu"]


def test_a_value_without_a_range_stays_in_float() -> None:
    module, function = make(lambda b, x: b.nn.relu(b.nn.affine(x, weights(3, 3))), 1, 3)
    context = PassContext(dataset=weights(4, 3))
    Calibrate().run(module, context)
    set_range(function, find(function, "affine").results[0], None)
    QuantizeInt8().run(module, context)
    assert names(function) == ["dequantize", "affine", "relu", "quantize"]
    assert {"result 0 has no finite range", "operand 0 has no finite range"} == {
        w.message.partition("float: ")[2] for w in context.diagnostics.warnings
    }


def test_integer_work_needs_no_kernel() -> None:
    def build(b: Builder, x: Value) -> Any:
        index = b.nn.argmax(x, axis=1, keep_dims=False)
        return b.nn.add(index, index), x

    function, context = quantize(build, 1, 8)
    assert not context.diagnostics.warnings
    assert str(function.outputs[0].tensor.element) == "i64"


# Ports


def test_int8_ports() -> None:
    function, _ = quantize(island, 1, 4)
    assert str(kind(function.inputs[0]).storage) == str(kind(function.outputs[0]).storage) == "i8"


def test_float32_ports() -> None:
    function, _ = quantize(lambda b, x: b.nn.relu(x), 1, 4, io_type="float32")
    assert names(function) == ["quantize", "relu", "dequantize"]
    assert function.inputs[0].tensor.element == function.outputs[0].tensor.element == F32


def test_ports_of_float_operations_are_int8_too() -> None:
    function, _ = quantize(lambda b, x: b.nn.erf(x), 1, 4)
    assert names(function) == ["dequantize", "erf", "quantize"]


def test_an_input_that_is_an_output() -> None:
    function, context = quantize(lambda b, x: (x, b.nn.relu(x)), 1, 4)
    assert function.outputs[0] is function.inputs[0]
    assert sqnr(context) > 40


def test_ranges_do_not_stay_behind() -> None:
    function, _ = quantize(lambda b, x: b.nn.relu(x), 1, 4)
    assert "nncc.range" not in str(function.attributes) + str([op.attributes for op in function.body])


# Misuse


def test_quantizing_without_calibration_is_refused() -> None:
    module, _ = make(lambda b, x: b.nn.relu(x), 1, 4)
    with pytest.raises(CompileError, match="no value has a range"):
        QuantizeInt8().run(module, PassContext())


def test_quantizing_twice_is_refused() -> None:
    module, _ = make(lambda b, x: b.nn.relu(x), 1, 4)
    context = PassContext(dataset=weights(4, 4))
    Calibrate().run(module, context)
    QuantizeInt8().run(module, context)
    with pytest.raises(CompileError, match="quantized already"):
        QuantizeInt8().run(module, context)


@pytest.mark.parametrize("options", [{"io_type": "uint8"}, {"weights": "per_row"}, {"rounding": "up"}])
def test_wrong_options(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        QuantizeInt8(**options)


# The report


def test_the_report_names_what_each_value_loses() -> None:
    _, context = quantize(island, 1, 4)
    report = context.facts["quantization"]
    assert [t["operation"] for t in report["tensors"]] == ["nn.affine", "nn.erf", "nn.affine"]
    assert report["outputs"] == {"y0": report["sqnr_db"]}
    assert report["tensors"][-1]["sqnr_db"] == pytest.approx(report["sqnr_db"], abs=0.01)
    assert context.facts["sqnr_db"] == report["sqnr_db"]
    assert context.facts["calibration_data"] == "32 samples of the data given"


# Refinement by the data


def deep(b: Builder, x: Value) -> Value:
    rng = np.random.default_rng(3)
    for _ in range(4):
        w = (rng.standard_normal((8, 8, 3, 3)) / 8).astype(np.float32)
        x = b.nn.conv(
            x, w, rng.standard_normal(8).astype(np.float32), pads=(1,) * 4, channel_last=True, activation="relu"
        )
        x = b.nn.conv(x, rng.standard_normal((8, 1, 3, 3)).astype(np.float32), None, groups=8, channel_last=True)
    return b.nn.affine(b.nn.reshape(x, shape=(1, -1)), (rng.standard_normal((512, 5)) / 20).astype(np.float32))


def test_refinement_helps_on_data_that_it_has_not_seen() -> None:
    rng = np.random.default_rng(9)
    seen, unseen = rng.random((2, 24, 16, 16, 8)).astype(np.float32)
    found = {}
    for name, options in {"plain": PLAIN, "biases": {"rounding": "nearest"}, "both": {}}.items():
        module, function = make(deep, 1, 16, 16, 8)
        context = PassContext(dataset=seen)
        Calibrate().run(module, context)
        reference = function.clone()
        QuantizeInt8(**options).run(module, context)
        noise = signal = 0.0
        for x in unseen:
            exact = evaluate(reference, {"x": x[None]})["y0"]
            got = from_ports(function, evaluate(function, to_ports(function, {"x": x[None]})))["y0"]
            noise, signal = noise + np.square(exact - got).sum(), signal + np.square(exact).sum()
        found[name] = 10 * np.log10(signal / noise)
    assert found["biases"] > found["plain"] + 0.3
    assert found["both"] > found["biases"] + 0.1


def test_a_bias_appears_where_there_was_none() -> None:
    function, _ = quantize(lambda b, x: b.nn.affine(x, weights(8, 4)), 1, 8, data=RNG.random((32, 8)))
    assert str(kind(find(function, "affine").operands[2]).storage) == "i32"


def test_synthetic_data_refines_nothing() -> None:
    module, function = make(lambda b, x: b.nn.affine(x, weights(8, 4)), 1, 8)
    context = PassContext()
    Calibrate().run(module, context)
    QuantizeInt8().run(module, context)
    assert len(find(function, "affine").operands) == 2


def rounding_errors(seed: int, groups: int, inputs: int, outputs: int) -> tuple[float, float]:
    """Squared errors of the outputs for correlated inputs: rounded by inputs, and to the nearest."""
    rng = np.random.default_rng(seed)
    w = rng.standard_normal((groups, inputs, outputs))
    x = rng.standard_normal((groups, 400, inputs)) @ rng.standard_normal((groups, inputs, inputs))
    scales = np.abs(w).max(axis=1) / 127
    found = round_weights(w, scales, x, (-127, 127))
    assert np.abs(found).max() <= 127 and (found == np.rint(found)).all()
    nearest = np.rint(w / scales[:, None])
    return tuple(float(np.square(x @ (w - q * scales[:, None])).sum()) for q in (found, nearest))


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 12), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_rounding_by_inputs_stays_near_the_nearest(seed: int, groups: int, inputs: int, outputs: int) -> None:
    found, nearest = rounding_errors(seed, groups, inputs, outputs)
    assert found <= 4 * nearest + 1e-9  # it is greedy: a single draw may be worse


def test_rounding_by_inputs_halves_the_error_where_inputs_are_correlated() -> None:
    errors = np.array([rounding_errors(seed, 2, 24, 8) for seed in range(10)])
    assert (errors[:, 0] / errors[:, 1]).mean() < 0.5


@pytest.mark.parametrize(("build", "shape"), [
    (lambda b, x: b.nn.conv(x, weights(6, 4, 3, 2), strides=(2, 1), pads=(1, 0, 2, 1)), (2, 4, 9, 7)),
    (lambda b, x: b.nn.conv(x, weights(6, 4, 3, 2), dilations=(1, 2), channel_last=True), (2, 7, 9, 4)),
    (lambda b, x: b.nn.conv(x, weights(6, 2, 3, 2), groups=2, channel_last=True), (2, 7, 9, 4)),
    (lambda b, x: b.nn.conv(x, weights(8, 1, 3, 3), groups=4, channel_last=True), (2, 7, 9, 4)),
    (lambda b, x: b.nn.conv(x, weights(6, 3, 2, 2), groups=3), (2, 9, 7, 6)),
    (lambda b, x: b.nn.affine(x, weights(4, 7)), (2, 3, 4)),
])  # fmt: skip
def test_rows_of_inputs_times_matrices_of_weights_are_the_outputs(build: Build, shape: tuple[int, ...]) -> None:
    _, function = make(build, *shape)
    op, x = function.outputs[0].defining_op, weights(*shape)
    weight = constant_attribute(op.operands[1]).real()
    matrices = weight_matrices(op, weight)
    np.testing.assert_array_equal(weight_of_matrices(op, matrices, weight.shape), weight)
    rows = input_rows(op, x, 10**6, np.random.default_rng(0))
    products = np.moveaxis(rows @ matrices, 0, 1).reshape(rows.shape[1], -1)
    expected = evaluate(function, {"x": x})["y0"]
    if op.name == "nn.conv" and not op.channel_last:
        expected = np.moveaxis(expected, 1, -1)
    np.testing.assert_allclose(products, expected.reshape(products.shape), rtol=1e-4, atol=1e-4)


# Random graphs

UNARY = ("relu", "sigmoid", "tanh", "hard_swish", "abs", "gelu", "leaky_relu")
BINARY = ("add", "sub", "mul", "maximum", "minimum")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([*UNARY, *BINARY, "affine", "concat"]), st.integers(0, 9), st.integers(0, 9)),
             min_size=1, max_size=8),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["int8", "float32"]),
)  # fmt: skip
def test_random_graphs_keep_their_numbers(steps: list[tuple[str, int, int]], seed: int, io_type: str) -> None:
    rng = np.random.default_rng(seed)

    def build(b: Builder, x: Value) -> Value:
        values = [x]
        for name, i, j in steps:
            lhs, rhs = values[i % len(values)], values[j % len(values)]
            if name == "affine":
                made = b.nn.affine(lhs, (rng.standard_normal((8, 8)) / 3).astype(np.float32))
            elif name == "concat":
                both = b.nn.concat([lhs, rhs], axis=1)
                made = b.nn.slice(both, starts=(0, 4), stops=(1, 12), steps=(1, 1))
            else:
                made = getattr(b.nn, name)(lhs, rhs) if name in BINARY else getattr(b.nn, name)(lhs)
            values.append(made)
        total = values[0]
        for value in values[1:]:
            total = b.nn.add(total, value)
        return total

    _, context = quantize(build, 1, 8, io_type=io_type)
    assert sqnr(context) > 20
