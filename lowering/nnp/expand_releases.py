"""What earlier releases of NNabla lack, by what they have; see ``ir/dialects/nnp/history.json``."""

from __future__ import annotations

import numpy as np

from ...ir import Builder, Value
from ...ir.dialects import nn
from ...ir.layout import inverse
from ...ir.types import F32
from .. import decompositions, determinants, resizing, sampling
from ..einsum import einsum
from ..expansion import reshaped, swapped
from .expand_layers import part_of_longer
from .expansion import expands, version_of
from .windows import interpolate_arguments

expands("det", below=version_of(1, 5))(determinants.det)
expands("inverse", below=version_of(1, 5))(determinants.inverse)
expands("layer_norm", below=version_of(1, 17))(decompositions.layer_norm)
expands("deform_conv", below=version_of(1, 17))(sampling.deform_conv)
expands("cumprod", below=version_of(1, 19))(decompositions.cumprod)
expands("roi_align", below=version_of(1, 21))(sampling.roi_align)
expands("erf", below=version_of(1, 31))(decompositions.erf)
expands("einsum", below=version_of(1, 38))(einsum)
expands("trilu", below=version_of(1, 38))(decompositions.trilu)


@expands("resize", below=version_of(1, 9))
def resize(b: Builder, op: nn.Resize) -> Value | None:
    """Interpolate without half pixels."""
    arguments = interpolate_arguments(op) or {}
    return resizing.resize(b, op) if {"half_pixel", "half_pixel_for_nn"} & set(arguments) else None


@expands("conv_transpose", below=version_of(1, 9))
def conv_transpose(b: Builder, op: nn.ConvTranspose) -> Value | None:
    """Deconvolution without output_padding."""
    return part_of_longer(b, op) if any(op.output_padding) and not op.channel_last else None


@expands("gather", below=version_of(1, 13))
def gather(b: Builder, op: nn.Gather) -> Value | None:
    """With the axis in front, each index is a vector of one."""
    if op.batch_dims:
        return None
    rank, extra = op.x.tensor.rank, op.indices.tensor.rank
    axis = op.axis % rank
    front = (axis, *(i for i in range(rank) if i != axis))
    vectors = reshaped(b, op.indices, (*op.indices.tensor.dims, 1))
    found = b.nn.gather_nd(b.nn.transpose(op.x, perm=front), vectors)  # (indices..., before the axis..., behind it...)
    perm = (*range(extra, extra + axis), *range(extra), *range(extra + axis, extra + rank - 1))
    made: Value = b.nn.transpose(found, perm=perm)
    return made


@expands("cumsum", below=version_of(1, 19))
def cumsum(b: Builder, op: nn.Cumsum) -> Value | None:
    """A product with a matrix of ones on one side of the diagonal."""
    element, axis = op.x.tensor.expressed, op.axis % op.x.tensor.rank
    length = op.x.tensor.dims[axis]
    if not isinstance(length, int):
        return None
    ones = np.triu(np.ones((length, length), np.float32), 1 if op.exclusive else 0)
    perm = swapped(op.x, axis)
    y = b.nn.affine(b.nn.transpose(b.nn.cast(op.x, to=F32), perm=perm), ones.T if op.reverse else ones)
    made: Value = b.nn.cast(b.nn.transpose(y, perm=inverse(perm)), to=element)
    return made
