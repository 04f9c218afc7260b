"""Discrete Fourier transforms as products with matrices of cosines and sines."""

from __future__ import annotations

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.module import constant_array
from ..ir.types import Array
from .decompositions import END
from .expansion import reshaped


def dft(b: Builder, op: nn.Dft) -> Value | None:
    """y = x M, for a matrix M that acts on real and imaginary parts; None where the length is not known."""
    given: Value | None = op.length
    known = constant_array(given) if given is not None else None
    rank = op.x.tensor.rank
    axis = op.axis % rank
    old, new, parts = op.x.tensor.dims[axis], op.output.tensor.dims[axis], op.x.tensor.dims[-1]
    if not isinstance(old, int) or not isinstance(new, int) or not isinstance(parts, int):
        return None
    length = new if op.inverse or not op.onesided else old
    if known is not None:
        length = int(known.reshape(()))
    used = min(old, length // 2 + 1 if op.inverse and op.onesided else length)
    # the axis goes next to that of the parts, so that both are one: (..., used * parts)
    perm = (*(i for i in range(rank - 1) if i != axis), axis, rank - 1)
    stops = [END] * rank
    stops[axis] = used
    kept = op.x if used == old else b.nn.slice(op.x, starts=(0,) * rank, stops=stops, steps=(1,) * rank)
    moved = b.nn.transpose(kept, perm=perm)
    flat = reshaped(b, moved, (*moved.tensor.dims[:-2], used * parts))
    matrix = _matrix(op, used, parts, length, new).astype(op.x.tensor.expressed.dtype)
    y = b.nn.affine(flat, matrix)
    whole = reshaped(b, y, (*moved.tensor.dims[:-2], new, op.output.tensor.dims[-1]))
    return b.nn.transpose(whole, perm=[perm.index(i) for i in range(rank)])


def _matrix(op: nn.Dft, used: int, parts: int, length: int, new: int) -> Array:
    """(used * parts, new * parts of the result): what each number of x adds to each of the result."""
    angle = 2 * np.pi * np.outer(np.arange(used), np.arange(new)) / length
    cosine, sine = np.cos(angle), np.sin(angle) * (1 if op.inverse else -1)
    scale = 1 / length if op.inverse else 1.0
    if op.inverse and op.onesided:
        # what is left out are the conjugates of what is there, but for the first element and the middle one
        twice = np.where((np.arange(used) == 0) | (2 * np.arange(used) == length), 1.0, 2.0)[:, None]
        rows = np.stack([cosine * twice, -sine * twice], 1)[..., None]
    else:
        # (used, parts of x, new, parts of the result): the real part gives (cos, sin), the imaginary one (-sin, cos)
        rows = np.stack([np.stack([cosine, sine], -1), np.stack([-sine, cosine], -1)], 1)[:, :parts]
    return (rows * scale).reshape(used * parts, -1)
