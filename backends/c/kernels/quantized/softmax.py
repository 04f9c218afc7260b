"""Kernels of exponentials of integers over their sum."""

from __future__ import annotations

from .....ir.dialects.c.quantized.softmax import SUM_BITS, QuantizedLogSoftmax, QuantizedSoftmax
from ....c_text import fill
from ..registry import kernel
from .common import rescaled


def _sum_of_row(op: QuantizedSoftmax | QuantizedLogSoftmax) -> dict[str, object]:
    """The pieces of a row's begin: its largest integer, and the sum of its exponentials."""
    length = op.x.tensor.static_shape[-1]
    text = fill(
        """
        const int8_t *row = x + i * $length;
        int8_t *to = output + i * $length;
        int8_t largest = row[0];
        int32_t sum = 0;
        for (int j = 1; j < $length; j++) {
            largest = nncc_max_int8_t(largest, row[j]);
        }
        for (int j = 0; j < $length; j++) {
            sum += nncc_round_shift(exponentials[largest - row[j]], $bits);
        }
        """,
        length=length,
        bits=SUM_BITS,
    )
    return {"rows": op.x.tensor.size // length, "length": length, "sum": text}


@kernel("quantized_softmax", quantized=True)
def quantized_softmax(op: QuantizedSoftmax) -> str:
    return fill(
        """
        for (int i = 0; i < $rows; i++) {
            $sum
            const int zeros = nncc_leading_zeros(sum);
            const int32_t inverse = nncc_reciprocal_of_one_plus((int32_t)(((uint32_t)sum << zeros) & INT32_MAX));
            for (int j = 0; j < $length; j++) {
                const int32_t power = exponentials[largest - row[j]];
                const int32_t y = nncc_round_shift(nncc_multiply_high(inverse, power), $bits - zeros) - 128;
                to[j] = (int8_t)(power == 0 ? -128 : nncc_bounded_int32_t(y, -128, 127));
            }
        }
        """,
        bits=SUM_BITS + 31 - 8,
        **_sum_of_row(op),
    )


@kernel("quantized_log_softmax", quantized=True)
def quantized_log_softmax(op: QuantizedLogSoftmax) -> str:
    return fill(
        """
        for (int i = 0; i < $rows; i++) {
            $sum
            const int32_t logarithm = nncc_logarithm(sum);
            const int32_t least = nncc_max_int32_t($least, $limit);
            for (int j = 0; j < $length; j++) {
                const int away = largest - row[j];
                const int32_t y = nncc_round_shift(differences[away] - logarithm, 22) + 127;
                to[j] = (int8_t)(-away > least ? nncc_bounded_int32_t(y, -128, 127) : -128);
            }
        }
        """,
        least=op.least - 1,
        limit=rescaled("(logarithm + INT32_MIN)", op.factor, op.shift),
        **_sum_of_row(op),
    )
