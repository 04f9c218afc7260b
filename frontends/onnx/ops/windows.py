"""The attributes that convolutions and pools share: kernel, strides, dilations, and what auto_pad makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ....ir import CompileError, Value
from ....ir.types import I64, Dim
from .registry import Lifter, refuse
from .shapes import FIX_SHAPE, OpenSize, size_vector

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

AUTO_PADS = ("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")


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


def windows_of(op: OnnxOp, x: Value, kernel: Sequence[int]) -> Windows:
    """The windows of a node over the spatial axes of x, which stand behind batch and channels.

    auto_pad SAME_UPPER and SAME_LOWER give ceil(length / stride) windows; an odd pad is longer at the end or at the
    beginning. Raises CompileError where attributes do not fit the rank.
    """
    rank = len(kernel)
    strides = per_axis(op, "strides", rank, 1)
    dilations = per_axis(op, "dilations", rank, 1)
    pads = per_axis(op, "pads", 2 * rank, 0)
    mode = op.get("auto_pad") or "NOTSET"
    if mode not in AUTO_PADS:
        raise refuse(op, f"has the unknown auto_pad '{mode}'")
    windows = Windows(tuple(kernel), strides, dilations, pads)
    if mode == "NOTSET":
        return windows
    if mode == "VALID":
        return attrs.evolve(windows, pads=(0,) * 2 * rank)
    lengths = x.tensor.dims[2:]
    totals = [same_pad(n, extent, stride) for n, extent, stride in zip(lengths, windows.extents, strides, strict=True)]
    if None in totals:
        return attrs.evolve(windows, pads=(0,) * 2 * rank, same=mode)
    return attrs.evolve(windows, pads=split_pads([t for t in totals if t is not None], mode))


def per_axis(op: OnnxOp, name: str, count: int, default: int) -> tuple[int, ...]:
    """An attribute of ``count`` numbers, all ``default`` where it is not set. Raises CompileError for another count."""
    given = op.get(name)
    if given is None or (not given and count):
        return (default,) * count
    if len(given) != count:
        raise refuse(op, f"has {name} {tuple(given)}, expected {count} numbers")
    return tuple(given)


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


def pad_same(b: Lifter, x: Value, windows: Windows, value: Value | None = None) -> Value:
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


def expect_known_pads(op: OnnxOp, windows: Windows) -> None:
    """Raises CompileError where the pads depend on sizes that are not known."""
    if windows.same is not None:
        raise CompileError(f"{op.op_type} has auto_pad {windows.same} on open sizes", op.location, FIX_SHAPE)
