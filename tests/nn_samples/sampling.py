"""Generators of operations that look at computed places, of those with results of unknown size, and of transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .draw import ANY, FLOATS, NUMBERS, Draw, array, axis_of, generator, ints, maybe, shapes
from .dynamic import single


@generator("compress")
def _compress(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = draw(st.sampled_from([None, axis_of(draw, len(shape))]))
    length = int(np.prod(shape)) if axis is None else shape[axis]
    condition = array(draw, (draw(st.integers(0, length)),), np.bool_)
    x = array(draw, shape, draw(st.sampled_from(ANY)))
    return [x, condition], {} if axis is None else {"axis": axis}


@generator("unique")
def _unique(draw: Draw) -> Any:
    shape = draw(shapes(1, 3))
    axis = draw(st.sampled_from([None, axis_of(draw, len(shape))]))
    attributes: dict[str, Any] = {"sorted": draw(st.booleans())}
    return [array(draw, shape, draw(st.sampled_from(NUMBERS)))], attributes | ({} if axis is None else {"axis": axis})


@generator("non_max_suppression")
def _non_max_suppression(draw: Draw) -> Any:
    batch, classes, count = ints(draw, 3, 1, 4)
    return [
        array(draw, (batch, count, 4)),
        array(draw, (batch, classes, count)),
        maybe(draw, lambda: single(draw, draw(st.integers(0, 3)))),
        maybe(draw, lambda: single(draw, 0.4, np.float32)),
        maybe(draw, lambda: single(draw, -0.2, np.float32)),
    ], {"center_point_box": draw(st.booleans())}


@generator("scatter_elements")
def _scatter_elements(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    index_shape = [draw(st.integers(1, d)) for d in shape]
    dtype = draw(st.sampled_from(NUMBERS))
    bound = shape[axis]
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    places = rng.integers(-bound, bound, index_shape)
    reduction = draw(st.sampled_from(["none", "add", "mul", "min", "max"]))
    operands = [array(draw, shape, dtype), places, array(draw, index_shape, dtype)]
    return operands, {"axis": axis, "reduction": reduction}


@generator("grid_sample")
def _grid_sample(draw: Draw) -> Any:
    rank = draw(st.integers(1, 3))
    batch, channels = ints(draw, 2, 1, 2)
    x = array(draw, (batch, channels, *ints(draw, rank, 1, 4)), draw(st.sampled_from(FLOATS)))
    grid = array(draw, (batch, *ints(draw, rank, 1, 3), rank))
    return [x, grid], {
        "mode": draw(st.sampled_from(["nearest", "linear", "cubic"])),
        "padding": draw(st.sampled_from(["zeros", "border", "reflection"])),
        "align_corners": draw(st.booleans()),
    }


@generator("roi_align")
def _roi_align(draw: Draw) -> Any:
    batch, channels, height, width, regions = ints(draw, 5, 1, 4)
    rois = np.sort(array(draw, (regions, 2, 2)) * 3, 1).reshape(regions, 4)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    operands = [array(draw, (batch, channels, height, width)), rois, rng.integers(0, batch, regions)]
    return operands, {
        "height": draw(st.integers(1, 3)),
        "width": draw(st.integers(1, 3)),
        "sampling_ratio": draw(st.integers(0, 2)),
        "spatial_scale": draw(st.sampled_from([1.0, 0.5])),
        "mode": draw(st.sampled_from(["avg", "max"])),
        "half_pixel": draw(st.booleans()),
    }


@generator("deform_conv")
def _deform_conv(draw: Draw) -> Any:
    groups, offset_groups = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    per_group, per_output, batch = ints(draw, 3, 1, 2)
    channels = groups * per_group * offset_groups
    kernel, strides, dilations = (ints(draw, 2, 1, 2) for _ in range(3))
    pads = ints(draw, 4, 0, 1)
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    lengths = [e + draw(st.integers(0, 3)) for e in extents]
    counts = [(n + pads[i] + pads[i + 2] - extents[i]) // strides[i] + 1 for i, n in enumerate(lengths)]
    places = offset_groups * kernel[0] * kernel[1]
    outputs = groups * per_output
    operands = [
        array(draw, (batch, channels, *lengths)),
        array(draw, (outputs, channels // groups, *kernel)),
        array(draw, (batch, 2 * places, *counts)),
        maybe(draw, lambda: array(draw, (outputs,))),
        maybe(draw, lambda: array(draw, (batch, places, *counts))),
    ]
    attributes = {"strides": strides, "pads": pads, "dilations": dilations}
    return operands, attributes | {"groups": groups, "offset_groups": offset_groups}


@generator("max_pool_with_indices")
def _max_pool_with_indices(draw: Draw) -> Any:
    rank = draw(st.integers(1, 3))
    kernel, strides, dilations = ints(draw, rank, 1, 3), ints(draw, rank, 1, 2), ints(draw, rank, 1, 2)
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    shape = (*ints(draw, 2, 1, 2), *(e + draw(st.integers(0, 2)) for e in extents))
    attributes = {"kernel": kernel, "strides": strides, "dilations": dilations, "column_major": draw(st.booleans())}
    return [array(draw, shape, draw(st.sampled_from(NUMBERS)))], attributes


@generator("det")
def _det(draw: Draw) -> Any:
    size = draw(st.integers(1, 3))
    return [array(draw, (*draw(shapes(0, 2)), size, size), draw(st.sampled_from(FLOATS)))], {}


@generator("inverse")
def _inverse(draw: Draw) -> Any:
    size = draw(st.integers(1, 3))
    x = array(draw, (*draw(shapes(0, 2)), size, size), draw(st.sampled_from(FLOATS)))
    return [x + 3 * np.eye(size, dtype=x.dtype)], {}


@generator("dft")
def _dft(draw: Draw) -> Any:
    shape = draw(shapes(1, 3))
    inverse, onesided = draw(st.booleans()), draw(st.booleans())
    parts = (2 if inverse else 1) if onesided else draw(st.integers(1, 2))
    axis = draw(st.integers(0, len(shape) - 1)) - draw(st.sampled_from([0, len(shape) + 1]))
    length = maybe(draw, lambda: single(draw, draw(st.integers(1, 5))))
    if inverse and onesided and length is None:
        shape = tuple(d + 1 for d in shape)  # one element is the spectrum of none
    x = array(draw, (*shape, parts), draw(st.sampled_from(FLOATS)))
    return [x, length], {"axis": axis, "inverse": inverse, "onesided": onesided}
