"""Kernels with packed weights: register tiles that compilers turn into fused multiply-adds of whole vectors.

A tile is some places of the result by 16 outputs. Its sums are local arrays with constant bounds, which gcc and clang
keep in vector registers when they unroll; the innermost loop reads one number of x for each place and 16 weights that
lie behind each other. Where a window reaches outside of x, it reads zeros instead: pointers to the rows of x are set up
before, so the sums need no conditions (the "indirect" convolution of Dukhan, "The Indirect Convolution Algorithm").
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ....ir.dialects.c.packed import BLOCK, DepthwiseConv, PackedConv
from ...c_text import fill
from .registry import bounded, element_type, kernel, loops

_SPEEDS = {8: 1.0, 7: 0.97, 6: 0.92, 5: 0.85, 4: 0.77, 3: 0.65, 2: 0.5, 1: 0.28}
"""How fast tiles of so many places were, beside 8 places (measured with gcc 12 and AVX-512)."""


def tile_height(places: int) -> int:
    """How many places a tile has: the fewest tiles, where larger ones are faster."""
    return min(_SPEEDS, key=lambda n: -(-places // n) * n / _SPEEDS[n])


@kernel("packed_conv")
def packed_conv(op: PackedConv) -> str:
    type = element_type(op.output)
    groups, blocks, *window, inner, _ = op.weight.tensor.static_shape
    outputs = op.output.tensor.static_shape[-1]
    places = op.output.tensor.size // outputs
    height = tile_height(places)
    taps = math.prod(window)
    group = fill(
        """
        const $type *w = weight + g * $weights;
        for (int o = 0; o < $blocks; o++) {
            $sums
            for (int n = 0; n < $block; n++) {
                $starts
            }
            for (int k = 0; k < $taps; k++) {
                $rows
                for (int c = 0; c < $inner; c++, w += $block) {
                    for (int n = 0; n < $block; n++) {
                        $steps
                    }
                }
            }
            $stores
        }
        """,
        type=type,
        weights=blocks * taps * inner * BLOCK,
        blocks=blocks,
        block=BLOCK,
        taps=taps,
        inner=inner,
        sums="\n".join(f"{type} sum{m}[{BLOCK}];" for m in range(height)),
        starts="\n".join(f"sum{m}[n] = {_start(op, blocks)};" for m in range(height)),
        rows="\n".join(f"const {type} *x{m} = rows[k * {height} + {m}] + g * {inner};" for m in range(height)),
        steps="\n".join(f"sum{m}[n] += x{m}[c] * w[n];" for m in range(height)),
        stores=_stores(op, height, places, type),
    )
    zeros = op.x.tensor.static_shape[-1]
    return fill(
        """
        $zeros
        for (int t = 0; t < $places; t += $height) {
            const $type *rows[$pointers];
            $table
            $groups
        }
        """,
        zeros=f"static const {type} zeros[{zeros}];" if _reaches_outside(op, window) else "",
        places=places,
        height=height,
        type=type,
        pointers=taps * height,
        table=_pointer_table(op, window, places, height),
        groups=loops([groups], group, ["g"]),
    )


def _start(op: PackedConv, blocks: int) -> str:
    return "0" if op.bias is None else f"bias[(g * {blocks} + o) * {BLOCK} + n]"


def _stores(op: PackedConv, height: int, places: int, type: str) -> str:
    """Write the sums. The last tile and the last block may be partly empty: they go by way of a small array.

    All stores go through one pointer, or compilers could not tell that they do not meet and would not use vectors.
    """
    outputs = op.output.tensor.static_shape[-1]
    sums = [bounded(f"sum{m}[n]", op, type) for m in range(height)]
    whole = fill(
        """
        $type *to = output + t * $outputs + g * $per_group + o * $block;
        for (int n = 0; n < $block; n++) {
            $stores
        }
        """,
        type=type,
        outputs=outputs,
        per_group=op.outputs,
        block=BLOCK,
        stores="\n".join(f"to[{m * outputs} + n] = {v};" for m, v in enumerate(sums)),
    )
    full_tiles, full_blocks = places % height == 0, op.outputs % BLOCK == 0
    if full_tiles and full_blocks:
        return whole
    conditions = [] if full_tiles else [f"t + {height} <= {places}"]
    conditions += [] if full_blocks else [f"(o + 1) * {BLOCK} <= {op.outputs}"]
    return fill(
        """
        if ($condition) {
            $whole
        } else {
            $type tile[$size];
            for (int n = 0; n < $block; n++) {
                $stores
            }
            for (int m = 0; m < $height && t + m < $places; m++) {
                for (int n = 0; n < $block && o * $block + n < $per_group; n++) {
                    output[(t + m) * $outputs + g * $per_group + o * $block + n] = tile[m * $block + n];
                }
            }
        }
        """,
        condition=" && ".join(conditions),
        whole=whole,
        type=type,
        size=height * BLOCK,
        block=BLOCK,
        stores="\n".join(f"tile[{m * BLOCK} + n] = {v};" for m, v in enumerate(sums)),
        height=height,
        places=places,
        per_group=op.outputs,
        outputs=outputs,
    )


def _reaches_outside(op: PackedConv | DepthwiseConv, window: Sequence[int]) -> bool:
    """Whether any window holds a place outside of x."""
    lengths, counts = op.x.tensor.static_shape[1:-1], op.output.tensor.static_shape[1:-1]
    rows = zip(lengths, counts, window, op.strides, op.dilations, op.pads, strict=True)
    return any(p > 0 or (m - 1) * s - p + d * (k - 1) >= n for n, m, k, s, d, p in rows)


def _pointer_table(op: PackedConv, window: Sequence[int], places: int, height: int) -> str:
    """Where in x each tap of each place of a tile begins. Places behind the last one do what that does."""
    body = f"const int at = {'t + m' if places % height == 0 else f't + m < {places} ? t + m : {places - 1}'};\n"
    body += pointers(op, window, f"rows[($tap) * {height} + m]")
    return loops([height], body, ["m"])


_TAPS = ("ka", "kb", "kc")


def pointers(op: PackedConv | DepthwiseConv, window: Sequence[int], target: str) -> str:
    """Sets ``target``, in which ``$tap`` is a tap's number, to the row of x that each tap of place ``at`` reads."""
    lengths, counts = op.x.tensor.static_shape[1:-1], op.output.tensor.static_shape[1:-1]
    channels, rank = op.x.tensor.static_shape[-1], len(counts)
    lines, inside = [], []
    for axis in range(rank):
        behind = math.prod(counts[axis + 1 :])
        place = f"at / {behind} % {counts[axis]}" if behind > 1 else f"at % {counts[axis]}"
        lines.append(f"const int first{axis} = {place} * {op.strides[axis]} - {op.pads[axis]};")
        inside.append(f"const int x{axis} = first{axis} + {_TAPS[axis]} * {op.dilations[axis]};")
    index = f"at / {math.prod(counts)}" if rank else "at"
    for axis in range(rank):
        index = f"({index}) * {lengths[axis]} + x{axis}"
    tap = "0"
    for axis in range(rank):
        tap = f"({tap}) * {window[axis]} + {_TAPS[axis]}" if axis else _TAPS[axis]
    target = target.replace("$tap", tap)
    row = f"x + ({index}) * {channels}"
    if _reaches_outside(op, window):
        outside = " || ".join(f"x{a} < 0 || x{a} >= {lengths[a]}" for a in range(rank))
        inside.append(f"{target} = {outside} ? zeros : {row};")
    else:
        inside.append(f"{target} = {row};")
    return "\n".join([*lines, loops(window, "\n".join(inside), _TAPS)])


@kernel("depthwise_conv")
def depthwise_conv(op: DepthwiseConv) -> str:
    """For each place, blocks of channels side by side."""
    type = element_type(op.output)
    *window, channels = op.weight.tensor.static_shape
    taps = math.prod(window)
    return fill(
        """
        $zeros
        for (int at = 0; at < $places; at++) {
            const $type *rows[$taps];
            $type *to = output + at * $channels;
            $table
            $whole
            $rest
        }
        """,
        zeros=f"static const {type} zeros[{channels}];" if _reaches_outside(op, window) else "",
        places=op.output.tensor.size // channels,
        type=type,
        taps=taps,
        channels=channels,
        table=pointers(op, window, "rows[$tap]"),
        whole=_channels(op, 0, channels - channels % _CHANNELS, _CHANNELS, taps),
        rest=_channels(op, channels - channels % _CHANNELS, channels, channels % _CHANNELS, taps),
    )


_CHANNELS = 32
"""How many channels are summed side by side."""


def _channels(op: DepthwiseConv, begin: int, end: int, count: int, taps: int) -> str:
    if begin == end:
        return ""
    type = element_type(op.output)
    return fill(
        """
        for (int c = $begin; c < $end; c += $count) {
            $type sum[$count];
            for (int n = 0; n < $count; n++) {
                sum[n] = $start;
            }
            for (int k = 0; k < $taps; k++) {
                const $type *from = rows[k] + c;
                const $type *w = weight + k * $channels + c;
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
        type=type,
        start="0" if op.bias is None else "bias[c + n]",
        taps=taps,
        channels=op.output.tensor.static_shape[-1],
        value=bounded("sum[n]", op, type),
    )
