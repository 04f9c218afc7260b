"""Images: TensorFlow has channels last unless an attribute says otherwise, nn has them first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....ir import Value
from ...nodes import expect_rank, refuse
from .registry import Lifter

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


def is_channel_last(op: TfOp) -> bool:
    """Whether the images of a node have their channels last: NHWC and NDHWC. Raises CompileError for other layouts."""
    name = str(op.get("data_format") or "NHWC")
    if name not in ("NHWC", "NCHW", "NDHWC", "NCDHW", "NWC"):
        raise refuse(op, f"has the data format {name}", "use NHWC or NCHW")
    return name.endswith("C")


def to_channel_first(b: Lifter, op: TfOp, x: Value, rank: int) -> Value:
    """An image of a node as (N, C, ...). Raises CompileError for another rank."""
    expect_rank(op, x, rank, rank)
    return b.nn.transpose(x, perm=(0, rank - 1, *range(1, rank - 1))) if is_channel_last(op) else x


def from_channel_first(b: Lifter, op: TfOp, y: Value) -> Value:
    """An image (N, C, ...) in the layout of a node."""
    rank = y.tensor.rank
    return b.nn.transpose(y, perm=(0, *range(2, rank), 1)) if is_channel_last(op) else y


def spatial(op: TfOp, name: str, rank: int) -> tuple[int, ...]:
    """An attribute with one number an axis of an image of a rank, for the spatial axes alone.

    One number stands for all; none at all for 1. Raises CompileError where batch and channels have others than 1.
    """
    given: Sequence[int] = op.get(name) or (1,)
    if len(given) == 1:
        return tuple(given) * (rank - 2)
    if len(given) == rank - 2:
        return tuple(given)
    if len(given) != rank:
        raise refuse(op, f"has {name} {tuple(given)} for {rank} dimensions")
    places = range(1, rank - 1) if is_channel_last(op) else range(2, rank)
    if any(given[i] != 1 for i in range(rank) if i not in places):
        raise refuse(op, f"has {name} {tuple(given)} along the batch or the channels", "make these 1")
    return tuple(given[i] for i in places)
