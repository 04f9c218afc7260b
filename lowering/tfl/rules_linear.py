"""Convolutions, pools, matrix products and resizing."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import OpResult, Value
from ...ir.dialects import nn
from ...ir.dialects.nn.window import Window
from ...ir.dialects.tfl import movement as tfl_movement
from ...ir.dialects.tfl.windows import padding_scheme
from ...ir.layout import PORT_LAYOUT
from ..resizing import kernel_options
from .target import Target, lowers

_MOST_FLATTENED = 4
_EXPAND = "run expand-for-tfl before"


def fused(op: nn.NNOp) -> str:
    """The schema's name of the activation function that an operation ends with."""
    return str(getattr(op, "activation", "none")).upper()


def spatial(target: Target, op: nn.ConvolutionOp | nn.PoolOp | nn.Resize, *ranks: int) -> tuple[int, ...]:
    """The spatial lengths of a channel-last operand. Raises VerifyError for another layout or rank."""
    if not op.channel_last:
        raise target.error(f"is channel-first, and TFLite is channel-last ({PORT_LAYOUT})", "run channel-last before")
    shape = op.x.tensor.static_shape
    if len(shape) - 2 not in ranks:
        raise target.error(f"has {len(shape) - 2} spatial dimensions, expected {ranks}", _EXPAND)
    return shape[1:-1]


def _scheme(target: Target, window: Window, lengths: Sequence[int]) -> str:
    scheme = padding_scheme(window, lengths)
    if scheme is None:
        raise target.error("has pads that are neither SAME nor VALID", _EXPAND)
    return scheme


def _bias(target: Target, op: nn.ConvolutionOp | nn.Affine, outputs: int) -> Value:
    bias: Value | None = op.bias
    return target.zero_bias(op.operands[0], op.weight, outputs) if bias is None else bias  # type: ignore[arg-type]


@lowers("conv")
def conv(target: Target, op: nn.Conv) -> OpResult:
    lengths = spatial(target, op, 2, 3)
    window = op.window
    options: dict[str, object] = {"padding": _scheme(target, window, lengths), "fused_activation_function": fused(op)}
    for axis, stride, dilation in zip("dhw"[-len(lengths) :], window.strides, window.dilations, strict=True):
        options |= {f"stride_{axis}": stride, f"dilation_{axis}_factor": dilation}
    outputs, per_group = op.weight.tensor.static_shape[:2]
    bias = _bias(target, op, outputs)
    if len(lengths) == 3:
        if op.groups != 1 or window.dilations != (1, 1, 1):
            raise target.error("has groups or dilations, and CONV_3D has none that all runtimes compute", _EXPAND)
        return target.value("conv_3d", op.x, target.transposed(op.weight, (2, 3, 4, 1, 0)), bias, **options)
    if op.groups > 1 and per_group == 1:
        weight = target.transposed(op.weight, (1, 2, 3, 0))
        multiplier = outputs // op.groups
        return target.value("depthwise_conv_2d", op.x, weight, bias, depth_multiplier=multiplier, **options)
    return target.value("conv_2d", op.x, target.transposed(op.weight, (0, 2, 3, 1)), bias, **options)


@lowers("conv_transpose")
def conv_transpose(target: Target, op: nn.ConvTranspose) -> OpResult:
    spatial(target, op, 2, 3)
    shape = op.output.tensor.static_shape
    window = op.window
    rank = len(window.kernel)
    plain = op.groups == 1 and window.dilations == (1,) * rank and not any(op.output_padding)
    scheme = padding_scheme(window, shape[1:-1]) if plain else None
    if scheme is None:
        raise target.error("has groups, dilations, output_padding, or pads that are neither SAME nor VALID", _EXPAND)
    options: dict[str, object] = {"padding": scheme, "fused_activation_function": fused(op)}
    options |= {f"stride_{a}": s for a, s in zip("dhw"[-rank:], window.strides, strict=True)}
    size = target.ints(shape, "output_shape")
    bias = _bias(target, op, shape[-1])
    if rank == 3:
        return target.value(
            "conv_3d_transpose", size, target.transposed(op.weight, (2, 3, 4, 1, 0)), op.x, bias, **options
        )
    return target.value("transpose_conv", size, target.transposed(op.weight, (1, 2, 3, 0)), op.x, bias, **options)


@lowers("max_pool", "average_pool")
def pool(target: Target, op: nn.PoolOp) -> OpResult:
    lengths = spatial(target, op, 2)
    window = op.window
    if window.dilations != (1, 1):
        raise target.error("has dilations, and TFLite's pools have none", _EXPAND)
    scheme = _scheme(target, window, lengths)
    if isinstance(op, nn.AveragePool) and op.count_include_pad and scheme == "SAME" and any(op.pads):
        raise target.error("counts its pads, and TFLite's pools do not", _EXPAND)
    name = "max_pool_2d" if isinstance(op, nn.MaxPool) else "average_pool_2d"
    return target.value(
        name,
        op.x,
        padding=scheme,
        stride_h=window.strides[0],
        stride_w=window.strides[1],
        filter_height=window.kernel[0],
        filter_width=window.kernel[1],
        fused_activation_function=fused(op),
    )


@lowers("affine")
def affine(target: Target, op: nn.Affine) -> OpResult:
    weight = target.transposed(op.weight, (1, 0))
    bias = _bias(target, op, op.weight.tensor.static_shape[1])
    if op.x.tensor.rank == 1:
        raise target.error("has an operand of rank 1", _EXPAND)
    x, keep = op.x, op.x.tensor.rank != 2
    if not keep:
        x = _unflattened(x)
    return target.value("fully_connected", x, weight, bias, keep_num_dims=keep, fused_activation_function=fused(op))


def _unflattened(x: Value) -> Value:
    """What a matrix was reshaped from: FULLY_CONNECTED takes any shape, as rows of the length that the weights have."""
    reshape = x.defining_op
    if isinstance(reshape, tfl_movement.Reshape) and x.has_one_use and reshape.input.tensor.rank <= _MOST_FLATTENED:
        return reshape.input
    return x


@lowers("matmul")
def matmul(target: Target, op: nn.Matmul) -> OpResult:
    return target.value("batch_matmul", op.lhs, op.rhs, adj_x=op.transpose_lhs, adj_y=op.transpose_rhs)


@lowers("resize")
def resize(target: Target, op: nn.Resize) -> OpResult:
    spatial(target, op, 2)
    options = kernel_options(op)
    if options is None:
        raise target.error("interpolates in a way that TFLite does not", _EXPAND)
    name = "resize_bilinear" if op.mode == "linear" else "resize_nearest_neighbor"
    align_corners, half_pixel = options
    return target.value(
        name,
        op.x,
        target.ints(op.sizes, "size"),
        align_corners=align_corners,
        half_pixel_centers=half_pixel,
    )


@lowers("depth_to_space", "space_to_depth")
def blocks(target: Target, op: nn.DepthToSpace | nn.SpaceToDepth) -> OpResult:
    if not op.channel_last or op.mode != "dcr":
        raise target.error("is not channel-last in the order dcr", _EXPAND)
    return target.value(op.name.partition(".")[2], op.x, block_size=op.block)
