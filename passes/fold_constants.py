"""Computes at compile time what depends on constants alone.

%w = "nn.constant"() {value = ...} : () -> tensor<2x3xf32>
%t = "nn.transpose"(%w) {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>     // becomes a constant
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TypeGuard

import attrs
import numpy as np

from ..ir import DenseResource, Location, Module, Op, Operation, TensorType, Trait, Value
from ..ir.dialects import nn
from ..ir.interpreter import evaluate_op
from ..ir.module import constant_attribute
from ..ir.opdef import registered_ops
from ..ir.passes import Pass, PassContext, option
from ..ir.types import Array, QuantizedType, merge_types

SMALL = 1 << 16


@attrs.define
class FoldConstants(Pass, name="fold-constants"):
    """Evaluates pure operations whose operands are all constants, exactly as the interpreter would.

    A result that is bigger than both ``limit`` and its operands together is left to run time: a small constant that is
    broadcast, tiled or resized must not blow the file up. The shape of a value is folded where it is known.
    Nothing is folded that takes quantized constants to real ones: that would undo the quantization of weights. Weights
    whose data is not there (a dump without them) are left alone.
    """

    limit: int = option(SMALL, "results up to this many bytes are always folded")

    def run(self, module: Module, context: PassContext) -> bool:
        folded = 0
        for op in module.walk():
            if _is_foldable(op) and self._fold(module, op):
                folded += 1
        self.counts["operations"] += folded
        if folded:
            module.drop_unused_resources()  # the old weights: keeping both would double the memory
        return folded > 0

    def _fold(self, module: Module, op: Op) -> bool:
        operands = _operands(op)
        if operands is None or not self._is_small_enough(op, operands):
            return False
        constant = _constant_of(op.name.partition(".")[0])
        if constant is None:
            return False
        arrays = [np.require(a, requirements="C") for a in evaluate_op(op, operands)]
        sources = [v.defining_op for v in op.operands if v is not None]
        location = Location.union([*(s.location for s in sources if s is not None), op.location], self.name)
        assert op.parent is not None
        for value, array in zip(op.results, arrays, strict=True):
            if value.has_uses:
                dense = module.constant(array, _weight_name(value, sources), _exact_type(value, array))
                new = op.parent.insert_before(op, constant(value=dense, location=location))
                value.replace_all_uses_with(new.results[0])
        op.erase()
        for source in dict.fromkeys(sources):
            if source is not None and Trait.CONSTANT in source.traits and not source.has_uses:
                source.erase()
        return True

    def _is_small_enough(self, op: Op, operands: Sequence[Array | None]) -> bool:
        if not all(v.tensor.is_static for v in op.results):
            return False
        given = sum(a.nbytes for a in operands if a is not None)
        made = sum(v.tensor.size * v.tensor.storage.dtype.itemsize for v in op.results if v.has_uses)
        return made <= max(self.limit, given)


def _is_foldable(op: Operation) -> TypeGuard[Op]:
    return (
        isinstance(op, Op)
        and Trait.PURE in op.traits
        and Trait.CONSTANT not in op.traits
        and op.is_evaluable()
        and not op.regions
        and op.has_uses
        and all(isinstance(v.type, TensorType) for v in op.results)
    )


def _operands(op: Op) -> list[Array | None] | None:
    """The stored elements of the operands, if all that count are constants."""
    if isinstance(op, nn.ShapeOf) and op.x.tensor.is_static:
        return [np.broadcast_to(np.False_, op.x.tensor.static_shape)]  # only its shape is looked at
    arrays: list[Array | None] = []
    for value in op.operands:
        dense = constant_attribute(value)
        if value is not None and (dense is None or _is_elided(dense) or _loses_quantization(value, op)):
            return None
        arrays.append(None if dense is None else dense.numpy())
    return arrays


def _is_elided(dense: object) -> bool:
    return isinstance(dense, DenseResource) and dense.resource.is_elided


def _loses_quantization(value: Value, op: Op) -> bool:
    return _is_quantized(value) and not all(map(_is_quantized, op.results))


def _is_quantized(value: Value) -> bool:
    return isinstance(value.type, TensorType) and isinstance(value.type.element, QuantizedType)


@functools.cache
def _constant_of(dialect: str) -> type[Op] | None:
    """The operation that makes constants in a dialect; None where there is none."""
    return next((op for op in registered_ops(dialect) if Trait.CONSTANT in op.traits), None)


def _exact_type(value: Value, array: Array) -> TensorType:
    """The type of the result, with all that the array tells about its shape."""
    merged = merge_types(value.type, value.tensor.with_shape(tuple(map(int, array.shape))))
    assert isinstance(merged, TensorType)
    return merged


def _weight_name(value: Value, sources: Sequence[Operation | None]) -> str:
    """The name of the result, or of the first weight that it was made of."""
    if value.name:
        return value.name
    for source in sources:
        dense = constant_attribute(source.results[0]) if source is not None else None
        if isinstance(dense, DenseResource):
            return dense.resource.name
    return "constant"
