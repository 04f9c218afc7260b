"""Linear operations take factors up in their weights and biases: of what goes in, and of what comes out.

Products are computed in double precision and stored in the type of the weights. Weights that several operations share
are changed for one of them only, and equal changes of equal weights are made once.
"""

from __future__ import annotations

from collections.abc import Hashable

import attrs
import numpy as np
from numpy.typing import DTypeLike

from ..ir import Builder, Value
from ..ir.attributes import DenseAttribute, DenseResource, attribute_key
from ..ir.dialects import nn
from ..ir.module import Module, constant_attribute
from ..ir.types import Array
from .constants import float_constant
from .fold_scales_factor import Factor

Linear = nn.Conv | nn.ConvTranspose | nn.Affine
LINEAR = (nn.Conv, nn.ConvTranspose, nn.Affine)


def channel_axis(op: Linear, rank: int) -> int:
    """The axis along which a linear operation takes its inputs, and along which it gives its outputs."""
    return rank - 1 if isinstance(op, nn.Affine) or op.channel_last else 1


def outgoing(op: Linear, factor: Factor) -> Array | None:
    """The numbers, one an output channel, where the operation can take up a factor of its result; else None."""
    result = op.results[0].tensor
    if result.shape is None or not _has_constants(op):
        return None
    if op.activation != "none" and not (op.activation == "relu" and factor.keeps_zero):
        return None
    axis = channel_axis(op, result.rank)
    return factor.vector(axis, result.dims[axis])


def incoming(op: Linear, factor: Factor) -> Array | None:
    """The numbers, one an input channel, where the operation can take up a factor of its input x; else None.

    Zeros around x are not shifted with it: they must not be there.
    """
    x = op.x.tensor
    if x.shape is None or not _has_constants(op) or (factor.is_shift and not _sees_only_x(op)):
        return None
    axis = channel_axis(op, x.rank)
    return factor.vector(axis, x.dims[axis])


def _has_constants(op: Linear) -> bool:
    bias: Value | None = op.bias
    parameters = [op.weight] if bias is None else [op.weight, bias]
    return all(float_constant(v) is not None for v in parameters)


def _sees_only_x(op: Linear) -> bool:
    """Whether each output is a sum over the same number of elements of x, with the same weights."""
    if isinstance(op, nn.Affine):
        return True
    if isinstance(op, nn.Conv):
        return not any(op.pads)
    one_tap = set(op.kernel) | set(op.strides) == {1}
    return one_tap and not any(op.pads) and not any(op.output_padding)


@attrs.define
class LinearEditor:
    """Makes linear operations with factors taken up. One editor serves a whole module, and remembers what it made."""

    module: Module
    made: dict[Hashable, DenseAttribute] = attrs.field(factory=dict)

    def taking_up(self, b: Builder, op: Linear, numbers: Array, is_shift: bool, of_input: bool) -> Value:
        """The result of a copy of ``op`` that has taken up a factor (see :func:`incoming`, :func:`outgoing`)."""
        weight, bias = constant_attribute(op.weight), constant_attribute(op.bias)
        assert weight is not None
        if is_shift:
            shift = _response(op, weight.numpy(), numbers) if of_input else numbers
            bias = self._bias(op, weight, bias, shift)
        else:
            weight = self._scaled(weight, _per_weight(op, numbers, of_input))
            if bias is not None and not of_input:
                bias = self._scaled(bias, numbers)
        operands = [op.x, self._value(b, op.weight, weight), self._value(b, op.bias, bias)]
        attributes = {k: v for k, v in op.attributes.items() if k in op.attribute_fields}
        return b.create(op.name, *operands, **attributes).results[0]

    def constant(self, dense: DenseAttribute | None, numbers: Array, dtype: DTypeLike) -> DenseAttribute:
        """A constant of new numbers that takes the name of an old one."""
        name = dense.resource.name if isinstance(dense, DenseResource) else "folded"
        return self.module.constant(numbers.astype(dtype, copy=False), name)

    def _value(self, b: Builder, old: Value | None, new: DenseAttribute | None) -> Value | None:
        if new is None or constant_attribute(old) is new:
            return old
        made: Value = b.nn.constant(value=new)
        return made

    def _scaled(self, dense: DenseAttribute, factor: Array) -> DenseAttribute:
        key = (attribute_key(dense), "scaled", factor.shape, factor.tobytes())
        if key not in self.made:
            self.made[key] = self._product(dense, factor)
        return self.made[key]

    def _product(self, dense: DenseAttribute, factor: Array) -> DenseAttribute:
        """dense * factor. That of weights is made when it is needed: not all new ones need room beside the old."""

        def product() -> Array:
            old = dense.read()
            # the loop runs in double precision, but only buffers of that type are made, not a whole array
            return np.multiply(old, factor, out=np.empty(old.shape, old.dtype), casting="same_kind")

        if isinstance(dense, DenseResource):
            return self.module.add_resource(dense.resource.name, product, dense.type)
        return self.constant(dense, product(), dense.type.expressed.dtype)

    def _bias(self, op: Linear, weight: DenseAttribute, bias: DenseAttribute | None, shift: Array) -> DenseAttribute:
        key = (None if bias is None else attribute_key(bias), "shifted", shift.tobytes())
        if key not in self.made:
            shifted = shift if bias is None else bias.numpy() + shift
            self.made[key] = self.constant(bias, shifted, weight.type.expressed.dtype)
        return self.made[key]


def _per_weight(op: Linear, numbers: Array, of_input: bool) -> Array:
    """The numbers, one a channel, as an array that broadcasts to the weight."""
    if isinstance(op, nn.Affine):
        return numbers[:, None] if of_input else numbers[None, :]
    first, second, *kernel = op.weight.tensor.static_shape
    along_first = of_input == isinstance(op, nn.ConvTranspose)
    if along_first:
        return numbers.reshape(first, 1, *[1] * len(kernel))
    # the second axis counts the channels of one group, the first all: a group is a run of it
    grouped = numbers.reshape(op.groups, 1, second)
    repeated = np.broadcast_to(grouped, (op.groups, first // op.groups, second))
    return repeated.reshape(first, second, *[1] * len(kernel))


def _response(op: Linear, weight: Array, numbers: Array) -> Array:
    """What the operation gives, one number an output channel, for an input that is ``numbers`` everywhere."""
    if isinstance(op, nn.Affine):
        return np.einsum("kn,k->n", weight, numbers)
    flat = weight.reshape(op.groups, weight.shape[0] // op.groups, weight.shape[1], -1)
    by_group = numbers.reshape(op.groups, -1)
    equation = "gcok,gc->go" if isinstance(op, nn.ConvTranspose) else "gock,gc->go"
    return np.einsum(equation, flat, by_group).reshape(-1)
