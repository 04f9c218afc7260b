"""Going through the window of a convolution at one place of the result."""

from __future__ import annotations

import math

from .....ir.dialects.c.quantized.convolution import QuantizedConvolution
from ....c_text import fill
from ..registry import loops

_TAPS = ("ka", "kb", "kc")


def reaches_outside(op: QuantizedConvolution) -> bool:
    """Whether any window holds a place outside of x."""
    lengths, counts = op.x.tensor.static_shape[1:-1], op.output.tensor.static_shape[1:-1]
    rows = zip(lengths, counts, op.kernel, op.strides, op.dilations, op.pads, strict=True)
    return any(p > 0 or (m - 1) * s - p + d * (k - 1) >= n for n, m, k, s, d, p in rows)


def through_window(op: QuantizedConvolution, inside: str, outside: str) -> str:
    """Does ``inside`` for each tap of the window of ``place``, with ``from`` as the channels that it reads.

    Where it reads outside of x, it does ``outside`` instead.
    """
    lengths, counts = op.x.tensor.static_shape[1:-1], op.output.tensor.static_shape[1:-1]
    channels, rank = op.x.tensor.static_shape[-1], len(counts)
    firsts, places = [], []
    index = f"place / {math.prod(counts)}"
    for axis in range(rank):
        behind = math.prod(counts[axis + 1 :])
        at = f"place / {behind}" if behind > 1 else "place"
        firsts.append(f"const int first{axis} = {at} % {counts[axis]} * {op.strides[axis]} - {op.pads[axis]};")
        places.append(f"const int x{axis} = first{axis} + {_TAPS[axis]} * {op.dilations[axis]};")
        index = f"({index}) * {lengths[axis]} + x{axis}"
    read = f"const int8_t *from = x + ({index}) * {channels};\n{inside}"
    if reaches_outside(op):
        read = fill(
            """
            if ($condition) {
                $outside
            } else {
                $read
            }
            """,
            condition=" || ".join(f"x{a} < 0 || x{a} >= {lengths[a]}" for a in range(rank)),
            outside=outside,
            read=read,
        )
    return "\n".join([*firsts, loops(op.kernel, "\n".join([*places, read]), _TAPS)])
