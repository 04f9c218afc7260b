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
from ..registry import kernel, loops
from .common import plus, stored
from .products import dot_products, scratch_arrays, tiles
from .windows import reaches_outside, through_window


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
    body = tiles(op.output.tensor.size // all, _gathered(op, width), dot_products(outputs, width, weight), finish)
    return f"{scratch_arrays(width)}\n{loops([op.groups], body, 'g') if op.groups > 1 else body}"


def _gathered(op: QuantizedConv, width: int) -> str:
    """Fills row p with the window of ``place``."""
    channels = op.x.tensor.static_shape[-1] // op.groups
    group = f" + g * {channels}" if op.groups > 1 else ""
    copy = loops([channels], f"to[c] = from[c{group}];", "c")
    outside = loops([channels], f"to[c] = {op.outside};", "c")
    if not reaches_outside(op) and math.prod(op.kernel) == 1 == max(op.strides):
        window = f"const int8_t *from = x + place * {op.x.tensor.static_shape[-1]};\n{copy}"
    else:
        step = f"\nto += {channels};"
        window = through_window(op, copy + step, outside + step)
    return f"int16_t *to = rows + p * {width};\n{window}"


@kernel("quantized_depthwise_conv", quantized=True)
def quantized_depthwise_conv(op: QuantizedDepthwiseConv) -> str:
    """For each place, blocks of channels side by side."""
    channels, taps = op.weight.tensor.static_shape[-1], math.prod(op.kernel)
    whole = channels - channels % _CHANNELS
    return fill(
        """
        $outside
        for (int place = 0; place < $places; place++) {
            const int8_t *windows[$taps];
            int8_t *to = output + place * $channels;
            int tap = 0;
            $table
            $whole
            $rest
        }
        """,
        outside=f"int8_t outside[{channels}];\nmemset(outside, {op.outside}, sizeof outside);"
        if reaches_outside(op)
        else "",
        places=op.output.tensor.size // channels,
        taps=taps,
        channels=channels,
        table=through_window(op, "windows[tap++] = from;", "windows[tap++] = outside;"),
        whole=_channels(op, 0, whole, _CHANNELS),
        rest=_channels(op, whole, channels, channels - whole),
    )


_CHANNELS = 32
"""How many channels are summed side by side."""


def _channels(op: QuantizedDepthwiseConv, begin: int, end: int, count: int) -> str:
    if begin == end:
        return ""
    return fill(
        """
        for (int c = $begin; c < $end; c += $count) {
            int32_t sum[$count];
            for (int n = 0; n < $count; n++) {
                sum[n] = bias[c + n];
            }
            for (int k = 0; k < $taps; k++) {
                const int8_t *from = windows[k] + c;
                const int8_t *w = weight + k * $channels + c;
                for (int n = 0; n < $count; n++) {
                    sum[n] += from[n] * w[n];
                }
            }
            for (int n = 0; n < $count; n++) {
                to[c + n] = $value;
            }
        }
        """,
        begin=begin,
        end=end,
        count=count,
        taps=math.prod(op.kernel),
        channels=op.weight.tensor.static_shape[-1],
        value=_scaled(op, "sum[n]", "c + n"),
    )


_IN, _OUT, _WINDOW = ("xi", "xj", "xl"), ("oi", "oj", "ol"), ("ki", "kj", "kl")


@kernel("quantized_conv_transpose", quantized=True)
def quantized_conv_transpose(op: QuantizedConvTranspose) -> str:
    """Each place of x adds what it gives to the sums of one image; the bias is there before."""
    outputs, *window, channels = op.weight.tensor.static_shape
    batch, *lengths = op.x.tensor.static_shape[:-1]
    counts = op.output.tensor.static_shape[1:-1]
    size = math.prod(counts) * outputs
    at, out, of = "b", "0", "o"
    for axis, (length, count, taps) in enumerate(zip(lengths, counts, window, strict=True)):
        at, out = f"({at}) * {length} + {_IN[axis]}", f"({out}) * {count} + {_OUT[axis]}"
        of = f"({of}) * {taps} + {_WINDOW[axis]}"
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
        at=at,
        out=out,
        of=of,
        channels=channels,
        outputs=outputs,
        v=plus("from[c]", -op.x_zero),
    )
    for axis in reversed(range(len(window))):
        inside = fill(
            """
            const int $out = $x * $stride + $k - $pad;
            if ($out < 0 || $out >= $count) {
                continue;
            }
            $adds
            """,
            x=_IN[axis],
            out=_OUT[axis],
            k=_WINDOW[axis],
            stride=op.strides[axis],
            pad=op.pads[axis],
            count=counts[axis],
            adds=text,
        )
        text = loops([window[axis]], inside, [_WINDOW[axis]])
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
        starts=loops([size // outputs, outputs], f"sums[i * {outputs} + o] = bias[o];", "io"),
        adds=loops(lengths, text, _IN),
        ends=loops(
            [size // outputs, outputs],
            f"output[(b * {size // outputs} + i) * {outputs} + o] = {_scaled(op, f'sums[i * {outputs} + o]', 'o')};",
            "io",
        ),
    )
