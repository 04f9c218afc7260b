"""Ranges that the network itself names: where it rounds a value to a grid of 8 bits."""

from __future__ import annotations

from ...ir import Function, Operation, QuantizedType, Value
from ...ir.dialects import nn
from ..quantization.parameters import type_range
from ..ranges import get_range, set_range

_SAME_RANGE = (nn.Reshape, nn.Transpose, nn.Slice, nn.Reverse, nn.MaxPool, nn.Tile, nn.BroadcastTo)
"""Operations whose results hold no other numbers than their first operand; see also :func:`_pads_inside`."""


def adopt_grids(function: Function) -> set[Value]:
    """Note the range of every value that is rounded to a grid, and take the rounding away; gives these values.

    Quantizing the value is that rounding. A value with two grids gets a range that holds both.
    """
    found: set[Value] = set()
    for op in list(function.body):
        rounded = _rounding(op)
        if rounded is not None:
            x, grid = rounded
            low, high = type_range(grid)
            before = get_range(function, x) if x in found else None
            if before is not None:
                low, high = min(low, before[0]), max(high, before[1])
            set_range(function, x, (low, high))
            found.add(x)
            op.results[0].replace_all_uses_with(x)
            _erase_with_operand(op)
    return found | _followers(function, found)


def _rounding(op: Operation) -> tuple[Value, QuantizedType] | None:
    """What an operation rounds, and to which grid; None where it does not, or to none that a value can have."""
    if isinstance(op, nn.FakeQuantize):
        x, grid = op.x, op.grid
    elif isinstance(op, nn.Dequantize) and isinstance(op.x.defining_op, nn.Quantize):
        x, grid = op.x.defining_op.x, op.x.tensor.element
    else:
        return None
    fits = isinstance(grid, QuantizedType) and grid.axis is None and grid.storage.bits == 8 and grid.limits is None
    return (x, grid) if fits and isinstance(grid, QuantizedType) and not _is_quantized(x) else None


def _is_quantized(x: Value) -> bool:
    return isinstance(x.tensor.element, QuantizedType)


def _erase_with_operand(op: Operation) -> None:
    source = op.operands[0].defining_op if op.operands[0] is not None else None
    op.erase()
    if isinstance(source, nn.Quantize) and not source.has_uses:
        source.erase()


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
