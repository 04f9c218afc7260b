"""What the generators of samples draw from: arrays, shapes, axes; and the table that they are registered in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from nncc.ir import QuantizedType
from nncc.ir.types import F32, I8

Array = np.ndarray
Draw = Callable[[st.SearchStrategy], Any]

GENERATORS: dict[str, Callable[[Draw], tuple[Sequence[Array | None], dict[str, Any]]]] = {}


def generator(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        GENERATORS.update(dict.fromkeys((f"nn.{n}" for n in names), function))
        return function

    return register


def array(draw: Draw, shape: Sequence[int], dtype: Any = np.float32) -> Array:
    """Numbers of either sign around 0 (small ones for integers), the same for the same draw."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.asarray(rng.random(tuple(shape)) < 0.5)
    if dtype.kind in "iu":
        return np.asarray(rng.integers(0 if dtype.kind == "u" else -5, 6, tuple(shape)), dtype)
    return np.asarray(rng.standard_normal(tuple(shape)), dtype)


def indices(draw: Draw, shape: Sequence[int], bound: int | Sequence[int]) -> Array:
    """Indices in -bound .. bound - 1, int32 or int64."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    found = rng.integers(-np.asarray(bound), np.asarray(bound), tuple(shape))
    return found.astype(draw(st.sampled_from([np.int32, np.int64])))


def shapes(min_rank: int = 0, max_rank: int = 4, max_side: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, max_side), min_size=min_rank, max_size=max_rank).map(tuple)


def ints(draw: Draw, count: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(draw(st.integers(low, high)) for _ in range(count))


def maybe(draw: Draw, value: Callable[[], Array]) -> Array | None:
    return value() if draw(st.booleans()) else None


def axis_of(draw: Draw, rank: int) -> int:
    return draw(st.integers(-rank, rank - 1))


def axes_of(draw: Draw, rank: int) -> tuple[int, ...]:
    found = draw(st.lists(st.integers(0, rank - 1), unique=True, max_size=rank)) if rank else []
    return tuple(a - rank * draw(st.booleans()) for a in found)


FLOATS = (np.float32, np.float64, np.float16)
NUMBERS = (np.float32, np.float64, np.int32, np.int64, np.int8)
DTYPES = {"float": FLOATS, "number": NUMBERS, "integer": (np.int32, np.int8), "boolean": (np.bool_,)}
ANY = (*NUMBERS, np.bool_)
ACTIVATION = st.sampled_from(["none", "relu", "relu6", "relu_n1_to_1"])


def parameter_shape(draw: Draw, shape: Sequence[int]) -> tuple[int, ...]:
    """A shape that broadcasts to the given one."""
    kept = shape[draw(st.integers(0, len(shape))) :]
    return tuple(d if draw(st.booleans()) else 1 for d in kept)


def quantized_element(draw: Draw, shape: Sequence[int]) -> QuantizedType:
    axis = draw(st.none() | st.integers(0, len(shape) - 1)) if shape else None
    count = 1 if axis is None else shape[axis]
    scales = tuple(draw(st.sampled_from([0.5, 0.01, 0.1])) for _ in range(count))
    return QuantizedType(I8, F32, scales, ints(draw, count, -3, 3), axis)
