"""What lifts ask of nodes, whatever the format: that axes and ranks fit, that sizes are known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ..ir import CompileError, Location, Value
from ..ir.types import Dim

FIT = "correct the node, or give it inputs whose shapes fit"
"""What to do about a node that no runtime could run on the shapes that it gets: an operation refused them."""

CORRECT = "correct the attributes of the node or the shapes of its inputs"
"""What to do about a node that contradicts itself."""

FIX_SHAPE = "give the inputs fixed sizes: --input-shape name=1,3,224,224"


_MOST_ELEMENTS = 1 << 28
"""Constants that a lift makes are not larger: a file of a few bytes must not fill the memory."""


class Node(Protocol):
    """An operation of a source dialect."""

    location: Location

    @property
    def op_type(self) -> str:
        """What the format calls the operator."""


def refuse(op: Node, reason: str, remedy: str = CORRECT) -> CompileError:
    """The error, to be raised by the caller, that a node cannot be lifted as it is."""
    return CompileError(f"{op.op_type} {reason}", op.location, remedy)


def axis_of(op: Node, axis: int, rank: int) -> int:
    """An axis counted from the front. Raises CompileError for one that the rank does not have."""
    if not -rank <= axis < rank:
        raise refuse(op, f"has axis {axis} where the rank is {rank}", FIT)
    return axis % rank


def axes_of(op: Node, axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front, sorted. Raises CompileError for one that is out of range or there twice."""
    found = sorted(axis_of(op, a, rank) for a in axes)
    if len(set(found)) != len(found):
        raise refuse(op, f"names an axis twice: {tuple(found)}")
    return tuple(found)


def expect_rank(op: Node, x: Value, minimum: int, maximum: int | None = None) -> int:
    """The rank of a tensor. Raises CompileError where it is not in the range, or is unknown.

    An operator that takes one rank alone says that a tensor of unknown rank has it.
    """
    if x.tensor.shape is None and minimum == maximum:
        x.type = x.tensor.with_shape((None,) * minimum)
    if x.tensor.shape is None:
        raise CompileError(f"{op.op_type} needs an input of known rank", op.location, FIX_SHAPE)
    rank = x.tensor.rank
    if rank < minimum or (maximum is not None and rank > maximum):
        wanted = f"{minimum} or more" if maximum is None else f"{minimum}" if minimum == maximum else f"up to {maximum}"
        raise refuse(op, f"needs {wanted} dimensions, got {x.type}", FIT)
    return rank


def numbers(op: Node, dims: Iterable[Dim], what: str) -> tuple[int, ...]:
    """Dimensions that must be numbers. Raises CompileError where one is not known."""
    found = tuple(dims)
    if not all(isinstance(d, int) for d in found):
        shown = "x".join(str("?" if d is None else d) for d in found)
        raise CompileError(f"{op.op_type} needs the size of {what}, which is {shown}", op.location, FIX_SHAPE)
    return tuple(int(d) for d in found if isinstance(d, int))


def expect_affordable(op: Node, what: str, count: int) -> None:
    """Raises CompileError where a constant that has to be made would have too many elements."""
    if count > _MOST_ELEMENTS:
        raise refuse(op, f"has {what} of {count} elements; {_MOST_ELEMENTS} is the limit")
