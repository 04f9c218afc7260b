"""Axes, dimensions and reshapes: what the lifts share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ....ir import CompileError, Value
from ....ir.dialects.nnp import BATCH
from ....ir.types import F32, I1, I32, Dim, Shape
from .registry import Call, Lifter, refuse

END = 2**31 - 1
"""A stop behind the end of every dimension."""

FIX_BATCH = "give the pass the batch size: lift-nnp{batch=1}"


def axis_of(op: Call, axis: int, rank: int) -> int:
    """An axis counted from the front. Raises CompileError for one that the rank does not have."""
    if not -rank <= axis < max(rank, 1):
        raise refuse(op, f"has axis {axis} where the rank is {rank}")
    return axis % rank if rank else 0


def axes_of(op: Call, axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front, sorted, each once."""
    return tuple(sorted({axis_of(op, a, rank) for a in axes}))


def base_axis_of(op: Call, rank: int) -> int:
    """The argument ``base_axis``, counted from the front; it may equal the rank."""
    if not -rank <= op.base_axis <= rank:
        raise refuse(op, f"has base_axis {op.base_axis} where the rank is {rank}")
    return int(op.base_axis + rank if op.base_axis < 0 else op.base_axis)


def product(dims: Iterable[Dim]) -> Dim:
    """The number of elements: a symbol times 1 is the symbol, any other product with a symbol is not known."""
    count, symbols = 1, []
    for dim in dims:
        if isinstance(dim, int):
            count *= dim
        else:
            symbols.append(dim)
    if not symbols:
        return count
    return symbols[0] if len(symbols) == 1 and count == 1 else None


def expect_rank(op: Call, x: Value, *ranks: int) -> None:
    """Raises CompileError where a tensor has another rank."""
    if x.tensor.rank not in ranks:
        raise refuse(op, f"needs {' or '.join(map(str, ranks))} dimensions, got {x.type}")


def expect_sizes(op: Call, sizes: Sequence[int], places: slice) -> None:
    """Raises CompileError where an argument gives the output other sizes than the file does."""
    declared = op.results[0].tensor.dims[places]
    if tuple(sizes) != declared:
        raise refuse(op, f"makes sizes {tuple(sizes)} where the file says {op.results[0].type}")


def expect_at_most(op: Call, what: str, value: int, limit: int) -> None:
    """Raises CompileError for a number that would make the lift take for ever."""
    if value > limit:
        raise refuse(op, f"has {what} of {value}; {limit} is the limit")


def numbers(op: Call, dims: Iterable[Dim], what: str) -> tuple[int, ...]:
    """Dimensions that must be numbers. Raises CompileError where one is not known yet."""
    found = tuple(dims)
    if not all(isinstance(d, int) for d in found):
        shown = "x".join(str(d or "?") for d in found)
        raise refuse(op, f"needs the size of {what}, which is {shown}", FIX_BATCH)
    return tuple(int(d) for d in found if isinstance(d, int))


def reshape(b: Lifter, op: Call, x: Value, dims: Sequence[Dim]) -> Value:
    """``x`` with other dimensions; one that is not a number must stay where it is, or be the only such one."""
    wanted: Shape = tuple(dims)
    given = x.tensor.dims
    if wanted == given and None not in wanted:
        return x
    shape = [_reshape_dim(i, dim, given) for i, dim in enumerate(wanted)]
    if shape.count(-1) > 1:
        raise refuse(op, f"asks for the shape {wanted} of a tensor {x.type}", FIX_BATCH)
    return b.nn.reshape(x, shape=tuple(shape))


def _reshape_dim(index: int, dim: Dim, given: Shape) -> int:
    if isinstance(dim, int):
        return dim
    return 0 if index < len(given) and dim is not None and given[index] == dim else -1


def broadcast_like(b: Lifter, x: Value, like: Value) -> Value:
    """``x`` in the shape of ``like``, known or not."""
    if like.tensor.is_static:
        return b.nn.broadcast_to(x, shape=like.tensor.static_shape)
    return b.nn.select(b.constant(True), x, like)


def broadcast_batch(b: Lifter, x: Value, dims: Shape) -> Value:
    """``x``, which has size 1 where ``dims`` have the batch size, in that size: it is taken from an input.

    Raises CompileError where no input has it.
    """
    if x.tensor.dims == dims:
        return x
    axis = dims.index(BATCH)
    for argument in b.block.args:
        given = argument.tensor.dims
        if BATCH in given:
            stops = tuple(END if d == BATCH else 1 for d in given)
            one = b.nn.slice(argument, starts=(0,) * len(given), stops=stops, steps=(1,) * len(given))
            like = b.nn.reshape(one, shape=tuple(-1 if i == axis else 1 for i in range(len(dims))))
            return broadcast_like(b, x, like)
    raise CompileError("its output has the batch size, but no input of the executor has", b.location, FIX_BATCH)


def per_channel(b: Lifter, op: Call, vector: Value, axis: int, rank: int) -> Value:
    """A vector shaped so that it broadcasts along ``axis`` of a tensor of the rank."""
    size = product(vector.tensor.dims)
    return reshape(b, op, vector, (size, *(1,) * (rank - axis - 1)))


def filled(b: Lifter, value: float, shape: Sequence[int]) -> Value:
    """A constant of one number."""
    return b.constant(np.broadcast_to(np.float32(value), tuple(shape)))


def as_float(b: Lifter, x: Value) -> Value:
    """NNabla's values are all float32: what compares or counts becomes so again."""
    return x if x.tensor.element == F32 else b.nn.cast(x, to=F32)


def as_index(b: Lifter, x: Value) -> Value:
    """Indices come as float32 too."""
    return b.nn.cast(x, to=I32)


def as_mask(b: Lifter, x: Value) -> Value:
    """True where an element is not 0 (NaN is true, as in C)."""
    return x if x.tensor.element == I1 else b.nn.not_equal(x, 0.0)
