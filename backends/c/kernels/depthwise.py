"""The kernel of convolutions of each channel alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ....ir.dialects.c.packed import DepthwiseConv
from ...c_text import fill
from .registry import bounded, element_type, kernel, loops, parallel
from .sampling import table
from .taps import reaches_outside, set_pointers, zeros

_HEIGHT = 4
"""How many places of a row are computed side by side: each weight is read once for them."""
_CHANNELS = 32
"""How many channels are."""


@kernel("depthwise_conv")
def depthwise_conv(op: DepthwiseConv) -> str:
    """A row of the result in tiles of places that lie beside each other; the last tile may go over places again."""
    type = element_type(op.output)
    *window, channels = op.weight.tensor.static_shape
    batch, out_h, out_w, _ = op.output.tensor.static_shape
    height, taps = min(_HEIGHT, out_w), math.prod(window)
    rest = channels % _CHANNELS
    return fill(
        """
        $zeros
        $offsets
        $parallel
        for (int row = 0; row < $rows; row++) {
            for (int tile = 0; tile < $out_w; tile += $height) {
                const int column = $column;
                $type *to = output + (row * $out_w + column) * $channels;
                const $type *rows[$pointers];
                $table
                $whole
                $rest
            }
        }
        """,
        zeros=zeros(op, window),
        offsets=table("int", "offsets", map(str, _offsets(op, window, height))),
        parallel=parallel(op.output.tensor.size * taps),
        rows=batch * out_h,
        out_w=out_w,
        height=height,
        column="tile" if out_w % height == 0 else f"nncc_min_int(tile, {out_w - height})",
        type=type,
        channels=channels,
        pointers=taps * height,
        table=_table(op, window, height),
        whole=_channels(op, 0, channels - rest, _CHANNELS, height),
        rest=_channels(op, channels - rest, channels, rest, height),
    )


def _offsets(op: DepthwiseConv, window: Sequence[int], height: int) -> list[int]:
    """How far behind the first number that a tile reads each tap of each of its places lies."""
    _, _, width, channels = op.x.tensor.static_shape
    rows, columns = ([d * k for k in range(n)] for d, n in zip(op.dilations, window, strict=True))
    places = range(0, height * op.strides[1], op.strides[1])
    return [(r * width + c + p) * channels for r in rows for c in columns for p in places]


def _table(op: DepthwiseConv, window: Sequence[int], height: int) -> str:
    """Sets the pointers of a tile: at once where it lies inside of x, else one by one."""
    _, h, w, channels = op.x.tensor.static_shape
    out_h, out_w = op.output.tensor.static_shape[1:-1]
    taps = math.prod(window)
    inside = fill(
        """
        const $type *from = x + ((row / $out_h * $h + y) * $w + left) * $channels;
        for (int i = 0; i < $pointers; i++) {
            rows[i] = from + offsets[i];
        }
        """,
        type=element_type(op.x),
        out_h=out_h,
        h=h,
        w=w,
        channels=channels,
        pointers=taps * height,
    )
    spans = [d * (k - 1) for d, k in zip(op.dilations, window, strict=True)]
    single = f"const int at = row * {out_w} + column + m;\n" + set_pointers(op, window, f"rows[($tap) * {height} + m]")
    return fill(
        """
        const int y = row % $out_h * $stride_y - $pad_y, left = column * $stride_x - $pad_x;
        $set
        """,
        out_h=out_h,
        stride_y=op.strides[0],
        stride_x=op.strides[1],
        pad_y=op.pads[0],
        pad_x=op.pads[1],
        set=fill(
            """
            if ($inside) {
                $at_once
            } else {
                $single
            }
            """,
            inside=f"y >= 0 && y < {h - spans[0]} && left >= 0 && left < {w - spans[1] - (height - 1) * op.strides[1]}",
            at_once=inside,
            single=loops([height], single, ["m"]),
        )
        if reaches_outside(op, window)
        else inside,
    )


def _channels(op: DepthwiseConv, begin: int, end: int, count: int, height: int) -> str:
    """The sums of blocks of ``count`` channels."""
    if begin == end:
        return ""
    type, rows = element_type(op.output), range(height)
    *window, channels = op.weight.tensor.static_shape
    steps = [f"sum{m}[n] += rows[k * {height} + {m}][c + n] * w[n];" for m in rows]
    joint = count < _CHANNELS
    start = "0" if op.bias is None else "bias[c + n]"
    return fill(
        """
        for (int c = $begin; c < $end; c += $count) {
            $sums
            for (int n = 0; n < $count; n++) {
                $starts
            }
            for (int k = 0; k < $taps; k++) {
                const $type *w = weight + k * $channels + c;
                $steps
            }
            for (int n = 0; n < $count; n++) {
                $stores
            }
        }
        """,
        begin=begin,
        end=end,
        count=count,
        type=type,
        taps=math.prod(window),
        channels=channels,
        sums="\n".join(f"{type} sum{m}[{count}];" for m in rows),
        starts="\n".join(f"sum{m}[n] = {start};" for m in rows),
        steps="\n".join(loops([count], s, ["n"]) for s in (["\n".join(steps)] if joint else steps)),
        stores="\n".join(f"to[{m * channels} + c + n] = {bounded(f'sum{m}[n]', op, type)};" for m in rows),
    )
