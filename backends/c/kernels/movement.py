"""Kernels of what moves elements."""

from __future__ import annotations

from ....ir.dialects.c.movement import Concat, Copy, Pad, View
from ....ir.strides import Strided
from ...c_text import fill, literal
from .registry import element_type, kernel, loops, place


@kernel("view")
def view(op: View) -> str:
    """The planner puts the result where the operand is, if it can; then nothing is left to do, and it is not called."""
    return f"memmove(output, x + {op.begin}, {op.output.tensor.size} * sizeof *output);"


@kernel("copy")
def copy(op: Copy) -> str:
    out = Strided.of(op.shape).strides
    return loops(op.shape, f"output[{place(out)}] = x[{place(op.strides, op.begin)}];")


@kernel("concat")
def concat(op: Concat) -> str:
    """An input that was made in its place is left there."""
    width = op.output.tensor.size // op.outer
    pieces, begin = [], 0
    for index, value in enumerate(op.inputs):
        size = value.tensor.size // op.outer
        if op.outer == 1:
            pieces.append(
                fill(
                    """
                    if (inputs_$index != output + $begin) {
                        memcpy(output + $begin, inputs_$index, $size * sizeof *output);
                    }
                    """,
                    index=index,
                    begin=begin,
                    size=size,
                )
            )
        else:
            to, of = place([width], begin), place([size])
            pieces.append(loops([op.outer], f"memcpy(output + {to}, inputs_{index} + {of}, {size} * sizeof *output);"))
        begin += size
    return "\n".join(pieces)


@kernel("pad")
def pad(op: Pad) -> str:
    return padded(op, literal(op.value, element_type(op.output)))


def padded(op: Pad, value: str) -> str:
    """The operand with a number around it, as C writes that."""
    shape, result = op.x.tensor.static_shape, Strided.of(op.output.tensor.static_shape)
    begin = sum(p * s for p, s in zip(op.pads, result.strides, strict=False))
    fills = loops([op.output.tensor.size], f"output[i] = {value};")
    row = shape[-1] if shape else 1
    to, of = place(result.strides[:-1], begin), place(Strided.of(shape).strides[:-1])
    inner = f"memcpy(output + {to}, x + {of}, {row} * sizeof *x);"
    return f"{fills}\n{loops(shape[:-1], inner)}"
