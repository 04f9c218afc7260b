"""Convolutions, matrix products and normalizations in the forms that TFLite has."""

from __future__ import annotations

import math

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.module import constant_attribute
from .. import convolutions, decompositions
from ..einsum import einsum
from ..expansion import reshaped, transposed, with_axis, without_axis
from .expansion import expands

expands("conv", "matmul")(convolutions.integer_product)

# Convolution

expands("conv", "conv_transpose")(decompositions.conv_1d)
expands("conv")(convolutions.conv_of_pad)
expands("conv")(convolutions.conv_pads)
expands("conv")(convolutions.conv_3d_groups)
expands("conv", "conv_transpose")(convolutions.dilations)
expands("conv_transpose")(convolutions.transpose_groups)
expands("conv_transpose")(convolutions.transpose_pads)

# Matrix products


@expands("affine")
def affine(b: Builder, op: nn.Affine) -> Value | None:
    if op.x.tensor.rank == 1:
        return without_axis(b, b.nn.affine(with_axis(b, op.x, 0), op.weight, op.bias), 0)
    if constant_attribute(op.weight) is not None:
        return None
    y = b.nn.matmul(op.x, op.weight)
    return y if op.bias is None else b.nn.add(y, op.bias)


@expands("matmul")
def matmul_constant(b: Builder, op: nn.Matmul) -> Value | None:
    """A product with one constant matrix is a fully connected layer."""
    if op.transpose_lhs or op.rhs.tensor.rank != 2 or constant_attribute(op.rhs) is None:
        return None
    if not op.lhs.tensor.expressed.is_float:
        return None
    weight = transposed(b, op.rhs, (1, 0)) if op.transpose_rhs else op.rhs
    return b.nn.affine(op.lhs, weight)


expands("einsum")(einsum)


# Normalizations

expands("batch_norm")(decompositions.batch_norm)
expands("layer_norm")(decompositions.layer_norm)


@expands("lrn")
def lrn(b: Builder, op: nn.Lrn) -> Value | None:
    axis, rank = op.axis % op.x.tensor.rank, op.x.tensor.rank
    if axis == rank - 1 and op.size % 2 == 1 and op.x.tensor.is_static:
        if rank == 4:
            return None
        shape = op.x.tensor.static_shape
        flat = reshaped(b, op.x, (1, 1, math.prod(shape[:-1]), shape[-1]))
        y = b.nn.lrn(flat, size=op.size, alpha=op.alpha, beta=op.beta, bias=op.bias, axis=3)
        return reshaped(b, y, shape)
    return decompositions.lrn(b, op)
