"""Convolutions and pools, channel-last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.dialects.nn.window import Window
from ...ir.dialects.tfl.windows import padding_scheme
from ...ir.layout import PORT_LAYOUT
from ...ir.types import I32
from .rules_linear import biased
from .target import EXPAND, Target, lowers


def _spatial(t: Target, op: nn.ConvolutionOp | nn.PoolOp, *ranks: int) -> int:
    """The number of spatial dimensions. Raises VerifyError for another layout or number."""
    if not op.channel_last:
        raise t.error(f"is channel-first: TensorFlow computes channel-last ({PORT_LAYOUT})", "run channel-last before")
    rank = op.x.tensor.rank - 2
    if rank not in ranks:
        raise t.error(f"has {rank} spatial dimensions, expected {ranks}", EXPAND)
    return rank


def _around(numbers: Sequence[int]) -> tuple[int, ...]:
    """An attribute for the spatial dimensions, with 1 for the batch and the channels."""
    return (1, *numbers, 1)


def _padding(t: Target, window: Window, x: Value) -> dict[str, Any]:
    """The scheme of a window over x, or explicit pads, which two spatial dimensions alone may have."""
    dims = x.tensor.dims[1:-1]
    lengths = [d for d in dims if isinstance(d, int)]
    scheme = padding_scheme(window, lengths) if len(lengths) == len(dims) else None
    ends = [e + o for e, o in zip(window.pads_end, window.overhang, strict=True)]
    if scheme is None and not any((*window.pads_begin, *ends)):
        scheme = "VALID"
    if scheme is not None:
        return {"padding": scheme}
    if len(dims) != 2:
        raise t.error("has pads that are neither SAME nor VALID", EXPAND)
    pads = [n for pair in zip(window.pads_begin, ends, strict=True) for n in pair]
    return {"padding": "EXPLICIT", "explicit_paddings": (0, 0, *pads, 0, 0)}


def _convolution(t: Target, op: nn.ConvolutionOp, image: Value) -> dict[str, Any]:
    """The attributes of a convolution that reads ``image``."""
    window = op.window
    found: dict[str, Any] = {"strides": _around(window.strides), **_padding(t, window, image)}
    if any(d != 1 for d in window.dilations):
        found["dilations"] = _around(window.dilations)
    return found


@lowers("conv")
def conv(t: Target, op: nn.Conv) -> Value:
    rank = _spatial(t, op, 2, 3)
    attributes = _convolution(t, op, op.x)
    spatial = range(2, 2 + rank)
    if rank == 3:
        if op.groups != 1 or "dilations" in attributes:
            raise t.error("has groups or dilations, and Conv3D has none on all processors", EXPAND)
        y = t.value("Conv3D", op.x, t.transposed(op.weight, (*spatial, 1, 0)), **attributes)
    elif _is_depthwise(op):
        y = t.value("DepthwiseConv2dNative", op.x, _depthwise_filter(t, op), **attributes)
    else:
        y = t.value("Conv2D", op.x, t.transposed(op.weight, (*spatial, 1, 0)), **attributes)
    return biased(t, y, op.bias)


def _is_depthwise(op: nn.Conv) -> bool:
    """Whether DepthwiseConv2dNative computes it on all processors; Conv2D has groups too."""
    one_stride = len(set(op.window.strides)) == 1 and all(d == 1 for d in op.window.dilations)
    return op.groups > 1 and op.weight.tensor.dims[1] == 1 and one_stride


def _depthwise_filter(t: Target, op: nn.Conv) -> Value:
    """(channels * multiplier, 1, rows, columns) as (rows, columns, channels, multiplier)."""
    outputs, _, *kernel = op.weight.tensor.static_shape
    shape = (*kernel, op.groups, outputs // op.groups)
    type = TensorType(shape, op.weight.tensor.element)
    view = t.view(op.weight, "depthwise", lambda w: w.transpose(2, 3, 0, 1).reshape(shape), type)
    return t.reshaped(t.transposed(op.weight, (2, 3, 0, 1)), shape) if view is None else view


@lowers("conv_transpose")
def conv_transpose(t: Target, op: nn.ConvTranspose) -> Value:
    """The gradient of a convolution with respect to what it reads: that is the result here."""
    rank = _spatial(t, op, 2, 3)
    if op.groups != 1 or any(d != 1 for d in op.window.dilations):
        raise t.error("has groups or dilations, and TensorFlow computes such gradients on no processor", EXPAND)
    attributes = _convolution(t, op, op.output)
    weight = t.transposed(op.weight, (*range(2, 2 + rank), 1, 0))
    sizes = t.shape([t.size(op.x, 0), *_transposed_sizes(t, op), t.size(op.output, rank + 1)])
    name = "Conv2DBackpropInput" if rank == 2 else "Conv3DBackpropInputV2"
    return biased(t, t.value(name, sizes, weight, op.x, **attributes), op.bias)


def _transposed_sizes(t: Target, op: nn.ConvTranspose) -> Iterator[int | Value]:
    """The spatial sizes of the result: as many strides as there are places, and what the last window covers more."""
    window = op.window
    scalar = TensorType((), I32)
    for i, dim in enumerate(op.output.tensor.dims[1:-1]):
        if isinstance(dim, int):
            yield dim
            continue
        stride = window.strides[i]
        more = window.extents[i] - stride - window.pads_begin[i] - window.pads_end[i] + op.output_padding[i]
        size = t.value("Mul", t.dimension(op.x, 1 + i), t.scalar(stride, "stride"), types=[scalar])
        yield t.value("AddV2", size, t.scalar(more, "more"), types=[scalar])


@lowers("max_pool", "average_pool")
def pool(t: Target, op: nn.PoolOp) -> Value:
    rank = _spatial(t, op, 2, 3)
    window = op.window
    if any(d != 1 for d in window.dilations):
        raise t.error("has dilations, and TensorFlow's pools have none", EXPAND)
    attributes: dict[str, Any] = {"ksize": _around(window.kernel), "strides": _around(window.strides)}
    attributes |= _padding(t, window, op.x)
    is_mean = isinstance(op, nn.AveragePool)
    counts_pads = isinstance(op, nn.AveragePool) and op.count_include_pad and any(op.pads)
    if is_mean and (attributes["padding"] == "EXPLICIT" or counts_pads):
        raise t.error("has pads that are neither SAME nor VALID, or counts them", EXPAND)
    name = "AvgPool" if is_mean else "MaxPool"
    return t.value(f"{name}3D" if rank == 3 else name, op.x, **attributes)


@lowers("depth_to_space", "space_to_depth")
def blocks(t: Target, op: nn.DepthToSpace | nn.SpaceToDepth) -> Value:
    if not op.channel_last or op.mode != "dcr":
        raise t.error("is not channel-last in the order dcr", EXPAND)
    name = "DepthToSpace" if isinstance(op, nn.DepthToSpace) else "SpaceToDepth"
    return t.value(name, op.x, block_size=op.block)


@lowers("lrn")
def lrn(t: Target, op: nn.Lrn) -> Value:
    rank = op.x.tensor.rank
    if rank != 4 or op.axis % rank != 3 or op.size % 2 == 0:
        raise t.error("works along another axis than the last of four, or over an even number of places", EXPAND)
    alpha = op.alpha / op.size
    return t.value("LRN", op.x, depth_radius=op.size // 2, bias=op.bias, alpha=alpha, beta=op.beta)
