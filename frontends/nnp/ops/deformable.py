"""Deformable convolutions: the windows take each element at an offset of its own, with a factor of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....ir import Value
from .layers import is_channel_last, spatial
from .registry import Call, Lifter, lift, refuse
from .sampling import Image, as_column
from .shapes import END, base_axis_of, numbers, reshape


@lift("DeformableConvolution")
def deformable_convolution(
    b: Lifter, op: Call, x: Value, weight: Value, offset: Value, mask: Value | None, bias: Value | None
) -> Value:
    """The offsets (N, groups * kernel * 2, H, W), y before x, have the size of the input: an output takes those of the
    input place that its window starts from (without padding). So has the mask. Outside of the image everything is 0."""
    if is_channel_last(op) or base_axis_of(op, x.tensor.rank) != 1 or weight.tensor.rank != 4 or x.tensor.rank != 4:
        raise refuse(op, f"is lifted for images (N, C, H, W), got {x.type}")
    sampler = _Sampler(b, op, x, numbers(op, weight.tensor.dims[2:], "the kernel"))
    sampled = sampler.run(offset, mask)
    outputs, per_group, *kernel = numbers(op, weight.tensor.dims, "the weight")
    row = reshape(b, op, weight, (outputs, per_group * int(np.prod(kernel)), 1, 1))
    return b.nn.conv(sampled, row, bias, groups=op.group)


class _Sampler:
    """What the windows see: x (N, C, H, W) becomes (N, C * taps, *output), taps being the places of the kernel."""

    def __init__(self, b: Lifter, op: Call, x: Value, kernel: Sequence[int]) -> None:
        self.b, self.op, self.x = b, op, x
        channels, *size = numbers(op, x.tensor.dims[1:], "the image")
        self.groups = op.deformable_group
        if self.groups < 1 or channels % self.groups:
            raise refuse(op, f"has {channels} channels in {self.groups} groups")
        self.channels, self.taps = channels, int(np.prod(kernel))
        self.strides = spatial(op, "stride", 2, 1)
        dilations, pads = spatial(op, "dilation", 2, 1), spatial(op, "pad", 2, 0)
        self.output = tuple(
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, d, p in zip(size, kernel, self.strides, dilations, pads, strict=True)
        )
        if any((o - 1) * s >= n for o, s, n in zip(self.output, self.strides, size, strict=True)):
            raise refuse(op, f"has windows {self.output} that start outside of the input, where no offsets are")
        indices = np.indices((*kernel, *self.output))
        self.places = [
            (indices[2 + i] * self.strides[i] + indices[i] * dilations[i] - pads[i]).reshape(1, -1).astype(np.float32)
            for i in range(2)
        ]

    @property
    def count(self) -> int:
        """The number of output places."""
        return int(np.prod(self.output))

    def run(self, offset: Value, mask: Value | None) -> Value:
        offsets = self._at_windows(offset, 2)
        factors = None if mask is None else self._at_windows(mask, 1)
        pieces = [self._group(group, offsets, factors) for group in range(self.groups)]
        sampled = pieces[0] if self.groups == 1 else self.b.nn.concat(pieces, axis=1)
        return reshape(self.b, self.op, sampled, (self.x.tensor.dims[0], self.channels * self.taps, *self.output))

    def _at_windows(self, value: Value, parts: int) -> Value:
        """(N, groups * taps * parts, H, W) at the places that windows start from: (N, groups, taps, parts, count)."""
        ends = ((n - 1) * s + 1 for n, s in zip(self.output, self.strides, strict=True))
        some = self.b.nn.slice(value, starts=(0,) * 4, stops=(END, END, *ends), steps=(1, 1, *self.strides))
        return reshape(self.b, self.op, some, (self.x.tensor.dims[0], self.groups, self.taps, parts, self.count))

    def _group(self, group: int, offsets: Value, factors: Value | None) -> Value:
        """The channels of one group: (N, C / groups, taps, count)."""
        b, op, batch = self.b, self.op, self.x.tensor.dims[0]
        size = self.channels // self.groups
        starts, stops = (0, group * size, 0, 0), (END, (group + 1) * size, END, END)
        image = Image(b, op, b.nn.slice(self.x, starts=starts, stops=stops, steps=(1,) * 4))
        y, x = (b.nn.add(self._part(offsets, group, i), b.constant(self.places[i])) for i in range(2))
        taken = image.linear(y, x, "zero")
        if factors is not None:
            taken = b.nn.mul(taken, as_column(b, self._part(factors, group, 0)))
        return b.nn.transpose(reshape(b, op, taken, (batch, self.taps, self.count, size)), perm=(0, 3, 1, 2))

    def _part(self, value: Value, group: int, index: int) -> Value:
        """(N, taps * count)"""
        cut = self.b.nn.slice(
            value,
            starts=(0, group, 0, index, 0),
            stops=(END, group + 1, END, index + 1, END),
            steps=(1,) * 5,
        )
        return reshape(self.b, self.op, cut, (self.x.tensor.dims[0], self.taps * self.count))
