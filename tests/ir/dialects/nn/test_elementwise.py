"""Elementwise operations against Python's own mathematics, one number at a time."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from nn_samples import Sample, evaluate
from onnx_reference import run_onnx

from nncc.ir import TensorType, VerifyError
from nncc.ir.dialects.nn.unary import erf
from nncc.ir.types import F16, F32, F64, I1, I8, I32

WIDE = np.concatenate([np.linspace(-9, 9, 181), [1e-20, -1e-20, 0.0, 30.0, -30.0]])
POSITIVE = np.concatenate([np.linspace(0.01, 9, 90), [1e-20, 1e20]])
INSIDE = np.linspace(-0.99, 0.99, 67)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


UNARY: list[tuple[str, Callable[[float], float], np.ndarray]] = [
    ("neg", lambda x: -x, WIDE),
    ("abs", abs, WIDE),
    ("sign", lambda x: (x > 0) - (x < 0), WIDE),
    ("square", lambda x: x * x, WIDE),
    ("reciprocal", lambda x: 1 / x, POSITIVE),
    ("sqrt", math.sqrt, POSITIVE),
    ("rsqrt", lambda x: 1 / math.sqrt(x), POSITIVE),
    ("floor", math.floor, WIDE),
    ("ceil", math.ceil, WIDE),
    ("round", round, WIDE),
    ("exp", math.exp, WIDE),
    ("log", math.log, POSITIVE),
    ("log1p", math.log1p, POSITIVE),
    ("sin", math.sin, WIDE),
    ("cos", math.cos, WIDE),
    ("tan", math.tan, INSIDE),
    ("asin", math.asin, INSIDE),
    ("acos", math.acos, INSIDE),
    ("atan", math.atan, WIDE),
    ("sinh", math.sinh, WIDE),
    ("cosh", math.cosh, WIDE),
    ("tanh", math.tanh, WIDE),
    ("asinh", math.asinh, WIDE),
    ("acosh", math.acosh, 1 + POSITIVE[:90]),
    ("atanh", math.atanh, INSIDE),
    ("erf", math.erf, WIDE),
    ("relu", lambda x: max(x, 0.0), WIDE),
    ("sigmoid", sigmoid, WIDE),
    ("softplus", lambda x: max(x, 0) + math.log1p(math.exp(-abs(x))), WIDE),
    ("softsign", lambda x: x / (1 + abs(x)), WIDE),
    ("hard_sigmoid", lambda x: min(max(0.2 * x + 0.5, 0), 1), WIDE),
    ("hard_swish", lambda x: x * min(max(x + 3, 0), 6) / 6, WIDE),
    ("swish", lambda x: x * sigmoid(x), WIDE),
    ("elu", lambda x: x if x > 0 else math.expm1(x), WIDE),
    ("leaky_relu", lambda x: x if x > 0 else 0.01 * x, WIDE),
]


@pytest.mark.parametrize(("name", "formula", "numbers"), UNARY, ids=[u[0] for u in UNARY])
def test_unary(name: str, formula: Callable[[float], float], numbers: np.ndarray) -> None:
    x = numbers.astype(np.float32)
    expected = [formula(v) for v in x.tolist()]
    np.testing.assert_allclose(evaluate(f"nn.{name}", x), expected, rtol=3e-6, atol=1e-30)
    x = numbers.astype(np.float64)
    expected = [formula(v) for v in x.tolist()]
    np.testing.assert_allclose(evaluate(f"nn.{name}", x), expected, rtol=1e-12, atol=1e-30)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 3e-7), (np.float64, 1e-12)])
def test_gelu(dtype: type, tolerance: float) -> None:
    x = WIDE.astype(dtype)
    expected = [v * (1 + math.erf(v / math.sqrt(2))) / 2 for v in x.tolist()]
    np.testing.assert_allclose(evaluate("nn.gelu", x), expected, rtol=tolerance, atol=tolerance)
    expected = [v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3))) / 2 for v in x.tolist()]
    np.testing.assert_allclose(evaluate("nn.gelu", x, approximate=True), expected, rtol=tolerance, atol=tolerance)


def test_erf_keeps_the_last_digits() -> None:
    x = np.concatenate([np.linspace(-7, 7, 9999), np.logspace(-30, 1, 999)])
    expected = np.array([math.erf(v) for v in x.tolist()])
    np.testing.assert_allclose(erf(x), expected, rtol=1e-13)
    single = x.astype(np.float32)
    expected = np.array([math.erf(v) for v in single.tolist()])
    np.testing.assert_allclose(erf(single), expected, rtol=1.2e-7)
    assert erf(np.float32([np.inf, -np.inf])).tolist() == [1, -1] and np.isnan(erf(np.float32([np.nan])))[0]


def test_round_halves() -> None:
    x = np.float32([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, -0.49999997, 8388609.0])
    assert evaluate("nn.round", x).tolist() == [-2, -2, 0, 0, 2, 2, 0, 0, 8388609]
    assert evaluate("nn.round", x, mode="half_away").tolist() == [-3, -2, -1, 1, 2, 3, 0, 0, 8388609]


def test_clip() -> None:
    x = np.float32([-2, 0.5, 9, np.nan])
    np.testing.assert_array_equal(evaluate("nn.clip", x, min=-1.0, max=6.0), np.float32([-1, 0.5, 6, np.nan]))
    assert evaluate("nn.clip", np.int8([-128, 5, 127]), min=-1e9, max=6.5).tolist() == [-128, 5, 6]
    with pytest.raises(VerifyError, match="'min' not to be above 'max'"):
        Sample("nn.clip", (x,), (TensorType((4,), F32),), {"min": 1.0, "max": 0.0}).build().verify()


@pytest.mark.parametrize(
    ("dtype", "to", "expected"),
    [
        (np.float32, I32, [-2, -1, 0, 1, 2]),
        (np.float32, I1, [True, True, False, True, True]),
        (np.float32, F64, [-2.75, -1.5, 0, 1.5, 2.75]),
        (np.float32, F16, [-2.75, -1.5, 0, 1.5, 2.75]),
    ],
)
def test_cast(dtype: type, to: object, expected: list) -> None:
    y = evaluate("nn.cast", np.array([-2.75, -1.5, 0, 1.5, 2.75], dtype), to=to)
    assert y.tolist() == expected and y.dtype == to.dtype


LEFT, RIGHT = np.meshgrid([-7.5, -3, -0.5, 0.25, 2, 5], [-4, -1.5, 0.5, 3.0])
INT_LEFT, INT_RIGHT = np.meshgrid([-7, -3, -1, 0, 2, 5], [-4, -2, 1, 3])


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("add", lambda a, b: a + b),
        ("sub", lambda a, b: a - b),
        ("mul", lambda a, b: a * b),
        ("div", lambda a, b: a / b),
        ("floor_div", lambda a, b: a // b),
        ("mod", lambda a, b: a % b),
        ("maximum", max),
        ("minimum", min),
        ("atan2", math.atan2),
        ("squared_difference", lambda a, b: (a - b) ** 2),
        ("equal", lambda a, b: a == b),
        ("not_equal", lambda a, b: a != b),
        ("less", lambda a, b: a < b),
        ("less_equal", lambda a, b: a <= b),
        ("greater", lambda a, b: a > b),
        ("greater_equal", lambda a, b: a >= b),
    ],
)
def test_binary(name: str, formula: Callable[[float, float], float]) -> None:
    left, right = LEFT.astype(np.float32), RIGHT.astype(np.float32)
    expected = [formula(a, b) for a, b in zip(left.ravel().tolist(), right.ravel().tolist(), strict=True)]
    np.testing.assert_allclose(evaluate(f"nn.{name}", left, right).ravel(), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "formula", "attributes"),
    [
        ("div", lambda a, b: int(a / b), {}),
        ("floor_div", lambda a, b: a // b, {}),
        ("mod", lambda a, b: a % b, {}),
        ("mod", math.fmod, {"sign": "dividend"}),
        ("pow", lambda a, b: int(a**b) if a else 0, {}),
        ("bitwise_and", lambda a, b: a & b, {}),
        ("bitwise_or", lambda a, b: a | b, {}),
        ("bitwise_xor", lambda a, b: a ^ b, {}),
        ("bit_shift", lambda a, b: a << b, {"direction": "left"}),
        ("bit_shift", lambda a, b: a >> b, {"direction": "right"}),
    ],
)
def test_integers(name: str, formula: Callable[[int, int], int], attributes: dict) -> None:
    left, right = INT_LEFT, abs(INT_RIGHT) if name == "bit_shift" else INT_RIGHT
    if name == "pow":
        left = left[:, [0, 1, 2, 4, 5]]  # 0 to a negative power is not an integer
        right = right[:, :5]
    expected = [formula(a, b) for a, b in zip(left.ravel().tolist(), right.ravel().tolist(), strict=True)]
    y = evaluate(f"nn.{name}", left.astype(np.int32), right.astype(np.int32), **attributes)
    assert y.ravel().tolist() == expected and y.dtype == np.int32


def test_pow() -> None:
    x = np.float32([[0.5], [2], [-2]])
    y = evaluate("nn.pow", x, np.float32([-2, 0, 3, 0.5]))
    np.testing.assert_allclose(y[:2], [[4, 1, 0.125, 0.5**0.5], [0.25, 1, 8, 2**0.5]], rtol=1e-6)
    np.testing.assert_array_equal(y[2], np.float32([0.25, 1, -8, np.nan]))


def test_mod_with_the_sign_of_the_dividend() -> None:
    expected = [math.fmod(a, b) for a, b in zip(LEFT.ravel().tolist(), RIGHT.ravel().tolist(), strict=True)]
    assert evaluate("nn.mod", LEFT, RIGHT, sign="dividend").ravel().tolist() == expected


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
@pytest.mark.parametrize(("activation", "low", "high"), [("relu", 0, 1e9), ("relu6", 0, 6), ("relu_n1_to_1", -1, 1)])
def test_built_in_activation(name: str, activation: str, low: float, high: float) -> None:
    plain = evaluate(f"nn.{name}", LEFT, RIGHT)
    np.testing.assert_array_equal(evaluate(f"nn.{name}", LEFT, RIGHT, activation=activation), plain.clip(low, high))


@pytest.mark.parametrize(("name", "truth"), [("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0])])
def test_logic(name: str, truth: list) -> None:
    a, b = np.array([False, False, True, True]), np.array([False, True, False, True])
    assert evaluate(f"nn.logical_{name}", a, b).tolist() == [bool(t) for t in truth]


def test_not() -> None:
    assert evaluate("nn.logical_not", np.array([True, False])).tolist() == [False, True]
    assert evaluate("nn.bitwise_not", np.int8([0, 5, -1])).tolist() == [-1, -6, 0]


def test_nan_and_infinity() -> None:
    x = np.float32([0, np.nan, np.inf, -np.inf])
    assert evaluate("nn.is_nan", x).tolist() == [False, True, False, False]
    assert evaluate("nn.is_inf", x).tolist() == [False, False, True, True]
    np.testing.assert_array_equal(evaluate("nn.maximum", x, np.float32([1])), np.float32([1, np.nan, np.inf, 1]))


def test_select_and_prelu_against_onnxruntime() -> None:
    rng = np.random.default_rng(0)
    condition = rng.random((2, 1, 4)) < 0.5
    a, b = rng.standard_normal((3, 4), np.float32), rng.standard_normal((2, 3, 1), np.float32)
    np.testing.assert_array_equal(evaluate("nn.select", condition, a, b), run_onnx("Where", [condition, a, b]))
    x, slope = rng.standard_normal((2, 3, 4), np.float32), rng.standard_normal((3, 1), np.float32)
    np.testing.assert_allclose(evaluate("nn.prelu", x, slope), run_onnx("PRelu", [x, slope]))


@pytest.mark.parametrize(
    ("name", "types", "message"),
    [
        ("nn.exp", [TensorType((2,), I32)], "expected 'x' to have float elements, got tensor<2xi32>"),
        ("nn.add", [TensorType((2,), F32), TensorType((2,), I32)], "expected operands of one element type"),
        ("nn.add", [TensorType((2,), F32), TensorType((3,), F32)], "expected operands that broadcast together"),
        ("nn.logical_and", [TensorType((2,), I8), TensorType((2,), I8)], "expected 'lhs' to have boolean elements"),
        ("nn.select", [TensorType((), F32)] * 3, "expected 'condition' to have boolean elements"),
        ("nn.prelu", [TensorType((2, 3), F32), TensorType((4,), F32)], "expected 'slope' to broadcast to the shape of"),
        ("nn.add", [TensorType((2,), F32)], "expected operand 'rhs'"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, types: list, message: str) -> None:
    with pytest.raises(VerifyError, match=message):
        Sample(name, (), tuple(types), {}).build()
