"""Sparse constants, which become dense: the format of TACO, level by level.

A tensor of n dimensions of which b are cut into blocks has n + b levels, nested in the order of ``traversal_order``;
dimension n + i is the place inside of the blocks of dimension ``block_map[i]``. A dense level has a fixed size. A
sparse one lists the indices that are there; ``segments`` says which of them lie in which element of the level around
it. The elements at the innermost level are those that the buffer holds, in order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs
import numpy as np

from ...ir import TensorType
from ...ir.types import Array
from ..limits import unpacked_limit
from . import schema
from .elements import elements_of
from .flatbuffer import Table

_VECTORS = {1: "<i4", 2: "<u2", 3: "u1"}
"""The number of a union's member -> the type of its elements."""


@attrs.frozen
class _Level:
    size: int
    """Of a dense level."""
    segments: Array | None = None
    indices: Array | None = None


def densified(sparsity: Table, content: memoryview, type: TensorType) -> Array:
    """All elements of a sparse constant. Raises ValueError where the parts contradict each other, and Malformed."""
    shape, most = type.static_shape, unpacked_limit(len(content))
    if math.prod(shape) * type.storage.dtype.itemsize > most:
        raise ValueError(f"it is of type {type}: {len(content)} bytes never stand for that many")
    levels = [_level(table) for table in sparsity.tables("dim_metadata", schema.DIMENSION)]
    order = _integers(sparsity, "traversal_order")
    blocks = _integers(sparsity, "block_map")
    if sorted(order) != list(range(len(levels))) or len(levels) != len(shape) + len(blocks):
        raise ValueError(f"its {len(levels)} sparse levels do not fit {type}")
    if any(not 0 <= b < len(shape) for b in blocks):
        raise ValueError(f"it has blocks along dimensions {blocks} of {type}")
    by_level = _places(levels, most)
    places = [by_level[order.index(dimension)] for dimension in range(len(levels))]
    for number, dimension in enumerate(blocks, len(shape)):
        places[dimension] = places[dimension] * levels[order.index(number)].size + places[number]
    index = tuple(places[: len(shape)])
    if any(len(i) and not 0 <= i.min() <= i.max() < n for i, n in zip(index, shape, strict=True)):
        raise ValueError("its sparse elements lie outside of its shape")
    dense = np.zeros(shape, type.storage.dtype)
    dense[index] = elements_of(content, type.storage, len(places[0]))
    return dense


def _integers(table: Table, field: str) -> list[int]:
    found = table.vector(field, "<i4")
    return [] if found is None else found.tolist()


def _level(table: Table) -> _Level:
    if table.number("format", "b") == 0:
        return _Level(table.number("dense_size", "i"))
    return _Level(0, _vector(table, "segments"), _vector(table, "indices"))


def _vector(table: Table, field: str) -> Array:
    dtype, inner = _VECTORS.get(table.number(f"{field}_type", "B")), table.table(field, schema.VALUES)
    found = inner.vector("values", dtype) if inner is not None and dtype is not None else None
    if found is None:
        raise ValueError(f"a sparse level of it has no {field}")
    return found.astype(np.int64)


def _places(levels: Sequence[_Level], most: int) -> list[Array]:
    """For each level, the index there of each element of the innermost level."""
    places: list[Array] = []
    count = 1
    for level in levels:
        if level.segments is None or level.indices is None:
            if not 0 <= level.size * count <= most:
                raise ValueError(f"a level of it has {level.size} elements in each of {count}")
            repeats: Array | int = level.size
            mine = np.tile(np.arange(level.size), count)
        else:
            repeats, mine = np.diff(level.segments), level.indices
            whole = len(repeats) == count and level.segments[0] == 0 and level.segments[-1] == len(mine)
            if not whole or (repeats < 0).any():
                raise ValueError("the segments of a sparse level of it do not fit its indices")
        places = [*(np.repeat(p, repeats) for p in places), mine]
        count = len(mine)
    return places
