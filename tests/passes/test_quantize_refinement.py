"""`quantize-int8`: biases and the rounding of weights, refined by the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quantizing import PLAIN, RNG, Build, find, kind, make, quantize, weights

from nncc.ir import Builder, Value
from nncc.ir.interpreter import evaluate
from nncc.ir.module import constant_attribute
from nncc.ir.passes import PassContext
from nncc.ir.ports import from_ports, to_ports
from nncc.passes.calibrate import Calibrate
from nncc.passes.quantization.rounding import round_weights
from nncc.passes.quantization.windows import input_rows, weight_matrices, weight_of_matrices
from nncc.passes.quantize_int8 import QuantizeInt8


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
