"""What a linear operation multiplies its weights with, as rows of matrices."""

from __future__ import annotations

import numpy as np

from ...ir import Operation
from ...ir.dialects import nn
from ...ir.dialects.nn.window import spatial_axes
from ...ir.types import Array


def weight_matrices(op: Operation, weight: Array) -> Array | None:
    """The weight of a convolution or affine as (G, K, O / G): groups, inputs of a window, outputs; None for others."""
    if isinstance(op, nn.Affine):
        return weight[None]
    if isinstance(op, nn.Conv):
        return weight.reshape(op.groups, weight.shape[0] // op.groups, -1).swapaxes(1, 2)
    return None


def weight_of_matrices(op: Operation, matrices: Array, shape: tuple[int, ...]) -> Array:
    """What :func:`weight_matrices` was made of."""
    return matrices[0] if isinstance(op, nn.Affine) else matrices.swapaxes(1, 2).reshape(shape)


def input_rows(op: Operation, x: Array, rows: int, rng: np.random.Generator) -> Array:
    """At most ``rows`` rows (G, n, K) of what the weights of an operation meet in x, picked at random."""
    if isinstance(op, nn.Affine):
        flat = x.reshape(-1, x.shape[-1])
        return flat[_pick(len(flat), rows, rng)][None]
    assert isinstance(op, nn.Conv)
    first = np.moveaxis(x, -1, 1) if op.channel_last else x
    window = op.window
    axes = spatial_axes(first.ndim, False)
    padded = window.padded(first, axes, 0)
    view = np.lib.stride_tricks.sliding_window_view(padded, window.extents, tuple(axes))
    rank = len(window.extents)
    steps = (slice(None), slice(None), *(slice(None, None, s) for s in window.strides))
    view = view[steps + tuple(slice(None, None, d) for d in window.dilations)]
    places = np.unravel_index(
        _pick(len(view) * _size(view.shape[2 : 2 + rank]), rows, rng), (len(view), *view.shape[2 : 2 + rank])
    )
    picked = np.moveaxis(view, 1, 1 + rank)[places]  # (n, C, *k)
    count = len(picked)
    return picked.reshape(count, op.groups, -1).swapaxes(0, 1)


def _pick(count: int, most: int, rng: np.random.Generator) -> Array:
    return np.arange(count) if count <= most else rng.choice(count, most, replace=False)


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))
