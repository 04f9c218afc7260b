"""Kernels of matrix products."""

from __future__ import annotations

from ....ir.dialects.c.linear import FullyConnected, MatMul
from ....ir.strides import Strided
from ...c_text import fill
from .registry import bounded, element_type, kernel, loops, parallel, place


@kernel("fully_connected")
def fully_connected(op: FullyConnected) -> str:
    type = element_type(op.output)
    columns, inner = op.weight.tensor.static_shape
    return fill(
        """
        for (int m = 0; m < $rows; m++) {
            for (int n = 0; n < $columns; n++) {
                $type sum = $start;
                for (int k = 0; k < $inner; k++) {
                    sum += x[m * $inner + k] * weight[n * $inner + k];
                }
                output[m * $columns + n] = $value;
            }
        }
        """,
        rows=op.output.tensor.size // columns,
        columns=columns,
        inner=inner,
        type=type,
        start="0" if op.bias is None else "bias[n]",
        value=bounded("sum", op, type),
    )


@kernel("matmul")
def matmul(op: MatMul) -> str:
    """One product after the other; the innermost loop runs along rows of the result, which lie behind each other."""
    *batch, rows, columns = op.output.tensor.static_shape
    left, right = op.lhs.tensor.static_shape, op.rhs.tensor.static_shape
    inner = left[-2] if op.transpose_lhs else left[-1]
    lhs, rhs = (Strided.of(s[:-2]).broadcast(batch).strides for s in (left, right))
    product = fill(
        """
        $parallel
        for (int m = 0; m < $rows; m++) {
            $type *row = result + m * $columns;
            for (int n = 0; n < $columns; n++) {
                row[n] = 0;
            }
            for (int k = 0; k < $inner; k++) {
                const $type factor = left[$of_left];
                for (int n = 0; n < $columns; n++) {
                    row[n] += factor * right[$of_right];
                }
            }
        }
        """,
        parallel=parallel(rows * columns * inner),
        rows=rows,
        columns=columns,
        inner=inner,
        type=element_type(op.output),
        of_left=f"k * {rows} + m" if op.transpose_lhs else f"m * {inner} + k",
        of_right=f"n * {inner} + k" if op.transpose_rhs else f"k * {columns} + n",
    )
    type = element_type(op.output)
    names = "bcdefgh"
    pointers = (
        f"const {type} *left = lhs + {place([s * rows * inner for s in lhs], 0, names)};\n"
        f"const {type} *right = rhs + {place([s * inner * columns for s in rhs], 0, names)};\n"
        f"{type} *result = output + {place([s * rows * columns for s in Strided.of(batch).strides], 0, names)};"
    )
    return loops(batch, f"{pointers}\n{product}", names) if batch else f"{pointers}\n{product}"
