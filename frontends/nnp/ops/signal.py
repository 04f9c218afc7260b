"""Short-time Fourier transforms, as convolutions with the rows of a Fourier matrix."""

from __future__ import annotations

import numpy as np

from ....ir import Value
from ....ir.types import Array
from .registry import Call, Lifter, lift, no_lift, refuse
from .shapes import END, expect_at_most, expect_rank, numbers, reshape

no_lift("works on complex numbers", "use STFT, or compute with real numbers", "FFT", "IFFT")


@lift("STFT")
def stft(b: Lifter, op: Call, x: Value) -> tuple[Value, Value]:
    """(B, L) to real and imaginary parts (B, fft_size / 2 + 1, frames)."""
    if op.as_istft_backward:
        raise refuse(op, "is the gradient of ISTFT")
    expect_rank(op, x, 2)
    window = _window(op)
    if op.center:
        half = op.fft_size // 2
        if op.pad_mode not in ("constant", "reflect"):
            raise refuse(op, f"has the unknown pad_mode '{op.pad_mode}'")
        x = b.nn.pad(x, pads=(0, half, 0, half), mode=op.pad_mode)
    signal = reshape(b, op, x, (x.tensor.dims[0], 1, x.tensor.dims[1]))
    angles = _angles(op.fft_size)
    parts = (np.cos(angles) * window, -np.sin(angles) * window)
    real, imaginary = (b.nn.conv(signal, _filters(b, part), strides=(op.stride,)) for part in parts)
    return real, imaginary


@lift("ISTFT")
def istft(b: Lifter, op: Call, real: Value, imaginary: Value) -> Value:
    """(B, fft_size / 2 + 1, frames) to (B, L): the frames added up, divided by the windows that fell on each place."""
    if op.as_stft_backward:
        raise refuse(op, "is the gradient of STFT")
    expect_rank(op, real, 3)
    expect_rank(op, imaginary, 3)
    window, size = _window(op), op.fft_size
    share = np.full((size // 2 + 1, 1), 2 / size)
    share[[0, -1]] = 1 / size
    angles = _angles(size)
    parts = (np.cos(angles) * share * window, -np.sin(angles) * share * window)
    added = b.nn.add(
        *(
            b.nn.conv_transpose(spectrum, _filters(b, part), strides=(op.stride,))
            for spectrum, part in zip((real, imaginary), parts, strict=True)
        )
    )
    (frames,) = numbers(op, real.tensor.dims[2:], "the frames")
    weight = np.zeros(size + (frames - 1) * op.stride)
    for start in range(0, frames * op.stride, op.stride):
        weight[start : start + size] += window**2
    first, last = (size // 2, len(weight) - size // 2) if op.center else (0, len(weight))
    if weight[first:last].min(initial=1.0) < 1e-11:
        raise refuse(op, "has windows that leave gaps", "let stride divide the window")
    signal = b.nn.slice(
        reshape(b, op, added, (added.tensor.dims[0], len(weight))),
        starts=(0, first),
        stops=(END, last),
        steps=(1, 1),
    )
    return b.nn.mul(signal, b.constant((1 / weight[first:last]).astype(np.float32)))


def _window(op: Call) -> Array:
    """The window, in the middle of fft_size places."""
    size = op.window_size
    expect_at_most(op, "an fft_size", op.fft_size, 8192)
    if not 0 < size <= op.fft_size or not 0 < op.stride <= op.fft_size:
        raise refuse(op, f"has window_size {size}, fft_size {op.fft_size} and stride {op.stride}")
    wave = np.cos(2 * np.pi * np.arange(size) / size)
    shapes = {"hanning": 0.5 - 0.5 * wave, "hamming": 0.54 - 0.46 * wave, "rectangular": np.ones(size)}
    if op.window_type not in shapes:
        raise refuse(op, f"has the unknown window_type '{op.window_type}'")
    window = np.zeros(op.fft_size)
    left = (op.fft_size - size) // 2
    window[left : left + size] = shapes[op.window_type]
    return window


def _angles(size: int) -> Array:
    """The angles of the Fourier matrix, (size / 2 + 1, size)."""
    return 2 * np.pi * np.outer(np.arange(size // 2 + 1), np.arange(size)) / size


def _filters(b: Lifter, part: Array) -> Value:
    return b.constant(part[:, None, :].astype(np.float32))
