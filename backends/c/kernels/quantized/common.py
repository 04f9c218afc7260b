"""Expressions of C that quantized kernels have in common."""

from __future__ import annotations

from typing import Any


def rescaled(expression: str, factor: int, shift: int) -> str:
    """An i32 times factor * 2^(shift - 31): only what is needed for this multiplier."""
    if shift > 0:
        return f"nncc_multiply_high(nncc_shift_left({expression}, {shift}), {factor})"
    high = f"nncc_multiply_high({expression}, {factor})"
    return f"nncc_round_shift({high}, {-shift})" if shift else high


def stored(expression: str, op: Any) -> str:
    """An i32 as an integer of the result: bounded before the zero point is added, so that nothing overflows."""
    bounds = f"{op.lower - op.zero_point}, {op.upper - op.zero_point}"
    return f"(int8_t)({plus(f'nncc_bounded_int32_t({expression}, {bounds})', op.zero_point)})"


def plus(expression: str, number: int) -> str:
    """An expression and a number, which may be 0."""
    return f"{expression} {'-' if number < 0 else '+'} {abs(number)}" if number else expression
