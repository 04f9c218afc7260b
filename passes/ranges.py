"""Ranges of values as attributes: `calibrate` notes them, `quantize-int8` reads them, and text keeps them."""

from __future__ import annotations

import math

from ..ir import BlockArgument, Function, OpResult, TensorType, Value

RANGES = "nncc.ranges"
"""The attribute of an operation: for every result [low, high], or [] where its numbers have no range."""
RANGE = "nncc.range"
"""The port attribute of a function's input: [low, high]."""

Range = tuple[float, float]


def holds_reals(value: Value) -> bool:
    """Whether a value is a tensor of floating-point numbers."""
    return isinstance(value.type, TensorType) and value.type.expressed.is_float


def set_range(function: Function, value: Value, found: Range | None) -> None:
    """Note the range of a value where :func:`get_range` finds it; None for a value that has none."""
    entry = tuple(map(float, found)) if found is not None else ()
    if isinstance(value, OpResult):
        ranges = list(value.op.attributes.get(RANGES, ())) or [() for _ in value.op.results]
        ranges[value.index] = entry
        value.op.attributes[RANGES] = tuple(ranges)
    elif isinstance(value, BlockArgument) and value.block is function.body:
        function.set_port_attribute("arg", value.index, RANGE, entry)


def get_range(function: Function, value: Value) -> Range | None:
    """The range that was noted for a value; None where there is none, or one that is not finite."""
    entry: tuple[float, ...] = ()
    if isinstance(value, OpResult):
        ranges = value.op.attributes.get(RANGES, ())
        entry = ranges[value.index] if value.index < len(ranges) else ()
    elif isinstance(value, BlockArgument) and value.block is function.body:
        entry = function.port_attribute("arg", value.index, RANGE, ())
    return (entry[0], entry[1]) if len(entry) == 2 and all(map(math.isfinite, entry)) else None


def clear_ranges(function: Function) -> None:
    """Remove all ranges."""
    for op in function.walk():
        op.attributes.pop(RANGES, None)
    without = tuple({k: v for k, v in port.items() if k != RANGE} for port in function.arg_attrs)
    function.set_attribute("arg_attrs", without)
