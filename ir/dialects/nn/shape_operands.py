"""What inference knows of operands that say how large a result is: shapes, axes, sizes, bounds."""

from __future__ import annotations

from collections.abc import Sequence

from ...core import Value
from ...types import Array, Dim, Shape
from .base import INTEGER_ELEMENT, NNOp
from .contents import known_elements

_MOST_UNKNOWN = 4096
"""Vectors of this many unknown elements are told from those of unknown length; longer ones are nobody's shape."""


def known_vector(op: NNOp, name: str, value: Value) -> Shape | None:
    """The elements of an integer vector, None for those not known; None alone where not even the length is.

    Raises VerifyError where the operand is no vector of integers.
    """
    op.expect_element(name, value, INTEGER_ELEMENT)
    op.expect_rank(name, value, 1)
    elements = known_elements(value)
    if elements is not None:
        return tuple(elements.reshape(-1))
    length = value.tensor.dims[0] if value.tensor.shape is not None else None
    return (None,) * length if isinstance(length, int) and length <= _MOST_UNKNOWN else None


def known_axes(op: NNOp, name: str, value: Value, rank: int) -> tuple[int, ...] | None:
    """The axes that an integer vector names, counted from the front; None where one is not known.

    Raises VerifyError where the operand is no vector of integers, and for axes that are out of range or given twice.
    """
    elements = known_vector(op, name, value)
    axes = None if elements is None else numbers(elements)
    return None if axes is None else op.axes_in(axes, rank, name)


def known_scalar(op: NNOp, name: str, value: Value) -> Dim:
    """The one element of an integer scalar, or of a vector of one. Raises VerifyError where the operand is neither."""
    op.expect_element(name, value, INTEGER_ELEMENT)
    expect_single(op, name, value)
    elements = known_elements(value)
    found: Dim = None if elements is None else elements.reshape(-1)[0]
    return found


def known_number(value: Value) -> float | int | None:
    """The one element of a scalar of any type of numbers; None where it is not known, or a symbol."""
    elements = known_elements(value)
    first = None if elements is None else elements.reshape(-1)[0]
    return first if isinstance(first, int | float) else None


def expect_single(op: NNOp, name: str, value: Value) -> None:
    """Raises VerifyError where an operand is known not to have exactly one element, in a scalar or a vector."""
    op.expect_rank(name, value, (0, 1))
    if value.tensor.shape:
        op.expect_dim(name, value, 0, 1)


def numbers(elements: Sequence[Dim]) -> tuple[int, ...] | None:
    """The elements if all are numbers, else None."""
    found = tuple(e for e in elements if isinstance(e, int))
    return found if len(found) == len(elements) else None


def ints_of(array: Array) -> tuple[int, ...]:
    """The elements of an operand of evaluation as Python's numbers."""
    return tuple(int(n) for n in array.reshape(-1))
