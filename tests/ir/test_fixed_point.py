"""Fixed-point arithmetic: the numbers of gemmlowp, and how near to real ones they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncc.ir.fixed_point import (
    Multiplier,
    exponential,
    inverse_square_root,
    leading_zeros,
    logarithm,
    multiply_high,
    reciprocal,
    rounded_half_away,
    rounding_shift,
    saturating_shift,
)

NUMBERS = st.integers(-(2**31), 2**31 - 1)


@pytest.mark.parametrize(
    ("real", "factor", "shift"),
    [(1.0, 2**30, 1), (0.5, 2**30, 0), (0.75, 3 * 2**29, 0), (3.0, 3 * 2**29, 2), (0.0, 0, 0), (2.0**-33, 0, 0)],
)
def test_multipliers(real: float, factor: int, shift: int) -> None:
    assert Multiplier.of(real) == Multiplier(factor, shift)


def test_a_multiplier_that_rounds_up_to_the_next_power_of_two() -> None:
    assert Multiplier.of(1 - 2**-40) == Multiplier(2**30, 1)


@given(NUMBERS, st.floats(1e-9, 1.0))
def test_products_are_within_a_step_of_real_ones(x: int, real: float) -> None:
    multiplier = Multiplier.of(real)
    exact = x * multiplier.factor * 2.0 ** (multiplier.shift - 31)
    assert abs(int(multiplier.times(np.int64(x))) - exact) <= 1


@pytest.mark.parametrize(("x", "bits", "y"), [(3, 1, 2), (-3, 1, -2), (5, 2, 1), (-6, 2, -2), (6, 2, 2), (7, 0, 7)])
def test_halves_are_rounded_away_from_zero_when_shifted(x: int, bits: int, y: int) -> None:
    assert rounding_shift(np.int64(x), bits) == y


@pytest.mark.parametrize(("a", "b", "y"), [(1, 2**30, 1), (-1, 2**30, 0), (-3, 2**30, -1), (2**30, 2**30, 2**29)])
def test_halves_are_rounded_up_when_multiplied(a: int, b: int, y: int) -> None:
    assert multiply_high(a, b) == y


def test_shifts_saturate() -> None:
    x = np.array([2**30, -(2**30) - 1, 5])
    np.testing.assert_array_equal(saturating_shift(x, 1), [2**31 - 1, -(2**31), 10])


@given(st.floats(-1e6, 1e6))
def test_real_numbers_are_rounded_half_away_from_zero(x: float) -> None:
    whole = abs(int(x)) + (abs(x) - abs(int(x)) >= 0.5)
    assert rounded_half_away(np.float64(x)) == (whole if x > 0 else -whole)


def test_the_number_before_a_half_is_no_half() -> None:
    assert rounded_half_away(np.float64(np.nextafter(0.5, 0))) == 0
    assert rounded_half_away(np.float32(np.nextafter(np.float32(0.5), np.float32(0)))) == 0


def test_functions_are_near_to_real_ones() -> None:
    a = -np.arange(0, 2**31, 123_457)
    np.testing.assert_allclose(exponential(a) / 2**31, np.exp(a / 2**26), atol=1e-6)
    x = np.arange(2**19, 2**31, 7_654_321)
    np.testing.assert_allclose(logarithm(x) / 2**26, np.log(x / 2**19), atol=1e-6)
    inverse, bits = reciprocal(x, 12)
    np.testing.assert_allclose(inverse / 2.0**31 / 2.0**bits, 2**19 / x, rtol=1e-6)
    roots = [inverse_square_root(n) for n in range(1, 256)]
    np.testing.assert_allclose([r.factor * 2.0 ** (r.shift - 31) for r in roots], np.arange(1, 256) ** -0.5, rtol=2e-6)


@given(st.integers(1, 2**31 - 1))
def test_leading_zeros(x: int) -> None:
    assert leading_zeros(np.int64(x)) == 32 - x.bit_length()
