"""Convolutions and pools, channel-last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.dialects.nn.window import Window
from ...ir.dialects.tfl.windows import padding_scheme
from ...ir.layout import PORT_LAYOUT
from ...ir.types import I32
from ..pools import lowest
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
    # In steps of one, the pads of SAME are the same for any length.
    steps = zip(dims, window.strides, window.extents, strict=True)
    lengths = [e if stride == 1 and not isinstance(d, int) else d for d, stride, e in steps]
    known = [d for d in lengths if isinstance(d, int)]
    scheme = padding_scheme(window, known) if len(known) == len(dims) else None
    pads = _pads(window)
    if scheme is None and not any(map(any, pads)):
        scheme = "VALID"
    if scheme is not None:
        return {"padding": scheme}
    if len(dims) != 2:
        raise t.error("has pads that are neither SAME nor VALID", EXPAND)
    return {"padding": "EXPLICIT", "explicit_paddings": tuple(n for pair in pads for n in pair)}


def _pads(window: Window) -> list[tuple[int, int]]:
    """What is added before and behind each dimension of an image, overhang included."""
    ends = (e + o for e, o in zip(window.pads_end, window.overhang, strict=True))
    return [(0, 0), *zip(window.pads_begin, ends, strict=True), (0, 0)]


def _padded(t: Target, x: Value, window: Window, number: float = 0.0) -> Value:
    """x with the pads of a window, as a node of its own."""
    pairs = _pads(window)
    dims = tuple(d + sum(p) if isinstance(d, int) else None for d, p in zip(x.tensor.dims, pairs, strict=True))
    paddings = t.constant(np.array(pairs, I32.dtype), "paddings")
    types = [x.tensor.with_shape((x.tensor.dims[0], *dims[1:]))]
    if number == 0.0:
        return t.value("Pad", x, paddings, types=types)
    return t.value("PadV2", x, paddings, t.number(number, x), types=types)


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
        x: Value = op.x
        if attributes["padding"] == "EXPLICIT":
            # TensorFlow's optimizer fuses it with the bias into a node that does not know such pads, and aborts.
            x, attributes = _padded(t, x, op.window), {**attributes, "padding": "VALID"}
            del attributes["explicit_paddings"]
        y = t.value("DepthwiseConv2dNative", x, _depthwise_filter(t, op), **attributes)
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
    name = f"{'AvgPool' if isinstance(op, nn.AveragePool) else 'MaxPool'}{'3D' if rank == 3 else ''}"
    counts_pads = isinstance(op, nn.AveragePool) and op.count_include_pad and any(op.pads)
    is_explicit = attributes["padding"] == "EXPLICIT"
    if isinstance(op, nn.MaxPool):
        is_beyond = any(p >= k for pair, k in zip(_pads(window)[1:-1], window.kernel, strict=True) for p in pair)
        if not is_explicit or not is_beyond:  # MaxPool takes no windows of pads alone
            return t.value(name, op.x, **attributes)
    elif not is_explicit and not counts_pads:
        return t.value(name, op.x, **attributes)
    attributes = {"ksize": attributes["ksize"], "strides": attributes["strides"], "padding": "VALID"}
    if isinstance(op, nn.MaxPool):
        return t.value(name, _padded(t, op.x, window, lowest(op.x)), **attributes)
    if any(window.overhang):
        raise t.error("has windows that go beyond the pads, for lengths that are not known", "give the input shapes")
    y = t.value(name, _padded(t, op.x, window), **attributes)
    if counts_pads:
        return y
    ones = t.value("OnesLike", op.x, types=[op.x.type])
    return t.value("RealDiv", y, t.value(name, _padded(t, ones, window), **attributes))


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
