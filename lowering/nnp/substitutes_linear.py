"""Matrix products and layers that nnabla-c-runtime has not, or computes wrongly, as its convolutions.

Its BatchMatmul adds to what lies in the memory of its result, so that it is right in the first run only, and transposes
its operands in their place. Affine takes stored weights alone: those are the ones that a file keeps transposed.
"""

from __future__ import annotations

import math
from typing import Any

from ...ir import Value
from ...ir.dialects.nnp import Variable
from ...ir.layout import permute
from ...ir.types import Shape
from .runtime import RuntimeTarget, stands_for


@stands_for("BatchMatmul")
def batch_matmul(
    t: RuntimeTarget, dims: Shape, a: Value, b: Value, transpose_a: bool = False, transpose_b: bool = False
) -> Value:
    """A convolution with as many groups as there are pairs of matrices."""
    a, b = (_turned(t, v) if turn else v for v, turn in ((a, transpose_a), (b, transpose_b)))
    *lead, rows, columns = (int(d) for d in dims if isinstance(d, int))
    inner = a.tensor.static_shape[-1]
    of_a, of_b = (v.tensor.static_shape[:-2] for v in (a, b))
    pairs = math.prod(lead)
    if math.prod(of_b) == 1:  # one matrix for all: the rows of the others are one list
        return t.reshape(_product(t, 1, pairs * rows, inner, columns, a, b), dims)
    if math.prod(of_a) == 1:
        return t.reshape(_one_with_many(t, pairs, rows, inner, columns, a, b), dims)
    a = a if of_a == tuple(lead) else t.value("Broadcast", a, dims=(*lead, rows, inner))
    b = b if of_b == tuple(lead) else t.value("Broadcast", b, dims=(*lead, inner, columns))
    return t.reshape(_product(t, pairs, rows, inner, columns, a, b), dims)


def _turned(t: RuntimeTarget, x: Value) -> Value:
    rank = x.tensor.rank
    perm = (*range(rank - 2), rank - 1, rank - 2)
    return t.value("Transpose", x, dims=permute(x.tensor.dims, perm), axes=perm)


def _product(t: RuntimeTarget, pairs: int, rows: int, inner: int, columns: int, a: Value, b: Value) -> Value:
    """(pairs, rows, inner) times (pairs, inner, columns): each row of a is a kernel over the columns of its b."""
    image = t.reshape(b, (1, pairs * inner, columns, 1))
    kernels = t.reshape(a, (pairs * rows, inner, 1, 1))
    return _convolution(t, (1, pairs * rows, columns, 1), image, kernels, pairs)


def _one_with_many(t: RuntimeTarget, pairs: int, rows: int, inner: int, columns: int, a: Value, b: Value) -> Value:
    """(rows, inner) times (pairs, inner, columns)"""
    image = t.reshape(b, (pairs, inner, columns, 1))
    return _convolution(t, (pairs, rows, columns, 1), image, t.reshape(a, (rows, inner, 1, 1)), 1)


def _convolution(t: RuntimeTarget, dims: Shape, image: Value, kernels: Value, groups: int) -> Value:
    ones, zeros = (1, 1), (0, 0)
    return t.value(
        "Convolution", image, kernels, dims=dims, base_axis=1, pad=zeros, stride=ones, dilation=ones, group=groups
    )


@stands_for("Affine")
def affine(
    t: RuntimeTarget, dims: Shape, x: Value, weight: Value, bias: Value | None = None, base_axis: int = 1
) -> Value | None:
    """A weight that is computed makes it a product of matrices."""
    if isinstance(weight.defining_op, Variable):
        return None
    given = x.tensor.static_shape
    rows, inner = math.prod(given[:base_axis]), math.prod(given[base_axis:])
    columns = weight.tensor.size // inner
    y = t.reshape(_product(t, 1, rows, inner, columns, x, weight), (rows, columns))
    if bias is not None:
        y = t.value("Add2", y, t.reshape(bias, (1, columns)), dims=(rows, columns))
    return t.reshape(y, dims)


@stands_for("DepthwiseConvolution")
def depthwise_convolution(
    t: RuntimeTarget, dims: Shape, x: Value, weight: Value, bias: Value | None = None, **arguments: Any
) -> Value:
    """One group a channel: DepthwiseConvolution runs no faster there, as it has no kernel for floats of its own."""
    arguments.pop("multiplier", None)
    outputs, *kernel = weight.tensor.static_shape
    grouped = t.reshape(weight, (outputs, 1, *kernel))
    return t.value("Convolution", x, grouped, bias, dims=dims, group=x.tensor.static_shape[1], **arguments)


@stands_for("DepthwiseDeconvolution")
def depthwise_deconvolution(
    t: RuntimeTarget, dims: Shape, x: Value, weight: Value, bias: Value | None = None, **arguments: Any
) -> Value:
    divisor = arguments.pop("divisor", 1)
    inputs, *kernel = weight.tensor.static_shape
    grouped = t.reshape(weight, (inputs, 1, *kernel))
    padding = (0,) * len(kernel)
    return t.value(
        "Deconvolution", x, grouped, bias, dims=dims, group=inputs // divisor, output_padding=padding, **arguments
    )
