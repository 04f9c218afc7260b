"""Activations of ONNX, in every opset."""

import math
from typing import Any

import numpy as np
import pytest
from onnx_models import judge, numbers

from nncc.ir.dialects.nn.unary import erf

X = numbers(3, 4, 5) * 3


def softplus(x: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(x))


FORMULAS: dict[str, Any] = {
    "Relu": lambda x: np.maximum(x, 0),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Tanh": np.tanh,
    "Softplus": softplus,
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "HardSigmoid": lambda x: np.clip(0.3 * x + 0.4, 0, 1),
    "LeakyRelu": lambda x: np.where(x < 0, 0.3 * x, x),
    "Elu": lambda x: np.where(x < 0, 0.3 * np.expm1(x), x),
    "Selu": lambda x: np.where(x < 0, 1.2 * 0.3 * np.expm1(x), 1.2 * x),
}
ATTRIBUTES: dict[str, dict[str, float]] = {
    "HardSigmoid": {"alpha": 0.3, "beta": 0.4},
    "LeakyRelu": {"alpha": 0.3},
    "Elu": {"alpha": 0.3},
    "Selu": {"alpha": 0.3, "gamma": 1.2},
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("opset", [1, 6, 13, 22])
def test_activations(name: str, opset: int) -> None:
    how: dict[str, Any] = dict(ATTRIBUTES.get(name, {}))
    if opset == 1 and name not in ("Softplus", "Softsign"):
        how["consumed_inputs"] = (0,)
    expected = FORMULAS[name](X.astype(np.float64)).astype(np.float32)
    judge(name, [X], opset=opset, expected=[expected], open_dims=(0, 1, 2), **how)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_activations_of_other_floats(name: str, dtype: type) -> None:
    expected = FORMULAS[name](X.astype(dtype).astype(np.float64)).astype(dtype)
    judge(name, [X.astype(dtype)], opset=22, expected=[expected], tolerance=2e-3, **ATTRIBUTES.get(name, {}))


@pytest.mark.parametrize(
    ("name", "opset", "attributes", "function"),
    [
        ("Celu", 12, {"alpha": 1.0}, lambda x: np.maximum(x, 0) + np.minimum(0, np.expm1(x))),
        ("Celu", 12, {"alpha": 2.5}, lambda x: np.maximum(x, 0) + np.minimum(0, 2.5 * np.expm1(x / 2.5))),
        ("Celu", 12, {"alpha": -2.5}, lambda x: np.maximum(x, 0) + np.minimum(0, -2.5 * np.expm1(x / -2.5))),
        ("HardSwish", 14, {}, lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
        ("Mish", 18, {}, lambda x: x * np.tanh(softplus(x))),
        ("Swish", 24, {}, lambda x: x / (1 + np.exp(-x))),
        ("Swish", 24, {"alpha": 0.7}, lambda x: x / (1 + np.exp(-0.7 * x))),
        ("Gelu", 20, {}, lambda x: x / 2 * (1 + erf(x / math.sqrt(2)))),
        (
            "Gelu",
            20,
            {"approximate": "tanh"},
            lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        ),
        ("ThresholdedRelu", 10, {"alpha": 0.8}, lambda x: np.where(x > 0.8, x, 0)),
        (
            "Shrink",
            9,
            {"lambd": 0.8, "bias": 0.3},
            lambda x: np.where(x < -0.8, x + 0.3, np.where(x > 0.8, x - 0.3, 0)),
        ),
    ],
)
def test_later_activations(name: str, opset: int, attributes: dict[str, Any], function: Any) -> None:
    expected = function(X.astype(np.float64)).astype(np.float32)
    judge(name, [X], opset=opset, expected=[expected], open_dims=(1,), **attributes)


@pytest.mark.parametrize("name", ["Celu", "HardSwish", "Mish", "ThresholdedRelu", "Shrink", "Selu", "Elu", "Gelu"])
def test_defaults_are_those_of_onnxruntime(name: str) -> None:
    judge(name, [X], opset=20)


def test_shrink_of_integers() -> None:
    judge("Shrink", [np.arange(-5, 6, dtype=np.int32)], opset=9, lambd=2.0, bias=1.5)


@pytest.mark.parametrize(("opset", "shape"), [(1, (4,)), (6, (4,)), (6, (1,)), (7, (4, 1)), (9, (5,)), (16, (3, 4, 5))])
def test_prelu(opset: int, shape: tuple[int, ...]) -> None:
    """Before version 7 a vector is one number a channel; since then it broadcasts from the last axis."""
    slope = numbers(*shape)
    factor = slope.reshape(-1, 1) if opset < 7 else slope
    expected = np.where(X < 0, X * factor, X)
    judge("PRelu", [X, slope], opset=opset, expected=[expected], constants=(1,), open_dims=(0,))
    judge("PRelu", [X, slope], opset=opset, expected=[expected])


def test_prelu_of_integers() -> None:
    judge("PRelu", [np.arange(-5, 6, dtype=np.int32), np.int32([3])], opset=16)


@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax", "Hardmax"])
@pytest.mark.parametrize("axis", [None, -1, 0, 1, 2])
@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize("open_dims", [(), (0,), (0, 1, 2)], ids=str)
def test_softmax(name: str, axis: int | None, opset: int, open_dims: tuple[int, ...]) -> None:
    """Before version 13 all axes from one on count as one."""
    judge(name, [X], opset=opset, axis=axis, open_dims=open_dims)


@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax", "Hardmax"])
@pytest.mark.parametrize("axis", [0, 1, 3])
def test_softmax_of_the_first_opset(name: str, axis: int) -> None:
    flat = X.reshape(math.prod(X.shape[:axis]), -1).astype(np.float64)
    powers = np.exp(flat - flat.max(1, keepdims=True))
    y = powers / powers.sum(1, keepdims=True)
    if name == "LogSoftmax":
        y = np.log(y)
    if name == "Hardmax":
        y = np.eye(flat.shape[1])[flat.argmax(1)]
    judge(name, [X], opset=1, axis=axis, expected=[y.reshape(X.shape).astype(np.float32)])
