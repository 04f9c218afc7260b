"""Conversions between element types, by ONNX's tables and by onnxruntime."""

import numpy as np
import pytest
from nn_samples import evaluate
from onnx_reference import run_onnx

from nncc.ir.types import ELEMENT_TYPES, F16, F32, F64, I1, I8, I64, ElementType

STRING = ELEMENT_TYPES["!nncc.string"]


@pytest.mark.parametrize(
    ("name", "greatest", "unsaturated"),
    [
        ("f8E4M3FN", 448.0, np.nan),
        ("f8E4M3FNUZ", 240.0, np.nan),
        ("f8E5M2", 57344.0, np.inf),
        ("f8E5M2FNUZ", 57344.0, np.nan),
    ],
)
def test_floats_of_8_bits(name: str, greatest: float, unsaturated: float) -> None:
    to = ELEMENT_TYPES[name]
    x = np.array([0.0, 1.06, -1.07, greatest, 1e6, -1e6, np.inf, -np.inf, np.nan], np.float32)
    saturated = evaluate("nn.cast", x, to=to).astype(np.float32)
    rounded = evaluate("nn.cast", x[:3], to=to).astype(np.float32)
    np.testing.assert_array_equal(saturated[3:], [greatest, greatest, -greatest, greatest, -greatest, np.nan])
    np.testing.assert_array_equal(rounded, [0.0, 1.0, -1.125] if "M3" in name else [0.0, 1.0, -1.0])
    free = evaluate("nn.cast", x[4:], to=to, saturate=False).astype(np.float32)
    np.testing.assert_array_equal(free, [unsaturated, -unsaturated, unsaturated, -unsaturated, np.nan])


@pytest.mark.parametrize(
    ("power", "expected"),
    [("up", [1, 2, 2, 2, 4]), ("down", [1, 1, 1, 1, 2]), ("nearest", [1, 1, 2, 2, 4])],
)
def test_powers_of_two(power: str, expected: list) -> None:
    to = ELEMENT_TYPES["f8E8M0FNU"]
    x = np.array([1.0, 1.25, 1.5, 1.75, 3.0], np.float32)
    np.testing.assert_array_equal(evaluate("nn.cast", x, to=to, power=power).astype(np.float32), expected)
    ends = np.array([0.0, 1e-45, np.nan], np.float32)
    found = evaluate("nn.cast", ends, to=to, power="down").astype(np.float32)
    np.testing.assert_array_equal(found, np.float32([2.0**-127, 2.0**-127, np.nan]))


NUMBERS = np.array([1, 0.1, 3.14159265, 1e-7, 1e10, 123456789, -0.0, 100.5, np.nan, np.inf, -np.inf])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.int64, np.bool_])
def test_numbers_to_strings(dtype: type) -> None:
    with np.errstate(all="ignore"):
        x = (NUMBERS if np.dtype(dtype).kind == "f" else NUMBERS[[0, 6, 7]]).astype(dtype)
    expected = run_onnx("Cast", [x], to=8)
    if dtype is np.bool_:
        expected = np.array(["1", "0", "1"], object)
    np.testing.assert_array_equal(evaluate("nn.cast", x, to=STRING), expected)


@pytest.mark.parametrize(("to", "code"), [(F16, 10), (F32, 1), (F64, 11)])
def test_strings_to_floats(to: ElementType, code: int) -> None:
    x = np.array([["1", "100.5", "-3"], ["1e3", " 7 ", "0.1"], ["NaN", "INF", "-inf"]], object)
    found = evaluate("nn.cast", x, to=to)
    assert found.dtype == to.dtype
    expected = np.array([[1, 100.5, -3], [1e3, 7, 0.1], [np.nan, np.inf, -np.inf]], to.dtype)
    np.testing.assert_array_equal(found, expected)


def test_strings_to_integers_and_booleans() -> None:
    x = np.array(["1", "100.5", "-3", "9007199254740993"], object)
    np.testing.assert_array_equal(evaluate("nn.cast", x, to=I64), [1, 100, -3, 2**53 + 1])
    np.testing.assert_array_equal(evaluate("nn.cast", np.array(["0", "2"], object), to=I1), [False, True])


def test_integers_keep_their_lower_bits_and_what_is_not_zero_is_true() -> None:
    np.testing.assert_array_equal(evaluate("nn.cast", np.array([200, -129]), to=I8), [-56, 127])
    np.testing.assert_array_equal(evaluate("nn.cast", NUMBERS, to=I1), NUMBERS != 0)
