"""Ranges that the network itself names: where it rounds a value to a grid of 8 bits, and saturates it there.

Networks rely on that: those that were quantized by others have no relu where the grid begins at 0. So the rounding
stays while the network is run in floats, and goes when its values become integers, which round and saturate as well.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ...ir import Function, Operation, QuantizedType, Value
from ...ir.dialects import nn
from ..quantization.parameters import type_range
from ..ranges import get_range, set_range

_SAME_RANGE = (nn.Reshape, nn.Transpose, nn.Slice, nn.Reverse, nn.MaxPool, nn.Tile, nn.BroadcastTo)
"""Operations whose results hold no other numbers than their first operand; see also :func:`_pads_inside`."""


@attrs.frozen
class Rounding:
    """An operation that rounds x to a grid: nn.fake_quantize, or nn.dequantize behind nn.quantize."""

    op: Operation
    x: Value
    grid: QuantizedType


def find_roundings(function: Function) -> Iterator[Rounding]:
    """The roundings that quantizing their operands makes superfluous. The one just given may be erased."""
    for op in function.body:
        if isinstance(op, nn.FakeQuantize):
            x, grid = op.x, op.grid
        elif isinstance(op, nn.Dequantize) and isinstance(op.x.defining_op, nn.Quantize):
            x, grid = op.x.defining_op.x, op.x.tensor.element
        else:
            continue
        fits = isinstance(grid, QuantizedType) and grid.axis is None and grid.storage.bits == 8 and grid.limits is None
        if fits and isinstance(grid, QuantizedType) and not isinstance(x.tensor.element, QuantizedType):
            yield Rounding(op, x, grid)


def note_grids(function: Function) -> set[Value]:
    """Note the ranges of values that are rounded to grids, and of those that hold the same numbers; gives all these.

    A value with two grids gets a range that holds both.
    """
    found: set[Value] = set()
    for rounding in find_roundings(function):
        low, high = type_range(rounding.grid)
        before = get_range(function, rounding.x) if rounding.x in found else None
        if before is not None:
            low, high = min(low, before[0]), max(high, before[1])
        for value in (rounding.x, *rounding.op.results):
            set_range(function, value, (low, high))
            found.add(value)
        if isinstance(rounding.op, nn.Dequantize):
            found.add(rounding.op.x)  # there and back: what is between is no value of the int8 network
    return found | _followers(function, found)


def remove_roundings(function: Function, copies: dict[Value, Value]) -> int:
    """Take the roundings away, as their operands are to be quantized; how many there were.

    ``copies`` are the values of a copy of the function: what was rounded there stands for the operand from now on.
    """
    count = 0
    for rounding in find_roundings(function):
        source = rounding.op.operands[0].defining_op if rounding.op.operands[0] is not None else None
        copies[rounding.x] = copies[rounding.op.results[0]]
        rounding.op.results[0].replace_all_uses_with(rounding.x)
        rounding.op.erase()
        if isinstance(source, nn.Quantize) and not source.has_uses:
            source.erase()
        count += 1
    return count


def _followers(function: Function, fixed: set[Value]) -> set[Value]:
    """Note the ranges of values that hold the numbers of others."""
    found: set[Value] = set()
    for op in function.body:
        x = op.operands[0] if isinstance(op, _SAME_RANGE) or _pads_inside(op) else None
        if x is not None and (x in fixed or x in found) and op.results[0] not in fixed:
            set_range(function, op.results[0], get_range(function, x))
            found.add(op.results[0])
    return found


def _pads_inside(op: Operation) -> bool:
    """Whether an operation pads with numbers that every range holds."""
    return isinstance(op, nn.Pad) and (op.mode != "constant" or op.value == 0)
