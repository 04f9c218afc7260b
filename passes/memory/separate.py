"""Memory as a list of buffers, each of which holds one value at a time: that of nnabla-c-runtime."""

from __future__ import annotations

from ...ir import Function, Module
from .buffers import Buffers, intervals
from .colouring import colour, lowest_total


def has_separate_buffers(function: Function) -> bool:
    """Whether a function is one of the nnb dialect."""
    return any(op.name.startswith("nnb.") for op in function.body)


def assign_buffers(module: Module, function: Function) -> tuple[tuple[int, ...], int, int]:
    """Give every value a buffer; the sizes of the buffers.

    Beside them two lower bounds: of all ways to choose buffers, and the largest sum of sizes of what lives at once.
    """
    from ...ir.dialects.nnb import BUFFER_SIZES, INPUT_BUFFERS  # here, as other targets do not need the dialect

    found = Buffers(function, parts=False)
    values = list(found.of)
    lives = intervals([found.of[v] for v in values], 1)
    colouring = colour(lives)
    number = dict(zip(values, colouring.colours, strict=True))
    for op in found.operations:
        op.attributes["buffers"] = tuple(number[r] for r in op.results)
    function.set_attribute(INPUT_BUFFERS, tuple(number[v] for v in function.inputs))
    module.set_attribute(BUFFER_SIZES, colouring.sizes)
    return colouring.sizes, lowest_total(lives), found.live
