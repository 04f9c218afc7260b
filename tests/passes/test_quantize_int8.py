"""`quantize-int8`: the rules of TFLite's 8-bit specification for activations, and the numbers that come out."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quantizing import Build, find, kind, names, quantize, sqnr, weights

from nncc.ir import Builder, Value
from nncc.ir.module import constant_attribute

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
