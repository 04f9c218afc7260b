"""Generators of branches and loops. ``regions`` is a function that makes them for the types of the operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from nncc.ir import Block, Op, Region, TensorType, as_dense
from nncc.ir.dialects import nn
from nncc.ir.types import I1, I64

from .draw import FLOATS, Array, Draw, array, generator, shapes


@generator("if")
def _if(draw: Draw) -> Any:
    shape, dtype = draw(shapes()), draw(st.sampled_from(FLOATS))
    constants = [array(draw, shape, dtype) for _ in range(2)]
    return [np.asarray(draw(st.booleans()))], {"regions": lambda types: [_yields_constant(c) for c in constants]}


def _yields_constant(constant: Array) -> Region:
    block = Block()
    made: Op = block.append(nn.Constant(value=as_dense(constant)))
    block.append(nn.Yield(made.result))
    return Region.of(block)


@generator("loop")
def _loop(draw: Draw) -> Any:
    """Doubles what is carried in every trip, and stacks it; one trip at least, so that a stack has its dimensions."""
    trips = np.asarray(draw(st.integers(1, 4)), np.int64)
    condition = draw(st.sampled_from([None, np.asarray(True)]))
    return [trips, condition, array(draw, draw(shapes()))], {"regions": _doubles}


def _doubles(types: Sequence[TensorType]) -> list[Region]:
    block = Block.of([TensorType((), I64), TensorType((), I1), types[2]])
    _, going, carried = block.args
    doubled: Op = block.append(nn.Add(carried, carried))
    block.append(nn.Yield([going, doubled.result, doubled.result]))
    return [Region.of(block)]
