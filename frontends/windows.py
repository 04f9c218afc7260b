"""Windows of convolutions and pools, and the pads that give as many of them as there are strides (SAME)."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from ..ir import Builder, Value
from ..ir.types import I64, Dim
from .sizes import OpenSize, size_vector


@attrs.frozen
class Windows:
    """How windows move: one number an axis, but ``pads`` is (begin..., end...), None where sizes decide (``same``)."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    same: str | None = None
    """The auto_pad SAME_UPPER or SAME_LOWER, where the lengths that decide the pads are not known."""

    @property
    def extents(self) -> tuple[int, ...]:
        """The lengths that one window covers."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilations, strict=True))


def same_pad(length: Dim, extent: int, stride: int) -> int | None:
    """What auto_pad SAME adds to a length; None where that is not known."""
    if isinstance(length, int):
        return max((-(-length // stride) - 1) * stride + extent - length, 0)
    return extent - 1 if stride == 1 else None


def split_pads(totals: Sequence[int], mode: str) -> tuple[int, ...]:
    """(begin..., end...) of what is added in all: the odd one stands at the end with SAME_UPPER."""
    small = [t // 2 for t in totals]
    large = [t - s for t, s in zip(totals, small, strict=True)]
    return (*large, *small) if mode == "SAME_LOWER" else (*small, *large)


def pad_same(b: Builder, x: Value, windows: Windows, value: Value | None = None) -> Value:
    """x with the pads of auto_pad SAME, computed from its sizes when the model runs."""
    rank = len(windows.kernel)
    lengths = size_vector(b, [OpenSize(x, 2 + i) for i in range(rank)])
    strides = b.constant(np.array(windows.strides), I64)
    counts = b.nn.div(b.nn.add(lengths, b.nn.sub(strides, 1)), strides)
    reach = b.nn.add(b.nn.mul(b.nn.sub(counts, 1), strides), b.constant(np.array(windows.extents), I64))
    totals = b.nn.maximum(b.nn.sub(reach, lengths), 0)
    small = b.nn.div(totals, 2)
    large = b.nn.sub(totals, small)
    none = b.constant(np.zeros(2), I64)
    begin, end = (large, small) if windows.same == "SAME_LOWER" else (small, large)
    return b.nn.dynamic_pad(x, b.nn.concat([none, begin, none, end], axis=0), value)
