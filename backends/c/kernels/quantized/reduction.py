"""Kernels of sums of integers over axes and windows."""

from __future__ import annotations

from .....ir.dialects.c.quantized.reduction import QuantizedPool, QuantizedReduce
from ....c_text import fill
from ..registry import kernel
from .common import plus, rescaled, stored


@kernel("quantized_reduce", quantized=True)
def quantized_reduce(op: QuantizedReduce) -> str:
    """The sum of a row is kept at hand, those of rows that lie side by side in the scratch memory."""
    sum = "sum" if op.inner == 1 else "sums[k]"
    value = stored(rescaled(plus(sum, -op.middle * op.x_zero), op.factor, op.shift), op)
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
            value=value,
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
        value=value,
    )


@kernel("quantized_pool", quantized=True)
def quantized_pool(op: QuantizedPool) -> str:
    """For each place of the result, the part of its window that is inside of x; channels lie side by side."""
    batch, h, w, channels = op.x.tensor.static_shape
    _, out_h, out_w, _ = op.output.tensor.static_shape
    average = op.kind == "average"
    return fill(
        """
        $scratch
        for (int b = 0; b < $batch; b++) {
            for (int oy = 0; oy < $out_h; oy++) {
                const int top = nncc_max_int(oy * $stride_y - $pad_y, 0);
                const int bottom = nncc_min_int(oy * $stride_y - $pad_y + $kernel_y, $h);
                for (int ox = 0; ox < $out_w; ox++) {
                    const int left = nncc_max_int(ox * $stride_x - $pad_x, 0);
                    const int right = nncc_min_int(ox * $stride_x - $pad_x + $kernel_x, $w);
                    int8_t *to = output + ((b * $out_h + oy) * $out_w + ox) * $channels;
                    for (int c = 0; c < $channels; c++) {
                        $start
                    }
                    for (int i = top; i < bottom; i++) {
                        for (int j = left; j < right; j++) {
                            const int8_t *from = x + ((b * $h + i) * $w + j) * $channels;
                            for (int c = 0; c < $channels; c++) {
                                $step
                            }
                        }
                    }
                    $finish
                }
            }
        }
        """,
        scratch="int32_t *sums = (int32_t *)(void *)scratch;" if average else "",
        batch=batch,
        h=h,
        w=w,
        channels=channels,
        out_h=out_h,
        out_w=out_w,
        stride_y=op.strides[0],
        stride_x=op.strides[1],
        pad_y=op.pads[0],
        pad_x=op.pads[1],
        kernel_y=op.kernel[0],
        kernel_x=op.kernel[1],
        start="sums[c] = 0;" if average else "to[c] = -128;",
        step="sums[c] += from[c];" if average else "to[c] = nncc_max_int8_t(to[c], from[c]);",
        finish=_mean(op) if average else _bounded(op),
    )


def _mean(op: QuantizedPool) -> str:
    return fill(
        """
        const int32_t count = (bottom - top) * (right - left);
        for (int c = 0; c < $channels; c++) {
            const int32_t half = sums[c] > 0 ? count / 2 : -(count / 2);
            to[c] = (int8_t)nncc_bounded_int32_t((sums[c] + half) / count, $lower, $upper);
        }
        """,
        channels=op.output.tensor.static_shape[-1],
        lower=op.lower,
        upper=op.upper,
    )


def _bounded(op: QuantizedPool) -> str:
    if (op.lower, op.upper) == (-128, 127):
        return ""
    channels = op.output.tensor.static_shape[-1]
    return (
        f"for (int c = 0; c < {channels}; c++) {{\n"
        f"    to[c] = (int8_t)nncc_bounded_int32_t(to[c], {op.lower}, {op.upper});\n}}"
    )
