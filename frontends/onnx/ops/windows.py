"""The attributes that convolutions and pools share: kernel, strides, dilations, and what auto_pad makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from ....ir import CompileError, Value
from ...nodes import FIX_SHAPE, refuse
from ...windows import Windows, same_pad, split_pads

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

AUTO_PADS = ("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")


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


def expect_known_pads(op: OnnxOp, windows: Windows) -> None:
    """Raises CompileError where the pads depend on sizes that are not known."""
    if windows.same is not None:
        raise CompileError(f"{op.op_type} has auto_pad {windows.same} on open sizes", op.location, FIX_SHAPE)
