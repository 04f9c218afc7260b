"""The sums of products that convolutions and matrix products are made of.

Rows of integers, widened to 16 bits, times rows of weights of 8 bits: compilers turn that into the instructions that
multiply and add pairs. Some rows and outputs are computed at once, so that what is loaded is used several times.
"""

from __future__ import annotations

import textwrap

from .....ir.dialects.c.quantized.convolution import TILE
from ....c_text import fill

_OUTPUTS = 4
"""How many outputs are computed at once."""


def dot_products(outputs: int, width: int, weight: str) -> str:
    """Sets ``sums[p * outputs + o]``, p < TILE, to the products of ``rows + p * width`` with rows of weights."""
    whole = outputs - outputs % _OUTPUTS
    parts = [_block(0, whole, _OUTPUTS, outputs, width, weight)] if whole else []
    if outputs % _OUTPUTS:
        parts.append(_block(whole, outputs, outputs % _OUTPUTS, outputs, width, weight))
    return "\n".join(parts)


def _block(begin: int, end: int, count: int, outputs: int, width: int, weight: str) -> str:
    pairs = [(p, o) for o in range(count) for p in range(TILE)]
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
        begin=begin,
        end=end,
        count=count,
        weight=weight,
        width=width,
        zeros=", ".join(f"sum{p}{o} = 0" for p, o in pairs),
        loads="\n".join(
            [f"const int16_t x{p} = rows[{_at(p, width)}];" for p in range(TILE)]
            + [f"const int16_t w{o} = w[{_at(o, width)}];" for o in range(count)]
        ),
        steps="\n".join(f"sum{p}{o} += x{p} * w{o};" for p, o in pairs),
        stores="\n".join(f"sums[{p * outputs + o} + o] = sum{p}{o};" for p, o in pairs),
    )


def _at(row: int, width: int) -> str:
    return f"{row * width} + k" if row else "k"


def tiles(places: int, row: str, products: str, finish: str) -> str:
    """``TILE`` places at once: ``row`` fills ``row`` for ``place``, ``finish`` stores ``sum`` to ``to`` for ``place``.

    Where the number of places is odd, the last one is computed twice, and stored once.
    """
    return fill(
        """
        for (int at = 0; at < $places; at += $tile) {
            for (int p = 0; p < $tile; p++) {
                $place
                $row
            }
            $products
            for (int p = 0; p < $rest; p++) {
                $finish
            }
        }
        """,
        places=places,
        tile=TILE,
        place="const int place = at + p;"
        if places % TILE == 0
        else f"const int place = nncc_min_int(at + p, {places - 1});",
        row=row,
        products=products,
        rest=TILE if places % TILE == 0 else f"nncc_min_int({TILE}, {places} - at)",
        finish=finish,
    )


def scratch_arrays(width: int) -> str:
    """The arrays ``rows`` and ``sums`` in the scratch memory."""
    return textwrap.dedent(
        f"""\
        int16_t *rows = (int16_t *)(void *)scratch;
        int32_t *sums = (int32_t *)(void *)(scratch + {2 * TILE * width});"""
    )
