"""Deformable convolutions: the windows take each element at an offset of its own, with a factor of its own."""

from __future__ import annotations

from ....ir import Value
from .layers import is_channel_last, spatial
from .registry import Call, Lifter, lift, refuse
from .shapes import END, base_axis_of, numbers


@lift("DeformableConvolution")
def deformable_convolution(
    b: Lifter, op: Call, x: Value, weight: Value, offset: Value, mask: Value | None, bias: Value | None
) -> Value:
    """The offsets (N, groups * kernel * 2, H, W), y before x, have the size of the input: an output takes those of the
    input place that its window starts from (without padding). So has the mask. Outside of the image everything is 0."""
    if is_channel_last(op) or base_axis_of(op, x.tensor.rank) != 1 or weight.tensor.rank != 4 or x.tensor.rank != 4:
        raise refuse(op, f"is lifted for images (N, C, H, W), got {x.type}")
    strides, pads = spatial(op, "stride", 2, 1), spatial(op, "pad", 2, 0)
    dilations = spatial(op, "dilation", 2, 1)
    size, kernel = numbers(op, x.tensor.dims[2:], "the image"), numbers(op, weight.tensor.dims[2:], "the kernel")
    output = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, d, p in zip(size, kernel, strides, dilations, pads, strict=True)
    ]
    if any((o - 1) * s >= n for o, s, n in zip(output, strides, size, strict=True)):
        raise refuse(op, f"has windows {output} that start outside of the input, where no offsets are")
    ends = [(n - 1) * s + 1 for n, s in zip(output, strides, strict=True)]

    def at_windows(value: Value) -> Value:
        return b.nn.slice(value, starts=(0,) * 4, stops=(END, END, *ends), steps=(1, 1, *strides))

    return b.nn.deform_conv(
        x,
        weight,
        at_windows(offset),
        bias,
        None if mask is None else at_windows(mask),
        strides=strides,
        pads=(*pads, *pads),
        dilations=dilations,
        groups=op.group,
        offset_groups=op.deformable_group,
    )
