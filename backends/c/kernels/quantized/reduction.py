"""Kernels of sums of integers over axes and windows."""

from __future__ import annotations

from .....ir.dialects.c.quantized.reduction import QuantizedMean, QuantizedPool, QuantizedTotal, SumOp
from ....c_text import fill, literal
from ..pool import through_windows
from ..registry import kernel, loops
from .common import plus, rescaled, stored


@kernel("quantized_mean", quantized=True)
def quantized_mean(op: QuantizedMean) -> str:
    return _sums(op, stored(rescaled(plus("$sum", -op.middle * op.x_zero), op.factor, op.shift), op))


@kernel("quantized_total", quantized=True)
def quantized_total(op: QuantizedTotal) -> str:
    """The product is rounded to f32 before the bias is added: in f64, as compilers may leave that out in f32."""
    low, high = (literal(bound - op.zero_point, "float") for bound in (op.lower, op.upper))
    product = f"(float)((double)(float)$sum * (double){literal(op.scale, 'float')})"
    bounded = f"nncc_min_float(nncc_max_float({product} + {literal(op.bias, 'float')}, {low}), {high})"
    return _sums(op, f"(int8_t)({plus(f'nncc_round_float({bounded})', op.zero_point)})")


def _sums(op: SumOp, value: str) -> str:
    """The sum of a row is kept at hand, those of rows that lie side by side in the scratch memory.

    ``value`` is what becomes of a ``$sum``.
    """
    if op.inner == 1:
        return fill(
            """
            for (int i = 0; i < $outer; i++) {
                const int8_t *row = x + i * $middle;
                int32_t sum = 0;
                for (int j = 0; j < $middle; j++) {
                    sum += row[j];
                }
                output[i] = $value;
            }
            """,
            outer=op.outer,
            middle=op.middle,
            value=value.replace("$sum", "sum"),
        )
    return fill(
        """
        int32_t *sums = (int32_t *)(void *)scratch;
        for (int i = 0; i < $outer; i++) {
            for (int k = 0; k < $inner; k++) {
                sums[k] = 0;
            }
            for (int j = 0; j < $middle; j++) {
                const int8_t *row = x + (i * $middle + j) * $inner;
                for (int k = 0; k < $inner; k++) {
                    sums[k] += row[k];
                }
            }
            for (int k = 0; k < $inner; k++) {
                output[i * $inner + k] = $value;
            }
        }
        """,
        outer=op.outer,
        middle=op.middle,
        inner=op.inner,
        value=value.replace("$sum", "sums[k]"),
    )


@kernel("quantized_pool", quantized=True)
def quantized_pool(op: QuantizedPool) -> str:
    channels = op.output.tensor.static_shape[-1]
    bounded = f"nncc_bounded_int32_t($value, {op.lower}, {op.upper})"
    if op.kind == "max":
        is_bounded = (op.lower, op.upper) != (-128, 127)
        finish = loops([channels], f"to[c] = (int8_t){bounded.replace('$value', 'to[c]')};", "c") if is_bounded else ""
        return through_windows(op, "to[c] = -128;", "to[c] = nncc_max_int8_t(to[c], from[c]);", finish)
    mean = fill(
        """
        const int32_t count = (bottom - top) * (right - left);
        for (int c = 0; c < $channels; c++) {
            const int32_t half = sums[c] > 0 ? count / 2 : -(count / 2);
            to[c] = (int8_t)$result;
        }
        """,
        channels=channels,
        result=bounded.replace("$value", "(sums[c] + half) / count"),
    )
    text = through_windows(op, "sums[c] = 0;", "sums[c] += from[c];", mean)
    return f"int32_t *sums = (int32_t *)(void *)scratch;\n{text}"
