"""Kernels of functions of one integer, and of what leads to integers and back."""

from __future__ import annotations

from .....ir.dialects.c.quantized.unary import Dequantize, Lookup, Quantize
from ....c_text import fill, literal
from ..registry import kernel, loops
from .common import plus


@kernel("lookup", quantized=True)
def lookup(op: Lookup) -> str:
    least = op.x.tensor.storage.limits[0]
    return loops([op.x.tensor.size], f"output[i] = table[{plus('x[i]', -least)}];")


@kernel("quantize", quantized=True)
def quantize(op: Quantize) -> str:
    """What is no number fails the first comparison."""
    return fill(
        """
        for (int i = 0; i < $size; i++) {
            const float steps = x[i] / $scale;
            const float least = steps > $low ? steps : $low;
            output[i] = (int8_t)($value);
        }
        """,
        size=op.x.tensor.size,
        scale=literal(op.scale, "float"),
        low=literal(op.lower - op.zero_point, "float"),
        value=plus(
            f"nncc_round_float(least < {literal(op.upper - op.zero_point, 'float')} ? least : "
            f"{literal(op.upper - op.zero_point, 'float')})",
            op.zero_point,
        ),
    )


@kernel("dequantize", quantized=True)
def dequantize(op: Dequantize) -> str:
    body = f"output[i] = (float)({plus('x[i]', -op.zero_point)}) * {literal(op.scale, 'float')};"
    return loops([op.x.tensor.size], body)
