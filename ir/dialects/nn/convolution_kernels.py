"""Convolution with numpy: windows are gathered into matrices and multiplied by BLAS, in either layout.

Large images are done in pieces, so that the gathered windows (kernel-size times the image) never take much memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...types import Array
from .window import Window, on_axes, pad_axes, spatial_axes

_PIECE_BYTES = 16 << 20


def convolve(x: Array, weight: Array, window: Window, groups: int, channel_last: bool) -> Array:
    """y[n, o, p] = sum over c, k of x[n, c, p * stride + k * dilation - pad] * weight[o, c, k], group by group.

    x is (N, C, *L), or (N, *L, C) with ``channel_last``; weight is (O, C / groups, *k) always.
    """
    axes = spatial_axes(x.ndim, channel_last)
    padded = window.padded(x, axes, 0)
    lengths = tuple(padded.shape[a] for a in axes)
    counts = tuple((n - e) // s + 1 for n, e, s in zip(lengths, window.extents, window.strides, strict=True))
    if groups > 1 and weight.shape[1] == 1:
        return _depthwise(padded, weight, window, counts, channel_last)
    gather = _channel_last if channel_last else _channel_first
    return gather(padded, weight, window, groups, counts)


def _windows(padded: Array, window: Window, axes: range) -> Array:
    """A view with the windows' positions behind: the axes of ``padded`` (now counting windows), then the kernel's."""
    view = np.lib.stride_tricks.sliding_window_view(padded, window.extents, tuple(axes))
    steps = on_axes(view.ndim, axes, [slice(None, None, s) for s in window.strides])
    holes = on_axes(view.ndim, range(padded.ndim, view.ndim), [slice(None, None, d) for d in window.dilations])
    pieces: Array = view[steps][holes]
    return pieces


def _pieces(batch: int, rows: int, bytes_a_row: int) -> Iterator[tuple[slice, slice]]:
    """Slices of the batch and of the first spatial axis of the output that keep the gathered windows small."""
    row_step = max(1, min(rows, _PIECE_BYTES // bytes_a_row))
    batch_step = max(1, _PIECE_BYTES // (bytes_a_row * rows)) if row_step == rows else 1
    for n in range(0, batch, batch_step):
        for r in range(0, rows, row_step):
            yield slice(n, n + batch_step), slice(r, r + row_step)


def _channel_first(padded: Array, weight: Array, window: Window, groups: int, counts: tuple[int, ...]) -> Array:
    batch, channels = padded.shape[:2]
    rank, outputs = len(counts), weight.shape[0]
    matrix = weight.reshape(groups, outputs // groups, -1)  # (G, O/G, C/G * k)
    view = np.moveaxis(_windows(padded, window, range(2, padded.ndim)), range(2, 2 + rank), range(-rank, 0))
    view = view.reshape(batch, groups, channels // groups, *window.kernel, *counts)
    out = np.empty((batch, groups, outputs // groups, *counts), np.result_type(padded, weight))
    bytes_a_row = max(1, out.itemsize * channels * int(np.prod(window.kernel)) * int(np.prod(counts[1:])))
    for samples, rows in _pieces(batch, counts[0], bytes_a_row):
        piece = view[on_axes(view.ndim, [0, view.ndim - rank], [samples, rows])]
        columns = piece.reshape(len(piece), groups, matrix.shape[2], -1)
        out[samples, :, :, rows] = (matrix @ columns).reshape(len(piece), groups, outputs // groups, -1, *counts[1:])
    return out.reshape(batch, outputs, *counts)


def _channel_last(padded: Array, weight: Array, window: Window, groups: int, counts: tuple[int, ...]) -> Array:
    batch, channels = padded.shape[0], padded.shape[-1]
    rank, outputs = len(counts), weight.shape[0]
    # (G, k * C/G, O/G): the channels inside, as the windows have them; BLAS takes the transposed matrix as it is
    last = weight.reshape(groups, outputs // groups, channels // groups, -1).swapaxes(2, 3)
    matrix = np.ascontiguousarray(last).reshape(groups, outputs // groups, -1).swapaxes(1, 2)
    view = np.moveaxis(_windows(padded, window, range(1, padded.ndim - 1)), 1 + rank, -1)
    view = view.reshape(batch, *counts, *window.kernel, groups, channels // groups)
    view = np.moveaxis(view, -2, 1)  # (N, G, *out, *k, C/G)
    out = np.empty((batch, *counts, groups, outputs // groups), np.result_type(padded, weight))
    bytes_a_row = max(1, out.itemsize * channels * int(np.prod(window.kernel)) * int(np.prod(counts[1:])))
    for samples, rows in _pieces(batch, counts[0], bytes_a_row):
        piece = view[samples, :, rows]
        columns: Array = piece.reshape(len(piece), groups, -1, matrix.shape[1])
        products = np.moveaxis(columns @ matrix, 1, 2)  # (n, L, G, O/G)
        out[samples, rows] = products.reshape(len(piece), -1, *counts[1:], *products.shape[2:])
    return out.reshape(batch, *counts, outputs)


def _depthwise(padded: Array, weight: Array, window: Window, counts: tuple[int, ...], channel_last: bool) -> Array:
    """One input channel a group: a multiplication and an addition of whole images for each place in the kernel."""
    axes = spatial_axes(padded.ndim, channel_last)
    channels = padded.shape[-1 if channel_last else 1]
    multiplier = weight.shape[0] // channels
    if multiplier > 1:
        padded = np.repeat(padded, multiplier, -1 if channel_last else 1)
    taps = weight[:, 0] if channel_last else weight[:, 0].reshape(-1, *window.kernel, *[1] * len(counts))
    out: Array | None = None
    product = np.empty(0)
    for position, slices in window.taps(counts):
        piece = padded[on_axes(padded.ndim, axes, slices)]
        factor = taps[_at(slice(None), *position)]
        if out is None:
            out = piece * factor
            product = np.empty_like(out)
        else:
            out += np.multiply(piece, factor, out=product)
    assert out is not None
    return out


def _at(*index: Any) -> Any:
    """The index itself, as a tuple."""
    return index


def convolve_transposed(
    x: Array, weight: Array, window: Window, groups: int, output_padding: tuple[int, ...], channel_last: bool
) -> Array:
    """The transpose of :func:`convolve`: x[n, c, p] * weight[c, o, k] is added at p * stride + k * dilation - pad.

    x is (N, C, *L), or (N, *L, C) with ``channel_last``; weight is (C, O / groups, *k) always.
    """
    if channel_last:
        first = np.ascontiguousarray(np.moveaxis(x, -1, 1))
        y = convolve_transposed(first, weight, window, groups, output_padding, False)
        return np.ascontiguousarray(np.moveaxis(y, 1, -1))
    batch, channels, *lengths = x.shape
    outputs = groups * weight.shape[1]
    matrix = weight.reshape(groups, channels // groups, -1).swapaxes(1, 2)  # (G, O/G * k, C/G)
    whole = [s * (n - 1) + e for s, n, e in zip(window.strides, lengths, window.extents, strict=True)]
    kept = [w - b - e + p for w, b, e, p in zip(whole, window.pads_begin, window.pads_end, output_padding, strict=True)]
    full = np.zeros((batch, outputs, *whole), np.result_type(x, weight))
    for n in range(batch):
        columns = matrix @ x[n].reshape(groups, channels // groups, -1)
        columns = columns.reshape(outputs, *window.kernel, *lengths)
        for position, slices in window.taps(lengths):
            full[_at(n, slice(None), *slices)] += columns[_at(slice(None), *position)]
    missing = [max(0, b + k - w) for b, k, w in zip(window.pads_begin, kept, whole, strict=True)]
    full = pad_axes(full, range(2, x.ndim), [0] * len(missing), missing, 0)
    inner = [slice(b, b + k) for b, k in zip(window.pads_begin, kept, strict=True)]
    return full[on_axes(x.ndim, range(2, x.ndim), inner)]
