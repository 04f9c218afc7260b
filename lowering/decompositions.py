"""Operations made of others, for targets that have them not: rules for any registry of expansions."""

from __future__ import annotations

import math

import numpy as np

from ..ir import Builder, Value
from ..ir.dialects import nn
from ..ir.types import I1, I32
from .expansion import number, reshaped, static_dims, with_axis, without_axis

END = 2**31 - 1
"""A stop of a slice that is beyond any dimension."""


def log1p(b: Builder, op: nn.Log1p) -> Value:
    return b.nn.log(b.nn.add(op.x, 1.0))


def sinh(b: Builder, op: nn.Sinh | nn.Cosh) -> Value:
    up, down = b.nn.exp(op.x), b.nn.exp(b.nn.mul(op.x, -1.0))
    return b.nn.mul(b.nn.sub(up, down) if isinstance(op, nn.Sinh) else b.nn.add(up, down), 0.5)


def asinh(b: Builder, op: nn.Asinh) -> Value:
    # On |x|, with the sign of x: the sum cancels for large negative x.
    size = b.nn.abs(op.x)
    root = b.nn.sqrt(b.nn.add(b.nn.mul(size, size), 1.0))
    return b.nn.mul(b.nn.sign(op.x), b.nn.log(b.nn.add(size, root)))


def acosh(b: Builder, op: nn.Acosh) -> Value:
    root = b.nn.sqrt(b.nn.mul(b.nn.sub(op.x, 1.0), b.nn.add(op.x, 1.0)))
    return b.nn.log(b.nn.add(op.x, root))


def atanh(b: Builder, op: nn.Atanh) -> Value:
    quotient = b.nn.div(b.nn.add(op.x, 1.0), b.nn.sub(number(b, 1.0, op.x), op.x))
    return b.nn.mul(b.nn.log(quotient), 0.5)


def softplus(b: Builder, op: nn.Softplus) -> Value:
    # max(x, 0) + log(1 + e^-|x|): the exponential never overflows.
    tail = b.nn.exp(b.nn.mul(b.nn.abs(op.x), -1.0))
    return b.nn.add(b.nn.relu(op.x), b.nn.log(b.nn.add(tail, 1.0)))


def softsign(b: Builder, op: nn.Softsign) -> Value:
    return b.nn.div(op.x, b.nn.add(b.nn.abs(op.x), 1.0))


def erf(b: Builder, op: nn.Erf) -> Value:
    # Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7, like float32's own.
    factors = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
    size = b.nn.abs(op.x)
    t = b.nn.div(number(b, 1.0, op.x), b.nn.add(b.nn.mul(size, 0.3275911), 1.0))
    total = b.nn.mul(t, factors[-1])
    for factor in reversed(factors[:-1]):
        total = b.nn.mul(b.nn.add(total, factor), t)
    tail = b.nn.mul(total, b.nn.exp(b.nn.mul(b.nn.mul(size, size), -1.0)))
    return b.nn.mul(b.nn.sign(op.x), b.nn.sub(number(b, 1.0, op.x), tail))


def round_half_away(b: Builder, op: nn.Round) -> Value | None:
    if op.mode == "half_even":
        return None
    size = b.nn.abs(op.x)
    whole = b.nn.floor(size)
    up = b.nn.cast(b.nn.greater_equal(b.nn.sub(size, whole), number(b, 0.5, op.x)), to=op.x.tensor.expressed)
    return b.nn.mul(b.nn.sign(op.x), b.nn.add(whole, up))


def swish(b: Builder, op: nn.Swish) -> Value:
    return b.nn.mul(op.x, b.nn.sigmoid(op.x))


def hard_sigmoid(b: Builder, op: nn.HardSigmoid) -> Value:
    """As relu6(6 alpha x + 6 beta) / 6 where that costs no more.

    RELU6 can be fused into what is before it, and the factors fold into weights before and behind.
    """
    factor = 6 * op.alpha
    source = op.x.defining_op
    folds = isinstance(source, nn.ConvolutionOp | nn.Affine) and op.x.has_one_use
    if not folds and not math.isclose(factor, 1.0, rel_tol=1e-6):
        return b.nn.clip(b.nn.add(b.nn.mul(op.x, op.alpha), op.beta), min=0.0, max=1.0)
    scaled = op.x if math.isclose(factor, 1.0, rel_tol=1e-6) else b.nn.mul(op.x, factor)
    return b.nn.mul(b.nn.clip(b.nn.add(scaled, 6 * op.beta), min=0.0, max=6.0), 1 / 6)


def elu(b: Builder, op: nn.Elu) -> Value | None:
    if op.alpha == 1.0:
        return None
    below = b.nn.elu(b.nn.minimum(op.x, number(b, 0.0, op.x)))
    return b.nn.add(b.nn.relu(op.x), b.nn.mul(below, op.alpha))


def mod_of_dividend(b: Builder, op: nn.Mod) -> Value | None:
    """The rest that has the dividend's sign, by that which has the divisor's."""
    if op.sign == "divisor":
        return None
    if op.lhs.tensor.expressed.is_float:
        rest = b.nn.mod(b.nn.abs(op.lhs), b.nn.abs(op.rhs))
        return b.nn.mul(b.nn.sign(op.lhs), rest)
    quotient = b.nn.div(op.lhs, op.rhs)
    return b.nn.sub(op.lhs, b.nn.mul(quotient, op.rhs))


def logical_xor(b: Builder, op: nn.LogicalXor) -> Value:
    return b.nn.not_equal(op.lhs, op.rhs)


def comparison_of_booleans(b: Builder, op: nn.Equal) -> Value | None:
    if op.lhs.tensor.expressed is not I1 or op.name in ("nn.equal", "nn.not_equal"):
        return None
    lhs, rhs = (b.nn.cast(v, to=I32) for v in (op.lhs, op.rhs))
    return b.create(op.name, lhs, rhs).result


def gelu(b: Builder, op: nn.Gelu) -> Value:
    if op.approximate:
        cube = b.nn.mul(b.nn.mul(op.x, op.x), op.x)
        inner = b.nn.tanh(b.nn.mul(b.nn.add(op.x, b.nn.mul(cube, 0.044715)), math.sqrt(2 / math.pi)))
    else:
        inner = b.nn.erf(b.nn.mul(op.x, math.sqrt(0.5)))
    return b.nn.mul(b.nn.mul(op.x, 0.5), b.nn.add(inner, 1.0))


def conv_1d(b: Builder, op: nn.ConvolutionOp) -> Value | None:
    """One spatial dimension becomes two, the first of length 1."""
    if op.spatial_rank != 1:
        return None
    axis = 1 if op.channel_last else 2
    pads = (0, op.pads[0], 0, op.pads[1])
    options: dict[str, object] = {"output_padding": (0, *op.output_padding)} if isinstance(op, nn.ConvTranspose) else {}
    y = b.create(
        op.name,
        with_axis(b, op.x, axis),
        with_axis(b, op.weight, 2),
        op.bias,
        strides=(1, *op.strides),
        pads=pads,
        dilations=(1, *op.dilations),
        groups=op.groups,
        channel_last=op.channel_last,
        **options,
    ).result
    return without_axis(b, y, axis)


def batch_norm(b: Builder, op: nn.BatchNorm) -> Value:
    """A product and a sum with what belongs to the channels; constants are folded later."""
    axis, rank = op.axis % op.x.tensor.rank, op.x.tensor.rank
    scale = b.nn.mul(op.scale, b.nn.rsqrt(b.nn.add(op.variance, op.epsilon)))
    shift = b.nn.sub(op.bias, b.nn.mul(op.mean, scale))
    behind = (1,) * (rank - 1 - axis)
    scale, shift = (b.nn.reshape(v, shape=(-1, *behind)) for v in (scale, shift))
    return b.nn.add(b.nn.mul(op.x, scale), shift)


def layer_norm(b: Builder, op: nn.LayerNorm) -> Value:
    centred = b.nn.sub(op.x, b.nn.reduce_mean(op.x, axes=op.axes))
    variance = b.nn.reduce_mean(b.nn.mul(centred, centred), axes=op.axes)
    y = b.nn.mul(centred, b.nn.rsqrt(b.nn.add(variance, op.epsilon)))
    y = y if op.scale is None else b.nn.mul(y, op.scale)
    return y if op.bias is None else b.nn.add(y, op.bias)


def lrn(b: Builder, op: nn.Lrn) -> Value:
    """The squares of the neighbours, as a sum of shifted tensors."""
    rank = op.x.tensor.rank
    axis, before = op.axis % rank, (op.size - 1) // 2
    pads = [0] * (2 * rank)
    pads[axis], pads[rank + axis] = before, op.size - 1 - before
    padded = b.nn.pad(b.nn.mul(op.x, op.x), pads=pads)
    length = op.x.tensor.dims[axis]
    if not isinstance(length, int):
        raise ValueError(f"{op.x.type} has no number for axis {axis}")
    starts, stops = [0] * rank, [END] * rank
    total: Value | None = None
    for first in range(op.size):
        starts[axis], stops[axis] = first, first + length
        part = b.nn.slice(padded, starts=starts, stops=stops, steps=(1,) * rank)
        total = part if total is None else b.nn.add(total, part)
    assert total is not None
    base = b.nn.add(b.nn.mul(total, op.alpha / op.size), op.bias)
    return b.nn.mul(op.x, b.nn.pow(base, -op.beta))


def channel_shuffle(b: Builder, op: nn.ChannelShuffle) -> Value | None:
    dims = op.x.tensor.dims
    axis = op.axis % len(dims)
    channels = dims[axis]
    if not isinstance(channels, int):
        return None
    split = (*dims[:axis], op.groups, channels // op.groups, *dims[axis + 1 :])
    perm = list(range(len(split)))
    perm[axis], perm[axis + 1] = axis + 1, axis
    return reshaped(b, b.nn.transpose(reshaped(b, op.x, split), perm=perm), dims)


def depth_to_space(b: Builder, op: nn.DepthToSpace) -> Value | None:
    shape = static_dims(op.x)
    if shape is None:
        return None
    n, c, h, w = shape if not op.channel_last else (shape[0], shape[3], *shape[1:3])
    k, depth = op.block, c // op.block**2
    channels = (k, k, depth) if op.mode == "dcr" else (depth, k, k)
    # where the parts of the channel (row, column, depth) stand among the dimensions of the split
    row, column, deep = (0, 1, 2) if op.mode == "dcr" else (1, 2, 0)
    if op.channel_last:
        split, perm = (n, h, w, *channels), (0, 1, 3 + row, 2, 3 + column, 3 + deep)
    else:
        split, perm = (n, *channels, h, w), (0, 1 + deep, 4, 1 + row, 5, 1 + column)
    return reshaped(b, b.nn.transpose(reshaped(b, op.x, split), perm=perm), op.output.tensor.static_shape)


def space_to_depth(b: Builder, op: nn.SpaceToDepth) -> Value | None:
    shape = static_dims(op.x)
    if shape is None:
        return None
    k, rank = op.block, len(shape)
    n, c, h, w = shape if not op.channel_last else (shape[0], shape[3], *shape[1:3])
    if op.channel_last:
        split, deep, row, column, rows, columns = (n, h // k, k, w // k, k, c), 5, 2, 4, 1, 3
    else:
        split, deep, row, column, rows, columns = (n, c, h // k, k, w // k, k), 1, 3, 5, 2, 4
    channels = (row, column, deep) if op.mode == "dcr" else (deep, row, column)
    perm = (0, rows, columns, *channels) if op.channel_last else (0, *channels, rows, columns)
    assert len(perm) == rank + 2
    return reshaped(b, b.nn.transpose(reshaped(b, op.x, split), perm=perm), op.output.tensor.static_shape)


def trilu(b: Builder, op: nn.Trilu) -> Value | None:
    """A choice by a constant mask."""
    sizes = [n for n in op.x.tensor.dims[-2:] if isinstance(n, int)]
    if len(sizes) != 2:
        return None
    ones = np.ones(sizes, bool)
    mask = np.triu(ones, op.k) if op.upper else np.tril(ones, op.k)
    made: Value = b.nn.select(b.constant(mask), op.x, b.constant(0, op.x.tensor.expressed))
    return made


def cumprod(b: Builder, op: nn.Cumprod) -> Value | None:
    """Products over spans that double in length: log2(n) steps, each with the result shifted by the span."""
    if not op.x.tensor.is_static:
        return None
    axis, y = op.axis % op.x.tensor.rank, op.x
    length, span = y.tensor.static_shape[axis], 1
    if op.exclusive:
        y = _shifted(b, y, axis, 1, op.reverse)
    while span < length:
        y = b.nn.mul(y, _shifted(b, y, axis, span, op.reverse))
        span *= 2
    return b.nn.identity(y) if y is op.x else y


def _shifted(b: Builder, x: Value, axis: int, places: int, backwards: bool) -> Value:
    """x moved along an axis, with ones where it came from."""
    shape = x.tensor.static_shape
    rank = len(shape)
    starts, stops, pads = [0] * rank, list(shape), [0] * (2 * rank)
    if backwards:
        starts[axis], pads[rank + axis] = places, places
    else:
        stops[axis], pads[axis] = shape[axis] - places, places
    kept = b.nn.slice(x, starts=starts, stops=stops, steps=(1,) * rank)
    return b.nn.pad(kept, pads=pads, value=1.0)
