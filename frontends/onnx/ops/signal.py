"""Fourier transforms, and the matrix that turns their spectra into mel bands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.types import F64, I64
from ...nodes import axis_of, expect_rank, refuse
from ...sizes import as_scalar, cast, counting, length_of, unsqueeze
from .casts import element_of
from .reductions import along_axis
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_DEFAULT_AXIS = -2
_MEL_SCALE, _MEL_BREAK = 2595.0, 700.0
"""mel(f) = 2595 log10(1 + f / 700)"""


@lift("DFT")
def dft(b: Lifter, op: OnnxOp, x: Value, length: Value | None = None, axis: Value | None = None) -> Value:
    """The axis is an attribute below version 20, then an operand."""
    rank = expect_rank(op, x, 2)
    options = {"inverse": bool(op.get("inverse")), "onesided": bool(op.get("onesided"))}
    count = None if length is None else as_scalar(b, cast(b, length, I64))

    def along(place: int) -> Value:
        return b.nn.dft(x, count, axis=place, **options)

    if axis is None:
        given = op.get("axis")
        return along(axis_of(op, _DEFAULT_AXIS if given is None else given, rank))
    if b.array(axis) is None and (length is not None or options["onesided"]):
        raise refuse(op, "changes the length of an axis that is computed", "make the axis constant")
    return along_axis(b, op, axis, rank, along, skip=rank - 1)


@lift("STFT")
def stft(
    b: Lifter, op: OnnxOp, signal: Value, step: Value, window: Value | None = None, length: Value | None = None
) -> Value:
    """The transforms of frames that begin every ``step`` places, (batch, frames, frequencies, 2)."""
    expect_rank(op, signal, 3, 3)
    if window is None and length is None:
        raise refuse(op, "has neither a window nor the length of the frames")
    if length is not None:
        size = as_scalar(b, cast(b, length, I64))
    else:
        assert window is not None
        size = length_of(b, window, 0)
    hop = as_scalar(b, cast(b, step, I64))
    count = b.nn.add(b.nn.floor_div(b.nn.sub(length_of(b, signal, 1), size), hop), 1)
    starts = b.nn.mul(counting(b, count), hop)
    places = b.nn.add(unsqueeze(b, starts, [1]), unsqueeze(b, counting(b, size), [0]))
    frames = b.nn.gather(signal, places, axis=1)  # (batch, frames, length, 1 or 2)
    if window is not None:
        frames = b.nn.mul(frames, unsqueeze(b, window, [1]))
    return b.nn.dft(frames, axis=2, onesided=bool(op.get("onesided")))


@lift("MelWeightMatrix")
def mel_weight_matrix(
    b: Lifter, op: OnnxOp, bands: Value, length: Value, rate: Value, low: Value, high: Value
) -> Value:
    """Triangles over the frequencies of a spectrum, (frequencies, bands).

    Band i rises from edge i to edge i + 1, where it is 1, and falls to edge i + 2. The edges are equally far apart in
    mel, rounded down to frequencies.
    """
    nn = b.nn
    bands, length, rate = (as_scalar(b, cast(b, v, I64)) for v in (bands, length, rate))
    low, high = (_mel(b, as_scalar(b, cast(b, v, F64))) for v in (low, high))
    steps = nn.cast(counting(b, nn.add(bands, 2)), to=F64)
    width = nn.div(nn.sub(high, low), nn.cast(nn.add(bands, 2), to=F64))
    mels = nn.add(nn.mul(steps, width), low)
    hertz = nn.mul(nn.sub(nn.exp(nn.mul(mels, math.log(10) / _MEL_SCALE)), 1.0), _MEL_BREAK)
    ratio = nn.div(nn.mul(nn.cast(nn.add(length, 1), to=F64), hertz), nn.cast(rate, to=F64))
    edges = nn.floor(ratio)
    places = counting(b, bands)
    left, peak, right = (unsqueeze(b, nn.gather(edges, nn.add(places, i), axis=0), [0]) for i in range(3))
    frequency = unsqueeze(b, nn.cast(counting(b, nn.add(nn.div(length, 2), 1)), to=F64), [1])
    rising = nn.div(nn.sub(frequency, left), nn.maximum(nn.sub(peak, left), 1.0))
    falling = nn.div(nn.sub(right, frequency), nn.maximum(nn.sub(right, peak), 1.0))
    is_falling = nn.logical_and(nn.greater_equal(frequency, peak), nn.less(frequency, right))
    is_rising = nn.logical_and(nn.greater_equal(frequency, left), nn.less_equal(frequency, peak))
    zero, one = b.constant(0.0, F64), b.constant(1.0, F64)
    at_peak = nn.select(nn.equal(frequency, peak), one, nn.select(is_rising, rising, zero))
    return nn.cast(nn.select(is_falling, falling, at_peak), to=element_of(op, "output_datatype"))


def _mel(b: Lifter, hertz: Value) -> Value:
    return b.nn.mul(b.nn.log1p(b.nn.div(hertz, _MEL_BREAK)), _MEL_SCALE / math.log(10))
