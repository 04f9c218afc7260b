"""Operators of onnxruntime's own, which its optimizer puts into models; attention and rotary embeddings."""

from typing import Any

import numpy as np
import pytest
from onnx_models import evaluated, in_onnxruntime, judge, lifted, node_model, numbers

from nncc.ir import CompileError

X = numbers(2, 3, 8)
IMAGE = numbers(2, 4, 6, 7)


def microsoft(operator: str, operands: list, **how: Any) -> None:
    judge(operator, operands, domain="com.microsoft", opset=how.pop("opset", 17), **how)


def quantized(shape: tuple[int, ...], kind: type = np.uint8, seed: int = 0) -> np.ndarray:
    limits = np.iinfo(kind)
    return np.random.default_rng(seed).integers(limits.min, limits.max, shape).astype(kind)


def test_activations() -> None:
    microsoft("Gelu", [X])
    microsoft("FastGelu", [X], tolerance=1e-4)
    microsoft("FastGelu", [X, numbers(8)], tolerance=1e-4)
    microsoft("BiasGelu", [X, numbers(8)])
    microsoft("QuickGelu", [X])
    microsoft("QuickGelu", [X], alpha=0.8)


@pytest.mark.parametrize(
    ("activation", "parameters"),
    [
        ("Relu", None),
        ("Tanh", None),
        ("Sigmoid", None),
        ("LeakyRelu", (0.3,)),
        ("Clip", (-0.4, 0.9)),
        ("HardSigmoid", (0.3, 0.4)),
    ],
)
def test_fused_conv(activation: str, parameters: tuple[float, ...] | None) -> None:
    weight, bias = numbers(6, 2, 3, 3), numbers(6)
    how: dict[str, Any] = {"activation": activation, "activation_params": parameters, "group": 2, "strides": (2, 2)}
    microsoft("FusedConv", [IMAGE, weight, bias], pads=(1, 1, 0, 0), **how)


def test_fused_conv_with_a_sum() -> None:
    how: dict[str, Any] = {"activation": "Relu", "kernel_shape": (3, 3)}
    microsoft("FusedConv", [IMAGE, numbers(6, 4, 3, 3), numbers(6), numbers(2, 6, 4, 5)], **how)


@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
def test_fused_matmul(trans_a: int, trans_b: int) -> None:
    a, b = numbers(2, 3, *((4, 5) if trans_a else (5, 4))), numbers(3, *((6, 4) if trans_b else (4, 6)))
    microsoft("FusedMatMul", [a, b], transA=trans_a, transB=trans_b, alpha=0.3)


def test_fused_matmul_of_batches_behind_rows() -> None:
    a, b = numbers(5, 2, 4), numbers(4, 2, 6)
    microsoft("FusedMatMul", [a, b], transBatchA=1, transBatchB=1)


def test_fused_gemm() -> None:
    operands = [numbers(4, 3), numbers(4, 5), numbers(5)]
    how: dict[str, Any] = {"transA": 1, "alpha": 0.5, "beta": 0.25, "activation": "LeakyRelu"}
    microsoft("FusedGemm", operands, activation_alpha=0.3, **how)


@pytest.mark.parametrize("parts", [3, 4, 5])
def test_skip_layer_normalization(parts: int) -> None:
    operands = [X, numbers(2, 3, 8, seed=1), numbers(8), numbers(8, seed=1), numbers(8, seed=2)][:parts]
    microsoft("SkipLayerNormalization", operands, epsilon=1e-3)


def test_simplified_layer_normalization() -> None:
    microsoft("SkipSimplifiedLayerNormalization", [X, numbers(2, 3, 8, seed=1), numbers(8)], epsilon=1e-3)
    judge("SimplifiedLayerNormalization", [X, numbers(8)], opset=17, axis=-1, epsilon=1e-3)


def test_the_sum_in_front_of_a_normalization_is_an_output() -> None:
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node(
        "SkipLayerNormalization", ["x0", "x1", "x2", "x3"], ["y0", "", "", "y1"], domain="com.microsoft"
    )
    operands = [X, numbers(2, 3, 8, seed=1), numbers(8), numbers(8, seed=1)]
    ports = [onnx.helper.make_tensor_value_info(f"x{i}", 1, a.shape) for i, a in enumerate(operands)]
    outputs = [onnx.ValueInfoProto(name=name) for name in ("y0", "y1")]
    imports = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("com.microsoft", 1)]
    graph = onnx.helper.make_graph([node], "skip", ports, outputs)
    model = onnx.helper.make_model(graph, opset_imports=imports, ir_version=10)
    found = lifted(model).evaluate({f"x{i}": a for i, a in enumerate(operands)})
    for name, expected in zip(("y0", "y1"), in_onnxruntime(model, operands), strict=True):
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mask", [None, np.int32([[1, 1, 0], [1, 1, 1]])], ids=["no mask", "mask"])
def test_embed_layer_normalization(mask: np.ndarray | None) -> None:
    words, segments = np.int32([[0, 3, 2], [1, 1, 4]]), np.int32([[0, 1, 1], [0, 0, 1]])
    tables = [numbers(5, 8), numbers(4, 8), numbers(2, 8)]
    operands = [words, segments, *tables, numbers(8), numbers(8, seed=1), *([mask] if mask is not None else [])]
    microsoft("EmbedLayerNormalization", operands, results=2)


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize("operator", ["QLinearAdd", "QLinearMul"])
@pytest.mark.parametrize("constants", [(), (1, 2, 4, 5, 6, 7)], ids=["inputs", "constants"])
def test_qlinear_arithmetic(kind: type, operator: str, constants: tuple[int, ...]) -> None:
    operands = [
        quantized((2, 3, 4), kind),
        np.float32(0.2),
        kind(5),
        quantized((4,), kind, 1),
        np.float32(0.1),
        kind(3),
    ]
    microsoft(operator, [*operands, np.float32(0.7), kind(9)], constants=constants)


@pytest.mark.parametrize("operator", ["QLinearSigmoid", "QLinearLeakyRelu"])
def test_qlinear_functions(operator: str) -> None:
    operands = [quantized((2, 3, 4)), np.float32(0.05), np.uint8(100), np.float32(1 / 256), np.uint8(0)]
    how: dict[str, Any] = {"alpha": 0.3} if operator == "QLinearLeakyRelu" else {}
    microsoft(operator, operands, constants=(1, 2, 3, 4), **how)


def test_qlinear_softmax() -> None:
    """onnxruntime computes it by a table of rounded powers."""
    operands = [quantized((2, 3, 4)), np.float32(0.05), np.uint8(100), np.float32(1 / 256), np.uint8(0)]
    model = node_model("QLinearSoftmax", operands, domain="com.microsoft", opset=17, constants=(1, 2, 3, 4), axis=-1)
    model.graph.node[0].attribute.add(name="opset", type=2, i=13)
    found = evaluated(model, operands)[0].astype(int) - in_onnxruntime(model, operands)[0]
    assert np.abs(found).max() <= 1


@pytest.mark.parametrize("last", [0, 1])
def test_qlinear_pools(last: int) -> None:
    operands = [quantized((2, 5, 6, 4)), np.float32(0.05), np.uint8(100), np.float32(0.04), np.uint8(90)]
    microsoft("QLinearGlobalAveragePool", operands, channels_last=last, constants=(1, 2, 3, 4))
    # onnxruntime rounds the sum of the window, not its mean: ties part
    how: dict[str, Any] = {"kernel_shape": (3, 2), "strides": (2, 1), "pads": (1, 0, 1, 1), "channels_last": last}
    microsoft("QLinearAveragePool", operands, constants=(1, 2, 3, 4), steps=1, **how)


def test_qlinear_concat() -> None:
    parts = [quantized((2, 3)), np.float32(0.2), np.uint8(5), quantized((2, 4), seed=1), np.float32(0.1), np.uint8(3)]
    microsoft("QLinearConcat", [np.float32(0.15), np.uint8(7), *parts], axis=1, constants=(0, 1, 3, 4, 6, 7))


def test_qgemm() -> None:
    bias = np.random.default_rng(0).integers(-500, 500, 3).astype(np.int32)
    operands = [
        quantized((5, 4)),
        np.float32(0.2),
        np.uint8(5),
        quantized((3, 4), np.int8),
        np.float32([0.1, 0.2, 0.3]),
    ]
    operands += [np.zeros(3, np.int8), bias]
    microsoft("QGemm", operands, transB=1)
    microsoft("QGemm", [*operands, np.float32(3.1), np.uint8(120)], transB=1, constants=(1, 2, 3, 4, 5, 6, 7, 8))


def test_matmul_integer_to_float() -> None:
    operands = [quantized((2, 5, 4)), quantized((4, 3)), np.float32(0.2), np.float32(0.1), np.uint8(7), np.uint8(9)]
    microsoft("MatMulIntegerToFloat", [*operands, numbers(3)])


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize("per_column", [False, True])
def test_dynamic_quantize_lstm(direction: str, per_column: bool) -> None:
    """Up to what onnxruntime loses by rounding its activations."""
    d = 2 if direction == "bidirectional" else 1
    weights = [quantized((d, 4, 8), np.int8), quantized((d, 2, 8), np.int8, 1)]
    scale = np.full((d, 8) if per_column else (d,), 0.01, np.float32)
    zero = np.zeros(scale.shape, np.int8)
    operands = [numbers(5, 3, 4), *weights, numbers(d, 16), None, None, None, None, scale, zero, scale, zero]
    how: dict[str, Any] = {"direction": direction, "hidden_size": 2, "results": 3, "tolerance": 2e-2}
    microsoft("DynamicQuantizeLSTM", operands, constants=(1, 2, 8, 9, 10, 11), **how)


def test_dynamic_quantize_matmul() -> None:
    operands = [numbers(2, 5, 4), quantized((4, 3), np.int8), np.float32([0.1, 0.2, 0.3]), np.zeros(3, np.int8)]
    microsoft("DynamicQuantizeMatMul", operands[:3], constants=(1, 2))
    microsoft("DynamicQuantizeMatMul", [*operands, numbers(3)], constants=(1, 2, 3, 4))


def test_quantization_of_onnxruntime() -> None:
    x, scale, zero = numbers(2, 3, 4) * 20, np.float32(0.25), np.uint16(300)
    microsoft("QuantizeLinear", [x, scale, zero], constants=(1, 2))
    microsoft("DequantizeLinear", [quantized((2, 3), np.uint16), scale, zero], constants=(1, 2))


MASKS = {
    "none": None,
    "lengths": np.int32([5, 3]),
    "keys": np.int32([[1, 1, 1, 1, 1], [1, 1, 0, 1, 0]]),
    "pairs": np.tril(np.ones((2, 5, 5), np.int32)),
}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("causal", [0, 1])
def test_attention_of_onnxruntime(mask: str, causal: int) -> None:
    operands = [numbers(2, 5, 8), numbers(8, 24), numbers(24), *([MASKS[mask]] if MASKS[mask] is not None else [])]
    how: dict[str, Any] = {"num_heads": 2, "unidirectional": causal, "constants": (1, 2)}
    microsoft("Attention", operands, **how)
    if mask != "lengths":  # an open batch does not tell lengths from what else a vector can mean
        microsoft("Attention", operands, open_dims=(0, 1), **how)


def test_attention_of_onnxruntime_with_a_past() -> None:
    operands = [numbers(2, 3, 8), numbers(8, 24), numbers(24), None, numbers(2, 2, 2, 4, 4)]
    microsoft("Attention", operands, num_heads=2, unidirectional=1, results=2, constants=(1, 2))


@pytest.mark.parametrize("biased", [False, True])
def test_multi_head_attention(biased: bool) -> None:
    operands = [numbers(2, 5, 8), numbers(2, 6, 8), numbers(2, 6, 4), numbers(20) if biased else None]
    mask, added = np.int32([[1] * 6, [1, 0, 1, 1, 0, 1]]), numbers(2, 2, 5, 6)
    microsoft("MultiHeadAttention", operands[: 4 if biased else 3], num_heads=2, scale=0.3)
    microsoft("MultiHeadAttention", [*operands, mask, added], num_heads=2)


def test_multi_head_attention_with_a_past() -> None:
    past = [numbers(2, 2, 3, 4, seed=i) for i in range(2)]
    operands = [numbers(2, 1, 8), numbers(2, 1, 8, seed=1), numbers(2, 1, 8, seed=2), None, None, None, *past]
    microsoft("MultiHeadAttention", operands, num_heads=2, results=3)


@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("heads", [(4, 4), (4, 2)], ids=["multi head", "grouped"])
@pytest.mark.parametrize("masked", [None, "float", "bool"])
def test_attention(causal: int, heads: tuple[int, int], masked: str | None) -> None:
    q, k, v = numbers(2, heads[0], 5, 8), numbers(2, heads[1], 6, 8), numbers(2, heads[1], 6, 4)
    mask = None if masked is None else numbers(5, 6) if masked == "float" else numbers(5, 6) > -1
    if masked == "bool":
        mask[:, 0] = True
    operands = [q, k, v] if mask is None else [q, k, v, mask]
    judge("Attention", operands, opset=23, is_causal=causal, scale=0.3)


def test_attention_with_a_cache() -> None:
    past = [numbers(2, 4, 3, 8, seed=i) for i in (1, 2)]
    operands = [numbers(2, 5, 32), numbers(2, 5, 32, seed=1), numbers(2, 5, 32, seed=2), None, *past]
    judge("Attention", operands, opset=23, results=3, q_num_heads=4, kv_num_heads=4, is_causal=1)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_rotary_embedding_of_onnxruntime(interleaved: int) -> None:
    tables = [numbers(9, 4), numbers(9, 4, seed=1)]
    places = np.int64([[0, 1, 2, 3, 4], [4, 3, 2, 1, 8]])
    microsoft("RotaryEmbedding", [numbers(2, 5, 24), places, *tables], interleaved=interleaved)
    microsoft("RotaryEmbedding", [numbers(2, 3, 5, 8), np.int64([2]), *tables], interleaved=interleaved)
    part = {"num_heads": 2, "rotary_embedding_dim": 8, "interleaved": interleaved}
    microsoft("RotaryEmbedding", [numbers(2, 5, 24), np.int64([1]), *tables], **part)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_rotary_embedding(interleaved: int) -> None:
    tables = [numbers(2, 5, 4), numbers(2, 5, 4, seed=1)]
    judge("RotaryEmbedding", [numbers(2, 3, 5, 8), *tables], opset=23, interleaved=interleaved)
    places = np.int64([[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]])
    cached = [numbers(6, 2), numbers(6, 2, seed=1), places]
    how: dict[str, Any] = {"rotary_embedding_dim": 4, "num_heads": 3, "interleaved": interleaved}
    judge("RotaryEmbedding", [numbers(2, 5, 24), *cached], opset=23, **how)


def test_operators_of_nobody_are_refused() -> None:
    with pytest.raises(CompileError, match=r"com.microsoft.Nothing cannot be lifted"):
        lifted(node_model("Nothing", [X], domain="com.microsoft", opset=17))
    with pytest.raises(CompileError, match="activation 'Gelu' with the parameters"):
        how: dict[str, Any] = {"domain": "com.microsoft", "opset": 17, "activation": "Gelu"}
        lifted(node_model("FusedConv", [IMAGE, numbers(6, 4, 3, 3)], **how))
