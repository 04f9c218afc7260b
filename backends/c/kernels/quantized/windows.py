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

    Where it reads outside of x, it does ``outside`` instead. The variables of :func:`firsts` have to be there.
    """
    read = f"const int8_t *from = x + ({_index(op)}) * {op.x.tensor.static_shape[-1]};\n{inside}"
    if reaches_outside(op):
        lengths = op.x.tensor.static_shape[1:-1]
        read = fill(
            """
            if ($condition) {
                $outside
            } else {
                $read
            }
            """,
            condition=" || ".join(f"x{a} < 0 || x{a} >= {n}" for a, n in enumerate(lengths)),
            outside=outside,
            read=read,
        )
    places = [_tap_place(op, axis) for axis in range(len(op.kernel))]
    return loops(op.kernel, "\n".join([*places, read]), _TAPS)


def through_rows(op: QuantizedConvolution, inside: str) -> str:
    """Does ``inside`` for each row of a window that lies inside of x, with ``from`` as its first channels.

    The taps of a row lie behind each other. The variables of :func:`firsts` have to be there.
    """
    last = len(op.kernel) - 1
    places = [_tap_place(op, axis) for axis in range(last)]
    read = f"const int8_t *from = x + ({_index(op, 'first')}) * {op.x.tensor.static_shape[-1]};\n{inside}"
    return loops(op.kernel[:last], "\n".join([*places, read]), _TAPS)


def has_rows(op: QuantizedConvolution) -> bool:
    """Whether the taps along the last axis lie behind each other."""
    return bool(op.kernel) and (op.dilations[-1] == 1 or op.kernel[-1] == 1)


def is_inside(op: QuantizedConvolution) -> str:
    """Whether the whole window lies inside of x, as an expression of the variables of :func:`firsts`."""
    lengths = op.x.tensor.static_shape[1:-1]
    rows = enumerate(zip(lengths, op.kernel, op.dilations, strict=True))
    return " && ".join(f"first{a} >= 0 && first{a} < {n - (k - 1) * d}" for a, (n, k, d) in rows)


def firsts(op: QuantizedConvolution) -> str:
    """The variables ``first0``, ...: where in x the window of ``place`` begins along each axis."""
    counts = op.output.tensor.static_shape[1:-1]
    lines = []
    for axis, count in enumerate(counts):
        behind = math.prod(counts[axis + 1 :])
        at = f"place / {behind}" if behind > 1 else "place"
        lines.append(f"const int first{axis} = {at} % {count} * {op.strides[axis]} - {op.pads[axis]};")
    return "\n".join(lines)


def _tap_place(op: QuantizedConvolution, axis: int) -> str:
    return f"const int x{axis} = first{axis} + {_TAPS[axis]} * {op.dilations[axis]};"


def _index(op: QuantizedConvolution, last: str = "x") -> str:
    """The number of a place in x; along the last axis it is the variable that begins with ``last``."""
    lengths, counts = op.x.tensor.static_shape[1:-1], op.output.tensor.static_shape[1:-1]
    index = f"place / {math.prod(counts)}"
    for axis, length in enumerate(lengths):
        index = f"({index}) * {length} + {last if axis == len(lengths) - 1 else 'x'}{axis}"
    return index
