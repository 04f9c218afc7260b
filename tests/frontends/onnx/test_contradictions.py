"""What releases of ONNX define differently under one opset is refused, and nothing beside it."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_models import evaluated, lifted, node_model

from nncc.ir import CompileError

Q = np.random.default_rng(0).standard_normal((1, 2, 3, 4)).astype(np.float32)


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
def test_scores_of_attention(mode: int) -> None:
    model = node_model("Attention", [Q, Q, Q], opset=23, results=4, qk_matmul_output_mode=mode)
    if mode in (1, 2):
        with pytest.raises(CompileError, match=rf"mode {mode}, which releases of ONNX define differently"):
            lifted(model)
    else:
        scores = evaluated(model, [Q, Q, Q])[3]
        products = Q @ Q.swapaxes(-1, -2) / 2.0
        powers = np.exp(products - products.max(-1, keepdims=True))
        expected = products if mode == 0 else powers / powers.sum(-1, keepdims=True)
        np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)


def test_scores_that_nobody_asks_for() -> None:
    lifted(node_model("Attention", [Q, Q, Q], opset=23, qk_matmul_output_mode=2))


@pytest.mark.parametrize("kind", [np.int8, np.uint8])
def test_products_with_scales_that_are_inputs(kind: type) -> None:
    scale = np.float32(0.5)
    operands = [np.ones((2, 2), kind), scale, kind(0), np.ones((2, 2), kind), scale, kind(0), scale, kind(0)]
    model = node_model("QLinearMatMul", operands, opset=21)
    if kind is np.uint8:
        np.testing.assert_array_equal(evaluated(model, operands)[0], np.full((2, 2), 1, kind))
    else:
        with pytest.raises(CompileError, match="releases saturate differently"):
            lifted(model)
        constant = node_model("QLinearMatMul", operands, opset=21, constants=(1, 2, 4, 5, 6, 7))
        np.testing.assert_array_equal(evaluated(constant, operands)[0], np.full((2, 2), 1, kind))


def test_an_optimizer_without_its_epsilon() -> None:
    one = np.ones(1, np.float32)
    operands = [np.float32(0.1), np.int64(0), one, one, one, one]
    domain = "ai.onnx.preview.training"
    with pytest.raises(CompileError, match="has no epsilon"):
        lifted(node_model("Adam", operands, opset=1, results=3, domain=domain))
    lifted(node_model("Adam", operands, opset=1, results=3, domain=domain, epsilon=1e-2))
