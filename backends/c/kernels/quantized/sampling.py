"""Kernels of interpolation of integers."""

from __future__ import annotations

from .....ir.dialects.c.quantized.sampling import QuantizedResize
from ....c_text import fill
from ..registry import kernel
from ..sampling import table


@kernel("quantized_resize", quantized=True)
def quantized_resize(op: QuantizedResize) -> str:
    batch, h, w, channels = op.x.tensor.static_shape
    tables = {n: getattr(op, n) for n in ("top", "bottom", "down", "left", "right", "across")}
    return fill(
        """
        $tables
        for (int b = 0; b < $batch; b++) {
            for (int i = 0; i < $rows; i++) {
                const int8_t *above = x + (b * $h + top[i]) * $row;
                const int8_t *below = x + (b * $h + bottom[i]) * $row;
                for (int j = 0; j < $columns; j++) {
                    const int8_t *a = above + left[j] * $channels, *c = above + right[j] * $channels;
                    const int8_t *d = below + left[j] * $channels, *e = below + right[j] * $channels;
                    const int32_t of_a = (1024 - down[i]) * (1024 - across[j]), of_c = (1024 - down[i]) * across[j];
                    const int32_t of_d = down[i] * (1024 - across[j]), of_e = down[i] * across[j];
                    int8_t *to = output + ((b * $rows + i) * $columns + j) * $channels;
                    for (int n = 0; n < $channels; n++) {
                        const int32_t sum = a[n] * of_a + c[n] * of_c + d[n] * of_d + e[n] * of_e;
                        to[n] = (int8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
                    }
                }
            }
        }
        """,
        tables="\n".join(table("int32_t", name, map(str, values)) for name, values in tables.items()),
        batch=batch,
        rows=len(op.top),
        columns=len(op.left),
        h=h,
        row=w * channels,
        channels=channels,
    )
