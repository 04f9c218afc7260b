"""Kernels of convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....ir.dialects.c.convolution import Conv, ConvTranspose
from ...c_text import fill
from .registry import bounded, element_type, kernel, loops


@kernel("conv")
def conv(op: Conv) -> str:
    """For each place of the result the sum over its window; channels lie behind each other in x and in the weights."""
    type = element_type(op.output)
    outputs, *window, inner = op.weight.tensor.static_shape
    lengths, counts = op.x.tensor.static_shape[1:-1], op.output.tensor.static_shape[1:-1]
    body = fill(
        """
        $type sum = $start;
        $sums
        output[($at) * $outputs + o] = $value;
        """,
        type=type,
        start="0" if op.bias is None else "bias[o]",
        sums=_window(op, lengths, window, inner, outputs // op.groups),
        at=row_major(["b", *COUNTERS_OF_RESULT[: len(counts)]], counts),
        outputs=outputs,
        value=bounded("sum", op, type),
    )
    return loops(
        [op.output.tensor.static_shape[0], *counts, outputs], body, ["b", *COUNTERS_OF_RESULT[: len(counts)], "o"]
    )


COUNTERS_OF_RESULT = ("oi", "oj", "ol")
COUNTERS_OF_X = ("xi", "xj", "xl")
COUNTERS_OF_WINDOW = ("ki", "kj", "kl")


def _window(op: Conv, lengths: Sequence[int], window: Sequence[int], inner: int, outputs: int) -> str:
    """The loops over a window, which leave out what is outside of x."""
    at, of = (
        row_major(["b", *COUNTERS_OF_X[: len(lengths)]], lengths),
        row_major(["o", *COUNTERS_OF_WINDOW[: len(window)]], window),
    )
    channels = op.x.tensor.static_shape[-1]
    group = f" + o / {outputs} * {inner}" if op.groups > 1 else ""
    text = fill(
        """
        const $type *from = x + ($at) * $channels$group;
        const $type *weights = weight + ($of) * $inner;
        for (int c = 0; c < $inner; c++) {
            sum += from[c] * weights[c];
        }
        """,
        type=element_type(op.x),
        at=at,
        of=of,
        channels=channels,
        inner=inner,
        group=group,
    )
    for axis in reversed(range(len(lengths))):
        x, k, out = COUNTERS_OF_X[axis], COUNTERS_OF_WINDOW[axis], COUNTERS_OF_RESULT[axis]
        text = loops(
            [window[axis]],
            fill(
                """
                const int $x = $out * $stride + $k * $dilation - $pad;
                if ($x < 0 || $x >= $length) {
                    continue;
                }
                $inside
                """,
                x=x,
                out=out,
                k=k,
                stride=op.strides[axis],
                dilation=op.dilations[axis],
                pad=op.pads[axis],
                length=lengths[axis],
                inside=text,
            ),
            [k],
        )
    return text


def row_major(names: Sequence[str], sizes: Sequence[int]) -> str:
    """The row-major index of counters, the sizes of all but the first of which are given."""
    text = names[0]
    for name, size in zip(names[1:], sizes, strict=True):
        text = f"({text}) * {size} + {name}" if "+" in text else f"{text} * {size} + {name}"
    return text


@kernel("conv_transpose")
def conv_transpose(op: ConvTranspose) -> str:
    """Each place of x adds what it gives to the places of the result; the bias is there before."""
    type = element_type(op.output)
    outputs, *window, channels = op.weight.tensor.static_shape
    lengths, counts = op.x.tensor.static_shape[1:-1], op.output.tensor.static_shape[1:-1]
    batch, rank = op.x.tensor.static_shape[0], len(counts)
    text = fill(
        """
        const $type *from = x + ($at) * $channels;
        $type *to = output + ($out) * $outputs;
        for (int o = 0; o < $outputs; o++) {
            const $type *weights = weight + ($of) * $channels;
            $type sum = 0;
            for (int c = 0; c < $channels; c++) {
                sum += from[c] * weights[c];
            }
            to[o] += sum;
        }
        """,
        type=type,
        at=row_major(["b", *COUNTERS_OF_X[:rank]], lengths),
        out=row_major(["b", *COUNTERS_OF_RESULT[:rank]], counts),
        of=row_major(["o", *COUNTERS_OF_WINDOW[:rank]], window),
        channels=channels,
        outputs=outputs,
    )
    text = scattered(op, window, text)
    starts = loops(
        [op.output.tensor.size // outputs, outputs],
        f"output[i * {outputs} + j] = {'0' if op.bias is None else 'bias[j]'};",
    )
    value = bounded("output[i]", op, type)
    ends = "" if value == "output[i]" else loops([op.output.tensor.size], f"output[i] = {value};")
    return "\n".join(filter(None, [starts, loops([batch, *lengths], text, ["b", *COUNTERS_OF_X[:rank]]), ends]))


def scattered(op: Any, window: Sequence[int], text: str) -> str:
    """Loops over a window that is moved over the result, where it is inside of that.

    The counters of x have to be there; the text has those of the window and of the result.
    """
    counts = op.output.tensor.static_shape[1:-1]
    for axis in reversed(range(len(window))):
        inside = fill(
            """
            const int $out = $x * $stride + $k - $pad;
            if ($out < 0 || $out >= $count) {
                continue;
            }
            $inside
            """,
            x=COUNTERS_OF_X[axis],
            out=COUNTERS_OF_RESULT[axis],
            k=COUNTERS_OF_WINDOW[axis],
            stride=op.strides[axis],
            pad=op.pads[axis],
            count=counts[axis],
            inside=text,
        )
        text = loops([window[axis]], inside, [COUNTERS_OF_WINDOW[axis]])
    return text
