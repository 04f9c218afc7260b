"""Pools over images."""

from __future__ import annotations

from typing import Any

from ....ir import Value
from ...nodes import FIX_SHAPE
from .convolutions import windows_of
from .lifter import activated
from .registry import Lifter, lift, refuse


def _pooled(b: Lifter, op: Any, x: Value, kind: str) -> Value:
    """A pool of a channel-first x; pads never count."""
    windows = windows_of(op, x, (op.filter_height, op.filter_width))
    if windows.same is not None:
        raise refuse(op, "has the padding SAME over an image of unknown size", FIX_SHAPE)
    made: Value = getattr(b.nn, kind)(x, kernel=windows.kernel, strides=windows.strides, pads=windows.pads)
    return made


@lift("MAX_POOL_2D")
def max_pool_2d(b: Lifter, op: Any, x: Value) -> Value:
    return b.channel_last(activated(b, op, _pooled(b, op, b.channel_first(op, x), "max_pool")))


@lift("AVERAGE_POOL_2D")
def average_pool_2d(b: Lifter, op: Any, x: Value) -> Value:
    return b.channel_last(activated(b, op, _pooled(b, op, b.channel_first(op, x), "average_pool")))


@lift("L2_POOL_2D")
def l2_pool_2d(b: Lifter, op: Any, x: Value) -> Value:
    mean = _pooled(b, op, b.nn.square(b.channel_first(op, x)), "average_pool")
    return b.channel_last(activated(b, op, b.nn.sqrt(mean)))
