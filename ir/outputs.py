"""Outputs of functions: formats ask for a value of its own for each."""

from __future__ import annotations

from collections.abc import Callable

from .core import Value
from .module import Function
from .opdef import Trait


def is_constant(value: Value) -> bool:
    """Whether a value is made by a constant operation, of whatever dialect."""
    return value.defining_op is not None and Trait.CONSTANT in value.defining_op.traits


def separate_outputs(
    function: Function, copy: Callable[[Value], Value], is_stored: Callable[[Value], bool] = is_constant
) -> None:
    """Give every output a value of its own: one that is also an input, a constant or another output is copied.

    ``copy`` makes the copy before the function's terminator; ``is_stored`` says what counts as a constant.
    """
    taken: set[Value] = set(function.inputs)
    terminator = function.terminator
    for index, value in enumerate(function.outputs):
        if value in taken or is_stored(value):
            value = copy(value)
            terminator.set_operand(index, value)
        taken.add(value)
