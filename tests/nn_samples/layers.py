"""Generators of convolutions, pools, resizing, products and recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from .draw import (
    ACTIVATION,
    GENERATORS,
    Array,
    Draw,
    array,
    generator,
    ints,
    maybe,
    shapes,
)


def _image(draw: Draw, batch: int, channels: int, lengths: Sequence[int], last: bool, dtype: Any = np.float32) -> Array:
    return array(draw, (batch, *lengths, channels) if last else (batch, channels, *lengths), dtype)


def _convolution(draw: Draw, transposed: bool) -> Any:
    rank = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    inputs, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, strides, dilations = ints(draw, rank, 1, 3), ints(draw, rank, 1, 3), ints(draw, rank, 1, 2)
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    pads = tuple(draw(st.integers(0, (e - 1) // 2)) for e in extents * 2)
    lengths = [draw(st.integers(e, e + 3)) for e in extents] if not transposed else ints(draw, rank, 1, 4)
    last = draw(st.booleans())
    weight = (inputs, outputs // groups) if transposed else (outputs, inputs // groups)
    attributes = {
        "strides": strides,
        "pads": pads,
        "dilations": dilations,
        "groups": groups,
        "channel_last": last,
        "activation": draw(ACTIVATION),
    }
    if transposed:
        attributes["output_padding"] = tuple(draw(st.integers(0, s - 1)) for s in strides)
    dtype = np.float32 if transposed else draw(st.sampled_from([np.float32, np.float32, np.int32]))
    x = _image(draw, draw(st.integers(1, 2)), inputs, lengths, last, dtype)
    bias = maybe(draw, lambda: array(draw, (outputs,), dtype))
    return [x, array(draw, (*weight, *kernel), dtype), bias], attributes


GENERATORS["nn.conv"] = lambda draw: _convolution(draw, False)
GENERATORS["nn.conv_transpose"] = lambda draw: _convolution(draw, True)


def _pool(draw: Draw, maximum: bool) -> Any:
    rank = draw(st.integers(1, 3))
    kernel, strides = ints(draw, rank, 1, 3), ints(draw, rank, 1, 3)
    dilations = ints(draw, rank, 1, 2)
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    last = draw(st.booleans())
    lengths = [draw(st.integers(e, e + 3)) for e in extents]
    attributes = {
        "kernel": kernel,
        "strides": strides,
        "pads": tuple(draw(st.integers(0, (e - 1) // 2)) for e in extents * 2),
        "dilations": dilations,
        "overhang": tuple(draw(st.integers(0, s - 1)) for s in strides),
        "channel_last": last,
        "activation": draw(ACTIVATION),
    }
    if not maximum:
        attributes["count_include_pad"] = draw(st.booleans())
    dtype = draw(st.sampled_from([np.float32, np.int8])) if maximum else np.float32
    return [_image(draw, draw(st.integers(1, 2)), draw(st.integers(1, 3)), lengths, last, dtype)], attributes


GENERATORS["nn.max_pool"] = lambda draw: _pool(draw, True)
GENERATORS["nn.average_pool"] = lambda draw: _pool(draw, False)


@generator("resize")
def _resize(draw: Draw) -> Any:
    rank = draw(st.integers(1, 3))
    last = draw(st.booleans())
    lengths = ints(draw, rank, 1, 5)
    attributes: dict[str, Any] = {
        "sizes": ints(draw, rank, 1, 6),
        "mode": draw(st.sampled_from(["nearest", "linear", "cubic"])),
        "coordinate": draw(
            st.sampled_from(["half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn", "align_corners", "asymmetric"])
        ),
        "rounding": draw(st.sampled_from(["floor", "round_prefer_floor", "round_prefer_ceil", "ceil"])),
        "channel_last": last,
    }
    if draw(st.booleans()):
        attributes["exclude_outside"] = attributes["mode"] == "cubic" and draw(st.booleans())
        attributes["antialias"] = attributes["mode"] != "nearest" and draw(st.booleans())
    if draw(st.integers(0, 3)) == 0:  # scales that give whole lengths, but for what is rounded down
        attributes["scales"] = tuple(draw(st.sampled_from([1.0, 1.5, 1.75, 2.5])) for _ in lengths)
        attributes["sizes"] = tuple(int(n * s) for n, s in zip(lengths, attributes["scales"], strict=True))
    return [_image(draw, draw(st.integers(1, 2)), draw(st.integers(1, 2)), lengths, last)], attributes


@generator("affine")
def _affine(draw: Draw) -> Any:
    rows, inputs, outputs = draw(shapes(0, 3)), *ints(draw, 2, 1, 5)
    dtype = draw(st.sampled_from([np.float32, np.float32, np.int32]))
    operands = [
        array(draw, (*rows, inputs), dtype),
        array(draw, (inputs, outputs), dtype),
        maybe(draw, lambda: array(draw, (outputs,), dtype)),
    ]
    return operands, {"activation": draw(ACTIVATION)}


@generator("matmul")
def _matmul(draw: Draw) -> Any:
    left, right = draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3)).input_shapes
    rows, inner, columns = ints(draw, 3, 1, 4)
    transpose_lhs, transpose_rhs = draw(st.booleans()), draw(st.booleans())
    lhs = (inner, rows) if transpose_lhs else (rows, inner)
    rhs = (columns, inner) if transpose_rhs else (inner, columns)
    dtype = draw(st.sampled_from([np.float32, np.int32]))
    operands = [array(draw, (*left, *lhs), dtype), array(draw, (*right, *rhs), dtype)]
    return operands, {"transpose_lhs": transpose_lhs, "transpose_rhs": transpose_rhs}


@generator("einsum")
def _einsum(draw: Draw) -> Any:
    equation = draw(
        st.sampled_from(["ij,jk->ik", "bij,bjk->bik", "ij->ji", "ii->i", "i,j->ij", "ij,ij->", "abc,cd,d->ab"])
    )
    sizes = dict(zip("abcdijk", ints(draw, 7, 1, 3), strict=True))
    terms = equation.partition("->")[0].split(",")
    return [array(draw, [sizes[c] for c in term]) for term in terms], {"equation": equation}


def _recurrent(draw: Draw, gates: int, states: int, activations: bool = False) -> Any:
    time, batch, inputs, hidden = ints(draw, 4, 1, 3)
    direction = draw(st.sampled_from(["forward", "reverse", "bidirectional"]))
    d = 2 if direction == "bidirectional" else 1
    operands = [
        array(draw, (time, batch, inputs)),
        array(draw, (d, gates * hidden, inputs)),
        array(draw, (d, gates * hidden, hidden)),
        maybe(draw, lambda: array(draw, (d, gates * hidden))),
        maybe(draw, lambda: array(draw, (d, gates * hidden))),
        *(maybe(draw, lambda: array(draw, (d, batch, hidden))) for _ in range(states)),
    ]
    attributes: dict[str, Any] = {"hidden": hidden, "direction": direction}
    if activations:
        attributes["activation"] = draw(st.sampled_from(["tanh", "relu"]))
    return operands, attributes


GENERATORS["nn.rnn"] = lambda draw: _recurrent(draw, 1, 1, True)
GENERATORS["nn.gru"] = lambda draw: _recurrent(draw, 3, 1)
GENERATORS["nn.lstm"] = lambda draw: _recurrent(draw, 4, 2)
