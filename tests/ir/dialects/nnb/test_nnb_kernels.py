"""Kernels of nnabla-c-runtime on integers, by hand: what is cut, what saturates, what each kind of kernel keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncc.ir import Block, TensorType, VerifyError
from nncc.ir.dialects.nnb import FIXED8, FIXED16, FUNCTION_OPS, fixed_point
from nncc.ir.interpreter import evaluate_op
from nncc.ir.types import F32, Array


def compute(name: str, operands: list[tuple[Any, int]], shape: tuple[int, ...], at: int, **arguments: Any) -> list[Any]:
    """A function on integers of 8 bits, (numbers, bits behind the point) each, with ``at`` bits in the result."""
    arrays: list[Array] = [np.array(numbers, np.int8) for numbers, _ in operands]
    types = [TensorType(a.shape, fixed_point(FIXED8, point)) for a, (_, point) in zip(arrays, operands, strict=True)]
    block = Block.of(types)
    op = FUNCTION_OPS[name](
        *block.args, result_types=[TensorType(shape, fixed_point(FIXED8, at))], name=name, **arguments
    )
    op.verify()
    (result,) = evaluate_op(op, arrays)
    assert result.dtype == np.int8
    return result.tolist()


@pytest.mark.parametrize(
    ("name", "operands", "at", "expected"),
    [
        ("Add2", [([100, -100, 3], 4), ([100, -100, -5], 4)], 4, [127, -128, -2]),  # saturates
        ("Add2", [([7, -7, 1], 4), ([1, 1, 1], 2)], 2, [2, 0, 1]),  # 7 / 4 and -7 / 4 are cut towards zero
        ("Sub2", [([100, -100, 3], 4), ([-100, 100, 5], 4)], 3, [63, -64, -1]),  # and halved
        ("Mul2", [([7, -7, 127], 3), ([3, 3, 127], 3)], 4, [5, -5, 127]),  # 21 / 4, and what saturates
        ("Div2", [([7, -7, 100], 3), ([2, 2, 1], 3)], 2, [14, -14, 127]),
        ("ReLU", [([7, -7, 100], 3)], 3, [7, 0, 100]),
        ("ReLU", [([7, -7, 100], 3)], 5, [28, 0, 127]),
    ],
)
def test_arithmetic(name: str, operands: list[tuple[Any, int]], at: int, expected: list[int]) -> None:
    assert compute(name, operands, (3,), at) == expected


def test_scalars_are_integers_too() -> None:
    """0.3 is 2 of 8 behind a point of 3 bits; as a factor it has 7 bits behind the point: 38 of 128."""
    assert compute("AddScalar", [([8, -8, 126], 3)], (3,), 3, val=0.3) == [10, -6, 127]
    assert compute("MulScalar", [([100, -100, 1], 3)], (3,), 3, val=0.3) == [29, -29, 0]


def test_numbers_that_do_not_fit_lose_their_fraction() -> None:
    """15.9 is at most 16 with 3 bits behind the point, but 100 is too much: the runtime adds 16 of 128."""
    assert compute("AddScalar", [([8], 3)], (1,), 3, val=100.0) == [24]


def test_convolutions_cut_the_part_of_each_channel() -> None:
    """3 * 3 / 8 is 1 in each of two channels, together 18 / 8 would be 2.25."""
    x, weight, bias = ([[[[3]], [[3]]]], 3), ([[[[3]], [[3]]]], 3), ([5], 3)
    window = {"base_axis": 1, "pad": (0, 0), "stride": (1, 1), "dilation": (1, 1), "group": 1}
    assert compute("Convolution", [x, weight, bias], (1, 1, 1, 1), 3, **window) == [[[[7]]]]


def test_affine_cuts_the_whole_sum() -> None:
    """The weight lies as (out, in)."""
    x, weight = ([[3, 3]], 3), ([[3, -3], [3, 3]], 3)
    assert compute("Affine", [x, weight], (1, 2), 3, base_axis=1) == [[0, 2]]


def test_pools() -> None:
    window = {"kernel": (1, 2), "stride": (1, 2), "pad": (0, 0), "ignore_border": True}
    x = [([[[[5, 6, -5, -6]]]], 3)]
    assert compute("MaxPooling", x, (1, 1, 1, 2), 3, **window) == [[[[6, -5]]]]
    assert compute("SumPooling", x, (1, 1, 1, 2), 3, **window) == [[[[11, -11]]]]
    assert compute("AveragePooling", x, (1, 1, 1, 2), 3, including_pad=True, **window) == [[[[5, -5]]]]


def test_other_functions_are_computed_with_floats() -> None:
    """e^0.5 is 1.6487, 52.76 of 32; sums are written after each number."""
    assert compute("Exp", [([16], 5)], (1,), 5) == [52]
    assert compute("Sum", [([[7, 7, 7]], 2)], (1,), 0, axes=(1,)) == [3]


def test_mixed_widths_are_computed_with_floats() -> None:
    types = [TensorType((2,), fixed_point(FIXED8, 3)), TensorType((2,), F32)]
    block = Block.of(types)
    result = TensorType((2,), fixed_point(FIXED16, 8))
    op = FUNCTION_OPS["Mul2"](*block.args, result_types=[result], name="Mul2")
    (y,) = evaluate_op(op, [np.array([9, -9], np.int8), np.array([0.3, 0.3], np.float32)])
    assert y.tolist() == [86, -86]  # 86.4


@pytest.mark.parametrize(
    ("name", "operands", "message"),
    [("Div2", [([1], 3), ([0], 3)], "division of integers by 0"), ("Sin", [([1], 3)], "has no code for it")],
)
def test_what_stops_the_runtime_is_an_error(name: str, operands: list[tuple[Any, int]], message: str) -> None:
    with pytest.raises(VerifyError, match=message):
        compute(name, operands, (1,), 3)
