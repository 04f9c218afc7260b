"""Kernels of pools."""

from __future__ import annotations

from typing import Any

from ....ir.dialects.c.pool import Pool
from ...c_text import fill
from .registry import bounded, element_type, kernel, loops

_STEPS = {
    "max": "to[c] = nncc_max_{t}(to[c], from[c]);",
    "average": "to[c] += from[c];",
    "l2": "to[c] += from[c] * from[c];",
}
_RESULTS = {"max": "to[c]", "average": "to[c] / count", "l2": "sqrt{f}(to[c] / count)"}


@kernel("pool")
def pool(op: Pool) -> str:
    type = element_type(op.output)
    suffix = "f" if type == "float" else ""
    value = bounded(_RESULTS[op.kind].format(f=suffix), op, type)
    finish = "" if value == "to[c]" else loops([op.output.tensor.static_shape[-1]], f"to[c] = {value};", ["c"])
    if op.kind != "max":
        finish = f"const {type} count = ({type})((bottom - top) * (right - left));\n{finish}"
    start = "-INFINITY" if op.kind == "max" else "0"
    return through_windows(op, f"to[c] = {start};", _STEPS[op.kind].format(t=type), finish)


def through_windows(op: Any, start: str, step: str, finish: str) -> str:
    """For each place ``to`` of the result, the part of its window that is inside of x; channels lie side by side.

    ``start`` is done for each channel c, then ``step`` for each of all places ``from`` in the window, then ``finish``.
    """
    batch, h, w, channels = op.x.tensor.static_shape
    _, out_h, out_w, _ = op.output.tensor.static_shape
    return fill(
        """
        for (int b = 0; b < $batch; b++) {
            for (int oy = 0; oy < $out_h; oy++) {
                const int top = nncc_max_int(oy * $stride_y - $pad_y, 0);
                const int bottom = nncc_min_int(oy * $stride_y - $pad_y + $kernel_y, $h);
                for (int ox = 0; ox < $out_w; ox++) {
                    const int left = nncc_max_int(ox * $stride_x - $pad_x, 0);
                    const int right = nncc_min_int(ox * $stride_x - $pad_x + $kernel_x, $w);
                    $type *to = output + ((b * $out_h + oy) * $out_w + ox) * $channels;
                    $start
                    for (int i = top; i < bottom; i++) {
                        for (int j = left; j < right; j++) {
                            const $type *from = x + ((b * $h + i) * $w + j) * $channels;
                            $step
                        }
                    }
                    $finish
                }
            }
        }
        """,
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
        type=element_type(op.output),
        start=loops([channels], start, ["c"]),
        step=loops([channels], step, ["c"]),
        finish=finish,
    )
