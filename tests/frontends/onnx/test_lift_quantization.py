"""Quantization of ONNX: its integers exactly, and quantized types where scales are constants."""

from typing import Any

import numpy as np
import pytest
from onnx_models import evaluated, in_onnxruntime, judge, lifted, node_model, numbers

from nncc.ir import CompileError, QuantizedType

X = numbers(2, 3, 4) * 20
SCALE, ZERO = np.float32(0.25), np.int8(3)
SCALES, ZEROS = np.float32([0.25, 0.1, 0.5]), np.int8([0, 3, -4])
HALVES = (np.arange(-300, 300, dtype=np.float32) / 8).reshape(2, 3, 100)


def names_of(module: Any) -> list[str]:
    return [op.name for op in module.main.body]


@pytest.mark.parametrize("opset", [10, 13, 19, 21, 23])
@pytest.mark.parametrize("zero", [ZERO, np.uint8(130), None], ids=["int8", "uint8", "none"])
@pytest.mark.parametrize("constants", [(), (1, 2)], ids=["inputs", "constants"])
def test_quantize_linear(opset: int, zero: Any, constants: tuple[int, ...]) -> None:
    operands = [HALVES, SCALE, zero] if zero is not None else [HALVES, SCALE]
    judge("QuantizeLinear", operands, opset=opset, constants=constants[: len(operands) - 1], open_dims=(0,))


@pytest.mark.parametrize("opset", [13, 21])
@pytest.mark.parametrize("constants", [(), (1, 2)], ids=["inputs", "constants"])
def test_quantize_and_dequantize_along_an_axis(opset: int, constants: tuple[int, ...]) -> None:
    how: dict[str, Any] = {"opset": opset, "constants": constants}
    judge("QuantizeLinear", [HALVES, SCALES, ZEROS], axis=-2, **how)
    stored = np.random.default_rng(0).integers(-128, 128, (2, 3, 4)).astype(np.int8)
    judge("DequantizeLinear", [stored, SCALES, ZEROS], axis=-2, **how)


@pytest.mark.parametrize("opset", [10, 13, 19, 21, 23])
@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32])
@pytest.mark.parametrize("constants", [(), (1, 2)], ids=["inputs", "constants"])
def test_dequantize_linear(opset: int, kind: type, constants: tuple[int, ...]) -> None:
    limits = np.iinfo(kind)
    stored = np.random.default_rng(0).integers(limits.min, limits.max, (2, 3, 4), kind)
    zero = kind(0 if kind is np.int32 else 5)
    judge("DequantizeLinear", [stored, SCALE, zero], opset=opset, constants=constants)
    judge("DequantizeLinear", [stored, SCALE], opset=opset)


@pytest.mark.parametrize("kind", [np.int16, np.uint16])
def test_sixteen_bits(kind: type) -> None:
    x, zero = HALVES * 300, kind(7)
    for constants in ((), (1, 2)):
        judge("QuantizeLinear", [x, SCALE, zero], opset=21, constants=constants)
        judge("DequantizeLinear", [x.astype(kind), SCALE, zero], opset=21, constants=constants)


def test_integers_that_are_quantized() -> None:
    x = np.arange(-300, 300, dtype=np.int32)
    expected = [np.clip(np.rint(x / 2) + 3, -128, 127).astype(np.int8)]
    judge("QuantizeLinear", [x, np.float32(2), ZERO], opset=13, expected=expected)


@pytest.mark.parametrize("constants", [(), (1, 2)], ids=["inputs", "constants"])
def test_blocks(constants: tuple[int, ...]) -> None:
    x, scales, zeros = numbers(2, 6, 3) * 9, np.abs(numbers(2, 3, 3)) + np.float32(0.1), np.ones((2, 3, 3), np.int8)
    how: dict[str, Any] = {"opset": 21, "axis": 1, "block_size": 2, "constants": constants}
    judge("QuantizeLinear", [x, scales, zeros], **how)
    stored = np.random.default_rng(0).integers(-128, 128, x.shape).astype(np.int8)
    judge("DequantizeLinear", [stored, scales, zeros], **how)


def test_output_types() -> None:
    import onnx

    int16 = onnx.TensorProto.INT16
    (stored,) = evaluated(node_model("QuantizeLinear", [X, SCALE], opset=21, output_dtype=int16), [X, SCALE])
    assert stored.dtype == np.int16
    np.testing.assert_array_equal(stored, np.rint(X / SCALE))


@pytest.mark.parametrize("axis", [None, 1])
def test_constants_make_quantized_types(axis: int | None) -> None:
    onnx = pytest.importorskip("onnx")
    helper, scale = onnx.helper, SCALE if axis is None else SCALES
    zero = ZERO if axis is None else ZEROS
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=1),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "pair",
        [helper.make_tensor_value_info("x", 1, ["n", 3, 4])],
        [helper.make_tensor_value_info("y", 1, ["n", 3, 4])],
        [onnx.numpy_helper.from_array(scale, "s"), onnx.numpy_helper.from_array(zero, "z")],
    )
    module = lifted(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]))
    quantized, dequantized, _ = module.main.body
    assert (quantized.name, dequantized.name) == ("nn.quantize", "nn.dequantize")
    kind = quantized.results[0].tensor.element
    assert isinstance(kind, QuantizedType)
    assert (kind.scales, kind.zero_points, kind.axis) == (
        tuple(np.atleast_1d(scale).tolist()),
        tuple(np.atleast_1d(zero).tolist()),
        axis,
    )


def test_dynamic_quantize_linear() -> None:
    judge("DynamicQuantizeLinear", [X], opset=11, results=3)
    judge("DynamicQuantizeLinear", [np.abs(X)], opset=11, results=3)


def conv_operands(signed: bool, per_channel: bool, bias: bool) -> list[Any]:
    rng = np.random.default_rng(0)
    kind = np.int8 if signed else np.uint8
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    x, w = (rng.integers(low, high, s).astype(kind) for s in ((2, 4, 7, 6), (6, 2, 3, 3)))
    scale = np.float32([0.1, 0.2, 0.05, 0.3, 0.15, 0.1]) if per_channel else np.float32(0.1)
    zero = np.zeros(6, kind) if per_channel else kind(0 if signed else 120)
    given = [x, np.float32(0.2), kind(4), w, scale, zero, np.float32(2.5), kind(7)]
    return [*given, rng.integers(-3000, 3000, 6).astype(np.int32)] if bias else given


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("constants", [(), range(1, 9)], ids=["inputs", "constants"])
def test_qlinear_conv(signed: bool, per_channel: bool, bias: bool, constants: Any) -> None:
    operands = conv_operands(signed, per_channel, bias)
    how: dict[str, Any] = {"opset": 10, "group": 2, "pads": (1, 0, 1, 1), "strides": (2, 1)}
    if constants:
        how["constants"] = [i for i in constants if i < len(operands)]
    judge("QLinearConv", operands, **how)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("per_column", [False, True])
@pytest.mark.parametrize("constants", [(), (1, 2, 3, 4, 5, 6, 7)], ids=["inputs", "constants"])
def test_qlinear_matmul(signed: bool, per_column: bool, constants: tuple[int, ...]) -> None:
    rng, kind = np.random.default_rng(0), np.int8 if signed else np.uint8
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    a, b = (rng.integers(low, high, s).astype(kind) for s in ((2, 5, 4), (4, 3)))
    scale = np.float32([0.1, 0.2, 0.05]) if per_column else np.float32(0.1)
    zero = np.zeros(3, kind) if per_column else kind(5)
    operands = [a, np.float32(0.2), kind(4), b, scale, zero, np.float32(1.7), kind(7)]
    judge("QLinearMatMul", operands, opset=10, constants=constants)


def test_matmul_integer() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (2, 5, 4), np.uint8), rng.integers(-128, 128, (4, 3)).astype(np.int8)
    judge("MatMulInteger", [a, b], opset=10)
    judge("MatMulInteger", [a, b, np.uint8(9), np.int8(-3)], opset=10)
    judge("MatMulInteger", [a, b, np.uint8(9), np.int8([1, 2, 3])], opset=10)


def test_matmul_integer_with_a_zero_point_a_row() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 256, s, np.uint8) for s in ((5, 4), (4, 3)))
    rows = rng.integers(0, 256, 5, np.uint8)
    expected = (a.astype(np.int32) - rows[:, None]) @ b.astype(np.int32)
    judge("MatMulInteger", [a, b, rows], opset=10, expected=[expected])


def test_narrow_floats() -> None:
    """float8 has no integers to be of a quantized type."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    zero = np.zeros((), ml_dtypes.float8_e4m3fn)
    model = node_model("QuantizeLinear", [X * 30, SCALE, zero], opset=19, constants=(1, 2))
    (found,) = evaluated(model, [X * 30, SCALE, zero])
    expected = np.clip(X * 30 / SCALE, -448, 448).astype(ml_dtypes.float8_e4m3fn)
    np.testing.assert_array_equal(found.view(np.uint8), expected.view(np.uint8))


def test_scales_that_do_not_fit_are_refused() -> None:
    with pytest.raises(CompileError, match="4 scales for a length of 3"):
        lifted(node_model("QuantizeLinear", [X, np.ones(4, np.float32)], opset=13, constants=(1,), axis=1))


def test_scales_that_are_no_scales_stay_arithmetic() -> None:
    for scale in (np.float32(0), np.float32(-0.5)):
        model = node_model("QuantizeLinear", [X, scale, ZERO], opset=13, constants=(1, 2))
        assert "nn.quantize" not in names_of(lifted(model))
    operands = [X, np.float32(-0.5), ZERO]
    model = node_model("QuantizeLinear", operands, opset=13, constants=(1, 2))
    np.testing.assert_array_equal(evaluated(model, operands)[0], in_onnxruntime(model, operands)[0])
