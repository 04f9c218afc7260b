"""The kernel of convolutions with packed weights, and of products of matrices.

It works in tiles of some places of the result by some outputs. The sums of a tile are local arrays with constant
bounds, which gcc and clang keep in vector registers; the innermost loop reads one number of x for each place and the
weights of all outputs of the tile, which lie behind each other.

Tiles go over chunks of places for one block of outputs after the other: the block's weights stay in the nearest cache,
and the chunk's part of x in the next one, so that large weights are read from memory once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ....ir.dialects.c.packed import PackedConv, tile_height
from ...c_text import fill
from .registry import bounded, element_type, kernel, loops, parallel
from .taps import set_pointers, zeros

_MOST_POINTERS = 1024
"""How many pointers to rows of x a chunk has at most: they lie on the stack."""
_MOST_ELEMENTS = 1 << 16
"""How many elements of x a chunk reads at most, where its rows need no pointers."""
_ENOUGH_CHUNKS = 8
"""So many chunks keep some threads busy."""
_JOINT_WIDTH = 16
"""gcc resolves loops of up to so many steps into single numbers if they hold little, and makes no vectors of them."""


@kernel("packed_conv")
def packed_conv(op: PackedConv) -> str:
    tiling = _Tiling(op)
    table = fill(
        """
        const $type *rows[$pointers];
        $loop
        """,
        type=tiling.type,
        pointers=tiling.chunk * tiling.taps,
        loop=loops([tiling.chunk], f"const int at = {_clamped(tiling)};\n{tiling.set_rows()}", ["m"]),
    )
    return fill(
        """
        $zeros
        $parallel
        for (int first = 0; first < $places; first += $chunk) {
            $end
            $table
            $groups
        }
        """,
        zeros="" if tiling.is_product else zeros(op, tiling.window),
        parallel=parallel(tiling.steps) if tiling.has_parallel_chunks else "",
        places=tiling.places,
        chunk=tiling.chunk,
        end=f"const int end = nncc_min_int(first + {tiling.chunk}, {tiling.places});",
        table="" if tiling.is_product else table,
        groups=loops([op.weight.tensor.static_shape[0]], _group(tiling), ["g"]),
    )


def _clamped(tiling: _Tiling) -> str:
    """Places behind the last one do what that does."""
    is_even = tiling.places % tiling.chunk == 0
    return "first + m" if is_even else f"nncc_min_int(first + m, {tiling.places - 1})"


class _Tiling:
    """How the work of a convolution is divided."""

    def __init__(self, op: PackedConv) -> None:
        self.op, self.type = op, element_type(op.output)
        _, self.blocks, *window, self.inner, self.width = op.weight.tensor.static_shape
        self.window: Sequence[int] = window
        self.taps = math.prod(window)
        self.outputs, self.channels = op.output.tensor.static_shape[-1], op.x.tensor.static_shape[-1]
        self.places = op.output.tensor.size // self.outputs
        self.height = tile_height(self.width, self.places)
        self.is_product = self.taps == 1 and not any(op.pads) and math.prod(op.strides) == 1
        """Whether the rows of x lie in the order in which they are read: a product of matrices."""
        self.steps = op.output.tensor.size * self.taps * self.inner
        most = _MOST_ELEMENTS // self.channels if self.is_product else _MOST_POINTERS // self.taps
        tiles = max(min(most, self.places + self.height - 1) // self.height, 1)
        self.chunk = tiles * self.height
        self.has_parallel_chunks = self.blocks == 1 or self.places >= _ENOUGH_CHUNKS * self.chunk
        """Whether threads share the chunks; else they share the blocks of outputs."""

    def set_rows(self) -> str:
        return set_pointers(self.op, self.window, f"rows[m * {self.taps} + $tap]")

    def row(self, m: int) -> str:
        """Where place m of a tile reads x at tap k."""
        group = f" + g * {self.inner}" if self.inner != self.channels else ""
        if not self.is_product:
            return f"rows[(t - first + {m}) * {self.taps} + k]{group}"
        place = f"t + {m}" if self.places % self.height == 0 else f"nncc_min_int(t + {m}, {self.places - 1})"
        return f"x + ({place}) * {self.channels}{group}"


def _group(tiling: _Tiling) -> str:
    """All tiles of a chunk, for the blocks of a group one after the other."""
    rows, width, inner, type = range(tiling.height), tiling.width, tiling.inner, tiling.type
    steps = [f"sum{m}[n] += x{m}[c] * w[n];" for m in rows]
    joint = width <= _JOINT_WIDTH
    return fill(
        """
        $parallel
        for (int o = 0; o < $blocks; o++) {
            const $type *block = weight + (g * $blocks + o) * $size;
            for (int t = first; t < end; t += $height) {
                const $type *w = block;
                $sums
                for (int n = 0; n < $width; n++) {
                    $starts
                }
                for (int k = 0; k < $taps; k++) {
                    $rows
                    for (int c = 0; c < $inner; c++, w += $width) {
                        $steps
                    }
                }
                $stores
            }
        }
        """,
        parallel="" if tiling.has_parallel_chunks else parallel(tiling.steps),
        type=type,
        blocks=tiling.blocks,
        size=tiling.taps * inner * width,
        height=tiling.height,
        width=width,
        taps=tiling.taps,
        inner=inner,
        sums="\n".join(f"{type} sum{m}[{width}];" for m in rows),
        starts="\n".join(f"sum{m}[n] = {_start(tiling)};" for m in rows),
        rows="\n".join(f"const {type} *x{m} = {tiling.row(m)};" for m in rows),
        steps="\n".join(loops([width], s, ["n"]) for s in (["\n".join(steps)] if joint else steps)),
        stores=_stores(tiling),
    )


def _start(tiling: _Tiling) -> str:
    return "0" if tiling.op.bias is None else f"bias[(g * {tiling.blocks} + o) * {tiling.width} + n]"


def _stores(tiling: _Tiling) -> str:
    """Write the sums, bounded while they are vectors still; of the last block what there is of it.

    Places behind the last one hold the same sums as that, and go where that goes.
    """
    op, width, rows = tiling.op, tiling.width, range(tiling.height)
    rest = op.outputs % width
    bounds = [f"sum{m}[n] = {v};" for m in rows if (v := bounded(f"sum{m}[n]", op, tiling.type)) != f"sum{m}[n]"]
    columns = "g * $per_group + o * $width" if op.outputs != tiling.outputs else "o * $width"
    return fill(
        f"""
        $bounds
        {tiling.type} *to = output + t * $outputs + {columns};
        $stores
        """,
        bounds="\n".join(loops([width], b, ["n"]) for b in bounds),
        outputs=tiling.outputs,
        per_group=op.outputs,
        width=width,
        stores=_copies(tiling, width)
        if not rest
        else fill(
            """
            if (o < $last) {
                $whole
            } else {
                $rest
            }
            """,
            last=tiling.blocks - 1,
            whole=_copies(tiling, width),
            rest=_copies(tiling, rest),
        ),
    )


def _copies(tiling: _Tiling, width: int) -> str:
    """Write the first outputs of each place of a tile.

    All go through one pointer, or compilers could not tell that they do not meet and would not use vectors.
    """
    places = (
        [f"{m * tiling.outputs}" for m in range(tiling.height)]
        if tiling.places % tiling.height == 0
        else [f"nncc_min_int({m}, {tiling.places - 1} - t) * {tiling.outputs}" for m in range(tiling.height)]
    )
    copies = [f"to[{at} + n] = sum{m}[n];" for m, at in enumerate(places)]
    return "\n".join(loops([width], s, ["n"]) for s in copies)
