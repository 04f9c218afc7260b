"""Convolutions: plain, transposed, deformable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....ir import Value
from ...nodes import expect_rank, numbers, refuse
from ...windows import pad_same, split_pads
from .registry import Lifter, lift
from .windows import per_axis, windows_of

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@lift("Conv")
def conv(b: Lifter, op: OnnxOp, x: Value, weight: Value, bias: Value | None = None) -> Value:
    """Convolution over one spatial axis or more."""
    return convolve(b, op, x, weight, bias)


def convolve(b: Lifter, op: OnnxOp, x: Value, weight: Value, bias: Value | None) -> Value:
    """The convolution that the attributes of a node describe (those of Conv)."""
    windows = windows_of(op, x, kernel_of(op, x, weight))
    if windows.same is not None:
        x = pad_same(b, x, windows)
    return b.nn.conv(
        x,
        weight,
        bias,
        strides=windows.strides,
        pads=windows.pads,
        dilations=windows.dilations,
        groups=groups_of(op),
    )


def kernel_of(op: OnnxOp, x: Value, weight: Value) -> tuple[int, ...]:
    """The kernel's lengths: those of the weight, with which the attribute must agree. Raises CompileError."""
    rank = expect_rank(op, weight, 3)
    expect_rank(op, x, rank, rank)
    kernel = numbers(op, weight.tensor.dims[2:], "the weight")
    given = op.get("kernel_shape")
    if given and tuple(given) != kernel:
        raise refuse(op, f"has kernel_shape {tuple(given)} and a weight of type {weight.type}")
    return kernel


def groups_of(op: OnnxOp) -> int:
    """Into how many groups the channels are split."""
    groups = op.get("group")
    return 1 if groups is None else int(groups)


@lift("ConvTranspose")
def conv_transpose(b: Lifter, op: OnnxOp, x: Value, weight: Value, bias: Value | None = None) -> Value:
    """Transposed convolution; ``output_shape`` and auto_pad decide the pads, which cut the result."""
    kernel = kernel_of(op, x, weight)
    rank = len(kernel)
    strides, dilations = per_axis(op, "strides", rank, 1), per_axis(op, "dilations", rank, 1)
    added = per_axis(op, "output_padding", rank, 0)
    pads = _transposed_pads(op, x, kernel, strides, dilations, added)
    return b.nn.conv_transpose(
        x,
        weight,
        bias,
        strides=strides,
        pads=pads,
        dilations=dilations,
        output_padding=added,
        groups=groups_of(op),
    )


def _transposed_pads(
    op: OnnxOp,
    x: Value,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    added: tuple[int, ...],
) -> tuple[int, ...]:
    """(begin..., end...) cut off from stride * (length - 1) + output_padding + extent.

    With ``output_shape`` what is longer is cut; with auto_pad SAME what is longer than length * stride; in halves, the
    odd place at the end for SAME_UPPER and at the beginning otherwise, as the operator's definition says. Raises
    CompileError for what is shorter: what would fill it is not defined.
    """
    rank = len(kernel)
    mode, wanted = op.get("auto_pad") or "NOTSET", op.get("output_shape")
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    if wanted:
        shape = tuple(wanted)[-rank:]  # some exporters write batch and channels too
        if len(shape) != rank:
            raise refuse(op, f"has output_shape {tuple(wanted)} for {rank} spatial axes")
        lengths = numbers(op, x.tensor.dims[2:], "the spatial axes")
        whole = [s * (n - 1) + a + e for s, n, a, e in zip(strides, lengths, added, extents, strict=True)]
        totals = [w - n for w, n in zip(whole, shape, strict=True)]
    elif mode in ("SAME_UPPER", "SAME_LOWER"):
        totals = [a + e - s for s, a, e in zip(strides, added, extents, strict=True)]
    elif mode == "VALID":
        return (0,) * 2 * rank
    elif mode == "NOTSET":
        return per_axis(op, "pads", 2 * rank, 0)
    else:
        raise refuse(op, f"has the unknown auto_pad '{mode}'")
    if min(totals) < 0:
        raise refuse(op, "has an output that is longer than what its kernels reach", "state pads and output_padding")
    return split_pads(totals, "SAME_UPPER" if mode == "SAME_UPPER" else "SAME_LOWER")
