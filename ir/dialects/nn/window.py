"""Sliding windows over the spatial axes of a tensor: the arithmetic that convolutions and pools share.

With channels first the spatial axes are 2 .., with ``channel_last`` they are 1 .. rank - 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from ...attributes import as_attribute
from ...core import Operation
from ...opdef import INTS, AttributeField
from ...types import Array, Dim, Shape
from .base import NNOp


class SpatialInts(AttributeField[tuple[int, ...]]):
    """An attribute with one number a spatial dimension, or two (begin..., end...), all ``fill`` unless given.

    Reading it always gives all numbers: the default is written out for the operation's ``spatial_rank``.
    """

    def __init__(self, doc: str, fill: int, per_dim: int = 1) -> None:
        super().__init__(INTS, f"{doc}; all {fill} unless given", ())
        self.fill, self.per_dim = fill, per_dim

    def __get__(self, op: Operation | None, owner: type) -> Any:
        if op is None:
            return self
        given = op.attributes.get(self.name, ())
        return given or (self.fill,) * (self.per_dim * op.spatial_rank)  # type: ignore[attr-defined]

    def __set__(self, op: Operation, value: Any) -> None:
        value = as_attribute(value)
        if isinstance(value, tuple) and all(v == self.fill for v in value):
            op.attributes.pop(self.name, None)
        else:
            op.attributes[self.name] = value


@attrs.frozen
class Window:
    """How windows move over the spatial axes: one number an axis in each field."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads_begin: tuple[int, ...]
    pads_end: tuple[int, ...]
    overhang: tuple[int, ...]

    @classmethod
    def of(
        cls,
        kernel: Sequence[int],
        strides: Sequence[int],
        pads: Sequence[int],
        dilations: Sequence[int] = (),
        overhang: Sequence[int] = (),
    ) -> Window:
        """The window for attributes as operations have them: ``pads`` is (begin..., end...)."""
        rank = len(kernel)
        return cls(
            tuple(kernel),
            tuple(strides),
            tuple(dilations) or (1,) * rank,
            tuple(pads[:rank]),
            tuple(pads[rank:]),
            tuple(overhang) or (0,) * rank,
        )

    @property
    def extents(self) -> tuple[int, ...]:
        """The lengths that one window covers, holes included: dilation * (kernel - 1) + 1."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    @property
    def added(self) -> tuple[int, ...]:
        """What pads and overhang add to each length."""
        return tuple(map(sum, zip(self.pads_begin, self.pads_end, self.overhang, strict=True)))

    def output(self, lengths: Shape) -> Shape:
        """How many windows fit: floor((L + added - extent) / stride) + 1. Raises ValueError where none does."""
        return tuple(
            _count(length, added, extent, stride)
            for length, added, extent, stride in zip(lengths, self.added, self.extents, self.strides, strict=True)
        )

    def padded(self, x: Array, axes: Sequence[int], value: float) -> Array:
        """x with pads and overhang of ``value``; x itself where there are none."""
        ends = tuple(map(sum, zip(self.pads_end, self.overhang, strict=True)))
        return pad_axes(x, axes, self.pads_begin, ends, value)

    def taps(self, counts: Sequence[int]) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
        """For each position in the kernel, the slices of the padded spatial axes that it meets in all windows."""
        for position in np.ndindex(*self.kernel):
            yield (
                position,
                tuple(
                    slice(p * d, p * d + s * (n - 1) + 1, s)
                    for p, d, s, n in zip(position, self.dilations, self.strides, counts, strict=True)
                ),
            )


def _count(length: Dim, added: int, extent: int, stride: int) -> Dim:
    if not isinstance(length, int):
        return length if stride == 1 and added == extent - 1 else None
    if length + added < extent:
        raise ValueError(f"a window of {extent} does not fit into a length of {length + added}")
    return (length + added - extent) // stride + 1


def check_window(op: NNOp, window: Window) -> None:
    """Raises VerifyError where attributes have the wrong length or a number that makes no sense."""
    rank = len(window.kernel)
    op.expect_length("kernel", window.kernel, rank, 1)
    op.expect_length("strides", window.strides, rank, 1)
    op.expect_length("dilations", window.dilations, rank, 1)
    op.expect_length("pads", window.pads_begin + window.pads_end, 2 * rank, 0)
    op.expect_length("overhang", window.overhang, rank, 0)


def spatial_axes(rank: int, channel_last: bool) -> range:
    """The spatial axes of a tensor of that rank."""
    return range(1, rank - 1) if channel_last else range(2, rank)


def channel_axis(rank: int, channel_last: bool) -> int:
    """The axis of the channels of a tensor of that rank."""
    return rank - 1 if channel_last else 1


def layout_shape(batch: Dim, channels: Dim, spatial: Shape, channel_last: bool) -> Shape:
    """The shape of a tensor with these dimensions."""
    return (batch, *spatial, channels) if channel_last else (batch, channels, *spatial)


def on_axes(rank: int, axes: Sequence[int], slices: Sequence[slice]) -> tuple[slice, ...]:
    """The index that applies ``slices`` to ``axes`` and takes all of the others."""
    index = [slice(None)] * rank
    for axis, piece in zip(axes, slices, strict=True):
        index[axis] = piece
    return tuple(index)


def pad_axes(x: Array, axes: Sequence[int], begin: Sequence[int], end: Sequence[int], value: float) -> Array:
    """x with ``value`` added at both ends of some axes; x itself where nothing is added."""
    if not any(begin) and not any(end):
        return x
    shape = list(x.shape)
    for axis, b, e in zip(axes, begin, end, strict=True):
        shape[axis] += b + e
    padded = np.full(shape, value, x.dtype)
    inner = [slice(b, b + x.shape[axis]) for axis, b in zip(axes, begin, strict=True)]
    padded[on_axes(x.ndim, axes, inner)] = x
    return padded
