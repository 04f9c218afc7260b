"""The sums of products that convolutions and matrix products are made of.

Rows of integers, widened to 16 bits, times rows of weights of 8 bits: compilers turn that into the instructions that
multiply and add pairs. Some rows and outputs are computed at once, so that what is loaded is used several times.
"""

from __future__ import annotations

from .....ir.dialects.c.quantized.convolution import TILE
from ....c_text import fill
from ..registry import place

_OUTPUTS = 4
"""How many outputs are computed at once."""


def products(rows: int, outputs: int, width: int, weight: str, row: str, finish: str) -> str:
    """The products of ``rows`` rows with the rows of ``weight``, one for each output.

    ``row`` fills ``rows + p * width`` for row ``place``; ``finish`` stores ``sums[p * outputs + o]`` for row at + p.
    Where the number of rows is odd, the last one is computed twice, and stored once.
    """
    tile = min(TILE, rows)
    whole = rows % tile == 0
    return fill(
        """
        int16_t *rows = (int16_t *)(void *)scratch;
        int32_t *sums = (int32_t *)(void *)(scratch + $bytes);
        for (int at = 0; at < $count; at += $tile) {
            for (int p = 0; p < $tile; p++) {
                const int place = $place;
                $row
            }
            $dots
            for (int p = 0; p < $stored; p++) {
                $finish
            }
        }
        """,
        bytes=2 * tile * width,
        count=rows,
        tile=tile,
        place="at + p" if whole else f"nncc_min_int(at + p, {rows - 1})",
        row=row,
        dots=_dot_products(tile, outputs, width, weight),
        stored=tile if whole else f"nncc_min_int({tile}, {rows} - at)",
        finish=finish,
    )


def _dot_products(tile: int, outputs: int, width: int, weight: str) -> str:
    whole = outputs - outputs % _OUTPUTS
    blocks = [(0, whole, _OUTPUTS), (whole, outputs, outputs - whole)]
    texts = [_block(range(*block), tile, outputs, width, weight) for block in blocks if block[0] < block[1]]
    return "\n".join(texts)


def _block(of: range, tile: int, outputs: int, width: int, weight: str) -> str:
    """As many outputs at once as the step of the range."""
    pairs = [(p, o) for o in range(of.step) for p in range(tile)]
    return fill(
        """
        for (int o = $begin; o < $end; o += $count) {
            const int8_t *w = $weight + o * $width;
            int32_t $zeros;
            for (int k = 0; k < $width; k++) {
                $loads
                $steps
            }
            $stores
        }
        """,
        begin=of.start,
        end=of.stop,
        count=of.step,
        weight=weight,
        width=width,
        zeros=", ".join(f"sum{p}{o} = 0" for p, o in pairs),
        loads="\n".join(
            [f"const int16_t x{p} = rows[{place([1], p * width, 'k')}];" for p in range(tile)]
            + [f"const int16_t w{o} = w[{place([1], o * width, 'k')}];" for o in range(of.step)]
        ),
        steps="\n".join(f"sum{p}{o} += x{p} * w{o};" for p, o in pairs),
        stores="\n".join(f"sums[{place([1], p * outputs + o, 'o')}] = sum{p}{o};" for p, o in pairs),
    )
