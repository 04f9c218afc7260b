"""Flattened features in another order: a permutation that an affine's weights can take up.

Flattening a channel-last tensor gives the same features in another order. An affine behind it does not care once the
rows of its weight are in that order too, and neither do elementwise operations in between. The same holds for the
columns of an affine whose result is reshaped into an image.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial

import attrs
import numpy as np

from ...ir import Builder, DenseResource, Module, Operation, TensorType, Trait, Value
from ...ir.dialects import nn
from ...ir.module import constant_attribute
from ...ir.types import Array


@attrs.frozen
class Absorber:
    """A constant operand whose entries along ``axis`` follow the order of the features."""

    op: Operation
    index: int
    axis: int


def feature_order(dims: Sequence[int], order: Sequence[int]) -> Array:
    """Which feature of the model stands at each place when (N, *dims), in memory in ``order``, is flattened."""
    axes = [a - 1 for a in order[1:]]
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


@attrs.define
class Rearranged:
    """Constants in other orders: each is made once, however many operations share it (the steps of a loop do)."""

    module: Module
    _made: dict[Hashable, Value] = attrs.field(factory=dict)

    def permute_features(self, absorbers: Sequence[Absorber], order: Array) -> None:
        """Give every absorber a constant whose features are in the new order."""
        for absorber in absorbers:
            old = absorber.op.operands[absorber.index]
            assert old is not None
            key = (old, absorber.axis, order.tobytes())
            absorber.op.set_operand(absorber.index, self._once(key, old, partial(_take, order, absorber.axis)))

    def in_order(self, value: Value, order: tuple[int, ...]) -> Value:
        """The form of a constant for an operation that works in ``order`` (numpy's broadcasting kept)."""
        if value.tensor.size == 1:
            return value

        def transposed(array: Array) -> Array:
            return array.reshape((1,) * (len(order) - array.ndim) + array.shape).transpose(order)

        return self._once((value, order), value, transposed)

    def _once(self, key: Hashable, old: Value, change: Callable[[Array], Array]) -> Value:
        """The changed constant, behind the one that it is made of."""
        if key not in self._made:
            dense, op = constant_attribute(old), old.defining_op
            assert dense is not None and op is not None
            array = change(dense.read())
            name = dense.resource.name if isinstance(dense, DenseResource) else old.name or "constant"
            value = self.module.constant(array, name, TensorType(tuple(array.shape), dense.type.element))
            made = Builder.after(self.module, op).create("nn.constant", value=value)
            made.results[0].name = old.name
            self._made[key] = made.results[0]
        return self._made[key]


def _take(order: Array, axis: int, array: Array) -> Array:
    return np.take(array, order, axis)
