"""Quantized types in operations: conversion, and how the others see them."""

import numpy as np
import pytest
from nn_samples import Sample, evaluate
from onnx_reference import run_onnx

from nncc.ir import QuantizedType, TensorType, VerifyError
from nncc.ir.types import F32, I8, I32

X = np.random.default_rng(0).standard_normal((2, 3, 4), np.float32) * 20
PER_TENSOR = QuantizedType(I8, F32, (0.25,), (3,))
PER_AXIS = QuantizedType(I8, F32, (0.25, 0.1, 0.5), (0, 3, -4), axis=1)


@pytest.mark.parametrize("element", [PER_TENSOR, PER_AXIS], ids=["per tensor", "per axis"])
def test_quantize_and_dequantize(element: QuantizedType) -> None:
    """As ONNX has it, but for halves, which X does not hold."""
    per_axis = element.axis is not None
    scales = np.float32(element.scales) if per_axis else np.float32(element.scale)
    zeros = np.array(element.zero_points if per_axis else element.zero_point, np.int8)
    stored = run_onnx("QuantizeLinear", [X, scales, zeros], axis=1)
    np.testing.assert_array_equal(evaluate("nn.quantize", X, to=TensorType(X.shape, element)), stored)
    real = run_onnx("DequantizeLinear", [stored, scales, zeros], axis=1)
    (found,) = Sample("nn.dequantize", (stored,), (TensorType(X.shape, element),), {}).evaluate()
    np.testing.assert_allclose(found, real, rtol=1e-6)
    np.testing.assert_allclose(evaluate("nn.fake_quantize", X, grid=element), real, rtol=1e-6)


@pytest.mark.parametrize("element", [PER_TENSOR, PER_AXIS], ids=["per tensor", "per axis"])
def test_halves_go_to_even_numbers_as_in_onnx(element: QuantizedType) -> None:
    per_axis = element.axis is not None
    scales = np.float32(element.scales) if per_axis else np.float32(element.scale)
    zeros = np.array(element.zero_points if per_axis else element.zero_point, np.int8)
    steps = np.arange(-300, 300, dtype=np.float32).reshape(2, 3, 100) / 2
    x = steps * (scales.reshape(3, 1) if per_axis else scales)
    expected = run_onnx("QuantizeLinear", [x, scales, zeros], axis=1)
    found = evaluate("nn.quantize", x, to=TensorType(x.shape, element), rounding="half_even")
    np.testing.assert_array_equal(found, expected)


def test_a_storage_cast_changes_no_number() -> None:
    stored = np.arange(-128, 128, dtype=np.int8)
    np.testing.assert_array_equal(evaluate("nn.storage_cast", stored, to=PER_TENSOR), stored)
    (plain,) = Sample("nn.storage_cast", (stored,), (TensorType((256,), PER_TENSOR),), {"to": I8}).evaluate()
    assert plain.dtype == np.int8
    np.testing.assert_array_equal(plain, stored)


def test_quantize_keeps_the_symbols_of_x() -> None:
    types = (TensorType(("N", 3), F32),)
    op = Sample("nn.quantize", (), types, {"to": TensorType((None, 3), PER_TENSOR)}).build()
    assert op.result.type == TensorType(("N", 3), PER_TENSOR)


def test_operations_see_what_quantized_operands_express() -> None:
    a, b = TensorType((2, 3), PER_TENSOR), TensorType((3,), QuantizedType(I8, F32, (0.5,), (0,)))
    assert Sample("nn.add", (), (a, b), {}).build().result.type == TensorType((2, 3), F32)
    weight = TensorType((4, 3, 3, 3), QuantizedType(I8, F32, (0.1,) * 4, (0,) * 4, axis=0))
    bias = TensorType((4,), QuantizedType(I32, F32, (0.025,) * 4, (0,) * 4, axis=0))
    image = TensorType((1, 3, 8, 8), PER_TENSOR)
    assert Sample("nn.conv", (), (image, weight, bias), {}).build().result.type == TensorType((1, 4, 6, 6), F32)


def test_evaluation_is_on_real_numbers() -> None:
    stored = np.int8([10, -6])
    sample = Sample("nn.neg", (stored,), (TensorType((2,), PER_TENSOR),), {})
    assert sample.evaluate()[0].tolist() == [-1.75, 2.25]


@pytest.mark.parametrize(
    ("name", "type", "attributes", "message"),
    [
        ("quantize", TensorType((2, 3), F32), {"to": TensorType((2, 3), F32)}, "with quantized elements that express"),
        (
            "quantize",
            TensorType((2, 3), F32),
            {"to": TensorType((2, 4), PER_TENSOR)},
            "with the shape of tensor<2x3x",
        ),
        ("quantize", TensorType((2, 4), F32), {"to": TensorType((2, 4), PER_AXIS)}, "expected 4 scales along axis 1"),
        ("dequantize", TensorType((2, 3), F32), {}, "expected 'x' with quantized elements"),
        ("storage_cast", TensorType((2, 3), F32), {"to": PER_TENSOR}, "a quantized type and its storage type"),
        ("storage_cast", TensorType((2, 3), I8), {"to": I8}, "a quantized type and its storage type"),
        ("storage_cast", TensorType((2, 4), I8), {"to": PER_AXIS}, "expected 4 scales along axis 1"),
        ("fake_quantize", TensorType((2, 3), F32), {"grid": I8}, "expected attribute 'grid' to be a quantized type"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, type: TensorType, attributes: dict, message: str) -> None:
    with pytest.raises(VerifyError) as caught:
        Sample(f"nn.{name}", (), (type,), attributes).build()
    assert message in str(caught.value)
