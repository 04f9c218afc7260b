"""Kernels of matrix products of integers."""

from __future__ import annotations

from .....ir.dialects.c.quantized.linear import QuantizedFullyConnected, QuantizedMatMul
from .....ir.strides import Strided
from ....c_text import fill
from ..registry import kernel, loops, place
from .common import plus, rescaled, stored
from .products import products


@kernel("quantized_fully_connected", quantized=True)
def quantized_fully_connected(op: QuantizedFullyConnected) -> str:
    """The sums are bounded as real numbers: the bounds are integers, so that rounding does not matter."""
    outputs, width = op.weight.tensor.static_shape
    rows, inner = op.x.tensor.static_shape
    row = fill(
        """
        int16_t *to = rows + p * $width;
        for (int c = 0; c < $inner; c++) {
            to[c] = x[place * $inner + c];
        }
        """,
        width=width,
        inner=inner,
    )
    finish = fill(
        """
        int8_t *to = output + (at + p) * $outputs;
        for (int o = 0; o < $outputs; o++) {
            const double value = (bias[o] + sums[p * $outputs + o]) * scales[o];
            const double bounded = value < $low ? $low : value > $high ? $high : value;
            to[o] = (int8_t)($result);
        }
        """,
        outputs=outputs,
        low=f"{op.lower - op.zero_point}.0",
        high=f"{op.upper - op.zero_point}.0",
        result=plus("nncc_round_double(bounded)", op.zero_point),
    )
    return products(rows, outputs, width, "weight", row, finish)


@kernel("quantized_matmul", quantized=True)
def quantized_matmul(op: QuantizedMatMul) -> str:
    """One product after the other, row by row: dot products where the columns of the right matrix lie in rows."""
    *batch, rows, columns = op.output.tensor.static_shape
    left, right = op.lhs.tensor.static_shape, op.rhs.tensor.static_shape
    inner = left[-2] if op.transpose_lhs else left[-1]
    lhs, rhs = (Strided.of(s[:-2]).broadcast(batch).strides for s in (left, right))
    element = f"left[{f'k * {rows} + m' if op.transpose_lhs else f'm * {inner} + k'}]"
    product = fill(
        """
        for (int m = 0; m < $rows; m++) {
            $sums
            for (int n = 0; n < $columns; n++) {
                result[m * $columns + n] = $value;
            }
        }
        """,
        rows=rows,
        columns=columns,
        sums=_row_of_rows(op, columns, inner, element)
        if op.transpose_rhs
        else _row_of_columns(op, columns, inner, element),
        value=stored(rescaled("sums[n]", op.factor, op.shift), op),
    )
    names = "bcdefgh"
    text = (
        f"const int8_t *left = lhs + {place([s * rows * inner for s in lhs], 0, names)};\n"
        f"const int8_t *right = rhs + {place([s * inner * columns for s in rhs], 0, names)};\n"
        f"int8_t *result = output + {place([s * rows * columns for s in Strided.of(batch).strides], 0, names)};\n"
        f"{product}"
    )
    return f"int32_t *sums = (int32_t *)(void *)scratch;\n{loops(batch, text, names) if batch else text}"


def _row_of_rows(op: QuantizedMatMul, columns: int, inner: int, element: str) -> str:
    return fill(
        """
        for (int n = 0; n < $columns; n++) {
            int32_t sum = 0;
            for (int k = 0; k < $inner; k++) {
                const int16_t a = (int16_t)($a);
                const int16_t b = (int16_t)($b);
                sum += a * b;
            }
            sums[n] = sum;
        }
        """,
        columns=columns,
        inner=inner,
        a=plus(element, -op.lhs_zero),
        b=plus(f"right[n * {inner} + k]", -op.rhs_zero),
    )


def _row_of_columns(op: QuantizedMatMul, columns: int, inner: int, element: str) -> str:
    return fill(
        """
        for (int n = 0; n < $columns; n++) {
            sums[n] = 0;
        }
        for (int k = 0; k < $inner; k++) {
            const int16_t a = (int16_t)($a);
            for (int n = 0; n < $columns; n++) {
                const int16_t b = (int16_t)($b);
                sums[n] += a * b;
            }
        }
        """,
        columns=columns,
        inner=inner,
        a=plus(element, -op.lhs_zero),
        b=plus(f"right[k * {columns} + n]", -op.rhs_zero),
    )
