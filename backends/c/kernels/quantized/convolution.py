"""Kernels of convolutions of integers."""

from __future__ import annotations

import math

from .....ir.dialects.c.quantized.convolution import (
    ChannelsOp,
    QuantizedConv,
    QuantizedConvTranspose,
    QuantizedDepthwiseConv,
)
from ....c_text import fill
from ..convolution import COUNTERS_OF_RESULT, COUNTERS_OF_WINDOW, COUNTERS_OF_X, row_major, scattered
from ..registry import kernel, loops, place
from .common import plus, stored
from .products import products
from .windows import firsts, has_rows, is_inside, reaches_outside, through_rows, through_window


def _scaled(op: ChannelsOp, sum: str, output: str) -> str:
    """A sum of an output as an integer of the result."""
    return stored(f"nncc_rescale({sum}, factors[{output}], shifts[{output}])", op)


@kernel("quantized_conv", quantized=True)
def quantized_conv(op: QuantizedConv) -> str:
    """The window of a place is gathered in one row, which is multiplied with the weights of each output."""
    all, width = op.weight.tensor.static_shape
    outputs = all // op.groups
    group, output = (f" + g * {outputs}", f"g * {outputs} + o") if op.groups > 1 else ("", "o")
    finish = fill(
        """
        int8_t *to = output + (at + p) * $all$group;
        for (int o = 0; o < $outputs; o++) {
            to[o] = $value;
        }
        """,
        all=all,
        group=group,
        outputs=outputs,
        value=_scaled(op, f"bias[{output}] + sums[p * {outputs} + o]", output),
    )
    weight = f"weight + g * {outputs * width}" if op.groups > 1 else "weight"
    text = products(op.output.tensor.size // all, outputs, width, weight, _gathered(op, width), finish)
    return loops([op.groups], text, "g") if op.groups > 1 else text


def _gathered(op: QuantizedConv, width: int) -> str:
    """Fills row p with the window of ``place``; one that lies inside of x is copied row by row."""
    all = op.x.tensor.static_shape[-1]
    channels = all // op.groups
    group = f" + g * {channels}" if op.groups > 1 else ""
    to = f"int16_t *to = rows + p * {width};"
    if not reaches_outside(op) and math.prod(op.kernel) == 1 == max(op.strides):
        return f"{to}\nconst int8_t *from = x + place * {all}{group};\n{_widened(channels)}"
    copy, outside = _widened(channels, f"from[c{group}]"), _widened(channels, str(op.outside))
    if not has_rows(op) or op.groups > 1:
        return f"{to}\n{firsts(op)}\n{through_window(op, copy, outside)}"
    rows = through_rows(op, _widened(op.kernel[-1] * channels))
    if not reaches_outside(op):
        return f"{to}\n{firsts(op)}\n{rows}"
    return fill(
        """
        $to
        $firsts
        if ($inside) {
            $rows
        } else {
            $window
        }
        """,
        to=to,
        firsts=firsts(op),
        inside=is_inside(op),
        rows=rows,
        window=through_window(op, copy, outside),
    )


def _widened(count: int, value: str = "from[c]") -> str:
    """Writes integers of 8 bits to ``to`` as ones of 16, and goes on there."""
    return f"{loops([count], f'to[c] = {value};', 'c')}\nto += {count};"


_UNROLLED = 32
"""Up to so many taps are written one by one."""


@kernel("quantized_depthwise_conv", quantized=True)
def quantized_depthwise_conv(op: QuantizedDepthwiseConv) -> str:
    """For each place, the products of all taps are summed for some channels side by side."""
    channels, taps = op.weight.tensor.static_shape[-1], math.prod(op.kernel)
    pointers = "\n".join(f"const int8_t *windows{k} = windows[{k}];" for k in range(taps))
    steps = "\n".join(f"sum += windows{k}[c] * weight[{place([1], k * channels, 'c')}];" for k in range(taps))
    if taps > _UNROLLED:
        pointers, steps = "", loops([taps], f"sum += windows[k][c] * weight[k * {channels} + c];", "k")
    return fill(
        """
        $outside
        for (int place = 0; place < $places; place++) {
            const int8_t *windows[$taps];
            int8_t *to = output + place * $channels;
            int tap = 0;
            $firsts
            $table
            $pointers
            for (int c = 0; c < $channels; c++) {
                int32_t sum = bias[c];
                $steps
                to[c] = $value;
            }
        }
        """,
        outside=f"int8_t outside[{channels}];\nmemset(outside, {op.outside}, sizeof outside);"
        if reaches_outside(op)
        else "",
        places=op.output.tensor.size // channels,
        taps=taps,
        channels=channels,
        firsts=firsts(op),
        table=through_window(op, "windows[tap++] = from;", "windows[tap++] = outside;"),
        pointers=pointers,
        steps=steps,
        value=_scaled(op, "sum", "c"),
    )


@kernel("quantized_conv_transpose", quantized=True)
def quantized_conv_transpose(op: QuantizedConvTranspose) -> str:
    """Each place of x adds what it gives to the sums of one image; the bias is there before."""
    outputs, *window, channels = op.weight.tensor.static_shape
    batch, *lengths = op.x.tensor.static_shape[:-1]
    counts = op.output.tensor.static_shape[1:-1]
    rank, places = len(counts), math.prod(counts)
    text = fill(
        """
        const int8_t *from = x + ($at) * $channels;
        int32_t *to = sums + ($out) * $outputs;
        for (int o = 0; o < $outputs; o++) {
            const int8_t *w = weight + ($of) * $channels;
            int32_t sum = 0;
            for (int c = 0; c < $channels; c++) {
                const int16_t v = (int16_t)($v);
                const int16_t u = w[c];
                sum += v * u;
            }
            to[o] += sum;
        }
        """,
        at=row_major(["b", *COUNTERS_OF_X[:rank]], lengths),
        out=row_major(COUNTERS_OF_RESULT[:rank], counts[1:]),
        of=row_major(["o", *COUNTERS_OF_WINDOW[:rank]], window),
        channels=channels,
        outputs=outputs,
        v=plus("from[c]", -op.x_zero),
    )
    return fill(
        """
        int32_t *sums = (int32_t *)(void *)scratch;
        for (int b = 0; b < $batch; b++) {
            $starts
            $adds
            $ends
        }
        """,
        batch=batch,
        starts=loops([places, outputs], f"sums[i * {outputs} + o] = bias[o];", "io"),
        adds=loops(lengths, scattered(op, window, text), COUNTERS_OF_X),
        ends=loops(
            [places, outputs],
            f"output[(b * {places} + i) * {outputs} + o] = {_scaled(op, f'sums[i * {outputs} + o]', 'o')};",
            "io",
        ),
    )
