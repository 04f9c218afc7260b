"""Kernels of functions of two integers."""

from __future__ import annotations

from .....ir.dialects.c.quantized.binary import PairOp, QuantizedMul, QuantizedPrelu, QuantizedSum
from ....c_text import fill
from ..elementwise import broadcast
from ..registry import kernel, loops, place
from .common import plus, rescaled, stored

_SUMS = {"add": "a + b", "sub": "a - b", "squared_difference": "(a - b) * (a - b)"}


def _pairs(op: PairOp, a: str, b: str, y: str) -> str:
    """The loops over all pairs; ``a`` and ``b`` are expressions of the operands, ``y`` one of these."""
    sizes, (left, right, out) = broadcast(op.output, op.lhs, op.rhs)
    lhs, rhs = f"lhs[{place(left)}]", f"rhs[{place(right)}]"
    body = fill(
        """
        const int32_t a = $a;
        const int32_t b = $b;
        output[$out] = $y;
        """,
        a=a.replace("$x", plus(lhs, -op.lhs_zero)),
        b=b.replace("$x", plus(rhs, -op.rhs_zero)),
        out=place(out),
        y=y,
    )
    return loops(sizes, body)


@kernel("quantized_sum", quantized=True)
def quantized_sum(op: QuantizedSum) -> str:
    a, b = _aligned(op.bits, op.lhs_factor, op.lhs_shift), _aligned(op.bits, op.rhs_factor, op.rhs_shift)
    return _pairs(op, a, b, stored(rescaled(_SUMS[op.function], op.factor, op.shift), op))


def _aligned(bits: int, factor: int, shift: int) -> str:
    """An operand, which is ``$x``, at the common scale. Times a half is one shift less."""
    if (factor, shift) == (1 << 30, 0):
        return f"($x) * {1 << (bits - 1)}"
    return rescaled(f"($x) * {1 << bits}", factor, shift)


@kernel("quantized_mul", quantized=True)
def quantized_mul(op: QuantizedMul) -> str:
    return _pairs(op, "$x", "$x", stored(rescaled("a * b", op.factor, op.shift), op))


@kernel("quantized_prelu", quantized=True)
def quantized_prelu(op: QuantizedPrelu) -> str:
    positive = rescaled("a", op.factor, op.shift)
    negative = rescaled("a * b", op.slope_factor, op.slope_shift)
    return _pairs(op, "$x", "$x", stored(f"a >= 0 ? {positive} : {negative}", op))
