"""Generators of reductions, normalizations and sorting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from nncc.ir.types import I32, I64

from .draw import (
    ANY,
    FLOATS,
    NUMBERS,
    Draw,
    array,
    axes_of,
    axis_of,
    generator,
    maybe,
    parameter_shape,
    shapes,
)


@generator("reduce_max", "reduce_min")
def _reduce_ordered(draw: Draw) -> Any:
    return _reduce(draw, ANY)


@generator("reduce_sum", "reduce_mean", "reduce_prod")
def _reduce(draw: Draw, dtypes: Sequence[Any] = NUMBERS) -> Any:
    shape = draw(shapes())
    attributes = {"axes": axes_of(draw, len(shape)), "keep_dims": draw(st.booleans())}
    return [array(draw, shape, draw(st.sampled_from(dtypes)))], attributes


@generator("argmax", "argmin")
def _arg(draw: Draw) -> Any:
    shape = draw(shapes(1))
    attributes = {
        "axis": axis_of(draw, len(shape)),
        "keep_dims": draw(st.booleans()),
        "index": draw(st.sampled_from([I32, I64])),
        "select_last_index": draw(st.booleans()),
    }
    return [array(draw, shape, draw(st.sampled_from(NUMBERS)))], attributes


@generator("cumsum", "cumprod")
def _cumulative(draw: Draw) -> Any:
    shape = draw(shapes(1))
    attributes = {"axis": axis_of(draw, len(shape)), "exclusive": draw(st.booleans()), "reverse": draw(st.booleans())}
    return [array(draw, shape, draw(st.sampled_from(NUMBERS)))], attributes


@generator("softmax", "log_softmax")
def _softmax(draw: Draw) -> Any:
    shape = draw(shapes(1))
    return [array(draw, shape, draw(st.sampled_from(FLOATS)))], {"axis": axis_of(draw, len(shape))}


@generator("sort")
def _sort(draw: Draw) -> Any:
    shape = draw(shapes(1))
    attributes = {"axis": axis_of(draw, len(shape)), "descending": draw(st.booleans())}
    return [array(draw, shape, draw(st.sampled_from(NUMBERS)))], attributes


@generator("top_k")
def _top_k(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    attributes = {
        "k": draw(st.integers(0, shape[axis])),
        "axis": axis,
        "largest": draw(st.booleans()),
        "index": draw(st.sampled_from([I32, I64])),
    }
    return [array(draw, shape, draw(st.sampled_from(NUMBERS)))], attributes


@generator("batch_norm")
def _batch_norm(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    parameters = [array(draw, (shape[axis],)) for _ in range(3)]
    return [array(draw, shape), *parameters, np.abs(array(draw, (shape[axis],)))], {"axis": axis, "epsilon": 1e-3}


@generator("layer_norm")
def _layer_norm(draw: Draw) -> Any:
    shape = draw(shapes(1))
    parameters = [maybe(draw, lambda: array(draw, parameter_shape(draw, shape))) for _ in range(2)]
    return [array(draw, shape), *parameters], {"axes": axes_of(draw, len(shape)), "epsilon": 1e-3}


@generator("lrn")
def _lrn(draw: Draw) -> Any:
    shape = draw(shapes(1))
    attributes = {"size": draw(st.integers(1, 5)), "alpha": 0.1, "axis": axis_of(draw, len(shape))}
    return [array(draw, shape)], attributes
