"""Flattened features in another order: a permutation that an affine's weights can take up.

Flattening a channel-last tensor gives the same features in another order. An affine behind it does not care once the
rows of its weight are in that order too, and neither do elementwise operations in between. The same holds for the
columns of an affine whose result is reshaped into an image.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from ..ir import Builder, DenseAttribute, Module, Operation, TensorType, Trait, Value
from ..ir.dialects import nn
from ..ir.layout import permute, to_last
from ..ir.module import constant_attribute
from ..ir.types import Array


@attrs.frozen
class Absorber:
    """A constant operand whose entries along ``axis`` follow the order of the features."""

    op: Operation
    index: int
    axis: int


def feature_order(dims: Sequence[int]) -> Array:
    """Which channel-first feature stands at each place when (N, *dims) is flattened in channel-last order."""
    rank = len(dims) + 1
    axes = [a - 1 for a in to_last(rank)[1:]]
    return np.arange(int(np.prod(dims))).reshape(dims).transpose(axes).reshape(-1)


def absorbers_behind(features: Value) -> list[Absorber] | None:
    """What must be permuted when the features (N, K) change their order; None where that is not enough."""
    found: list[Absorber] = []
    pending, seen = [features], {features}
    while pending:
        value = pending.pop()
        for op, index in value.uses:
            if isinstance(op, nn.Affine) and index == 0 and constant_attribute(op.weight) is not None:
                found.append(Absorber(op, 1, 0))
                continue
            constants = _elementwise_constants(op, value)
            if constants is None:
                return None
            found += constants
            if op.results[0] not in seen:
                seen.add(op.results[0])
                pending.append(op.results[0])
    return found


def absorbers_before(features: Value) -> list[Absorber] | None:
    """The same for the operations that ``features`` (N, K) is computed with."""
    found: list[Absorber] = []
    value = features
    while value.has_one_use and (op := value.defining_op) is not None:
        if isinstance(op, nn.Affine):
            if constant_attribute(op.weight) is None or (op.bias is not None and constant_attribute(op.bias) is None):
                return None
            return [*found, Absorber(op, 1, 1), *([Absorber(op, 2, 0)] if op.bias is not None else [])]
        inputs = [v for v in op.operands if v is not None and constant_attribute(v) is None]
        if len(inputs) != 1:
            return None
        constants = _elementwise_constants(op, inputs[0])
        if constants is None or inputs[0].type != value.type:
            return None
        found += constants
        value = inputs[0]
    return None


def _elementwise_constants(op: Operation, features: Value) -> list[Absorber] | None:
    """The constants of an elementwise operation on (N, K) that have an entry a feature; None for other operations."""
    if Trait.ELEMENTWISE not in op.traits or op.results[0].tensor.shape != features.tensor.shape:
        return None
    found = []
    for index, value in enumerate(op.operands):
        dense = constant_attribute(value)
        if value is None or value is features:
            continue
        if dense is None:
            return None
        dims = dense.type.dims
        if dims and dims[-1] != 1:
            found.append(Absorber(op, index, len(dims) - 1))
    return found


def permute_features(module: Module, absorbers: Sequence[Absorber], order: Array) -> None:
    """Give every absorber a constant whose features are in the new order."""
    for absorber in absorbers:
        old = absorber.op.operands[absorber.index]
        assert old is not None
        dense = constant_attribute(old)
        assert dense is not None
        array = np.take(dense.numpy(), order, axis=absorber.axis)
        new = new_constant(module, absorber.op, array, dense, old.name)
        absorber.op.set_operand(absorber.index, new)


def new_constant(module: Module, before: Operation, array: Array, like: DenseAttribute, name: str | None) -> Value:
    """A constant before an operation, with the element type (and the name) of another."""
    resource_name = getattr(getattr(like, "resource", None), "name", None) or name or "constant"
    type = TensorType(tuple(array.shape), like.type.element)
    made = Builder.before(module, before).create("nn.constant", value=module.constant(array, resource_name, type))
    made.results[0].name = name
    return made.results[0]


def last_constant(module: Module, before: Operation, value: Value, rank: int) -> Value:
    """The channel-last form of a constant operand of an operation of the given rank (numpy's broadcasting kept)."""
    dense = constant_attribute(value)
    assert dense is not None
    if dense.type.size == 1:
        return value
    array = dense.numpy()
    whole = array.reshape((1,) * (rank - array.ndim) + array.shape)
    return new_constant(module, before, whole.transpose(to_last(rank)), dense, value.name)


def permuted_type(type: TensorType, permutation: Sequence[int]) -> TensorType:
    """The type of a transposed tensor."""
    return type.with_shape(permute(type.dims, permutation))
