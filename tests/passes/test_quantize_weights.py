"""`quantize-int8`: scales of weights and the integers of biases."""

import numpy as np
import pytest
from quantizing import PLAIN, Build, find, kind, make, quantize, sqnr, weights

from nncc.ir import Builder, Value
from nncc.ir.module import constant_attribute
from nncc.ir.passes import PassContext
from nncc.passes.calibrate import Calibrate
from nncc.passes.quantize_int8 import QuantizeInt8


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
