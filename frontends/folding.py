"""A builder for lifts, which computes at once what is known: shapes, axes, scales; not weights."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ..ir import Builder, CompileError, DenseAttribute, Operation, QuantizedType
from ..ir.interpreter import evaluate_op
from ..ir.module import constant_attribute
from ..ir.opdef import Op, Trait
from ..ir.types import Array, ElementType, TensorType

FOLDED_ELEMENTS = 4096
"""Results up to this many elements are computed where all operands are constants: shapes, axes, scales, not weights."""
_READ_ELEMENTS = 1 << 16
"""Operands above this are not read for that: they are weights, which stay in their file until they are needed."""
_BOUNDED = frozenset({"nn.non_zero", "nn.unique", "nn.compress", "nn.non_max_suppression"})
"""Operations whose results have sizes that only evaluation knows, but never more elements than a few operands."""


@attrs.frozen
class _Constants:
    """What ``create`` gives in place of an operation that was computed: constants as its results."""

    results: list[Any]

    @property
    def result(self) -> Any:
        (only,) = self.results
        return only


class FoldingBuilder(Builder):
    """Builds nn operations; one whose operands are all small constants becomes a constant at once."""

    def create(self, name: str, *operands: Any, **attributes: Any) -> Any:
        """Make and insert an operation; constants in its place where its operands are. Raises as ``Builder.create``."""
        op = super().create(name, *operands, **attributes)
        arrays = _computed(op)
        if arrays is None:
            return op
        constants = []
        for array, result in zip(arrays, op.results, strict=True):
            dense = self.module.constant(array, type=result.tensor.with_shape(tuple(map(int, array.shape))))
            constants.append(super().create("nn.constant", value=dense, location=op.location).result)
        op.erase()
        return _Constants(constants)


def _computed(op: Operation) -> list[Array] | None:
    """The results of an operation on small constants; None where it has to stay."""
    if op.name == "nn.shape_of":
        shape = op.operands[0].tensor  # type: ignore[union-attr]  # its one operand is required
        return [np.array(shape.static_shape, np.int64)] if shape.is_static else None
    if not isinstance(op, Op) or op.regions or not op.operands or Trait.PURE not in op.traits or not _is_small(op):
        return None
    operands = [None if v is None else constant_attribute(v) for v in op.operands]
    if any(dense is None and v is not None for dense, v in zip(operands, op.operands, strict=True)):
        return None
    if any(d is not None and (d.type.size > _READ_ELEMENTS or _is_quantized(d)) for d in operands):
        return None  # what is quantized stays so: targets of 8 bits take it as it is
    try:
        return list(evaluate_op(op, [None if d is None else d.numpy() for d in operands]))
    except CompileError:
        return None  # an index out of range, say: an error when the model runs this, which it need not do


def _is_quantized(dense: DenseAttribute) -> bool:
    return isinstance(dense.type.element, QuantizedType)


def _is_small(op: Operation) -> bool:
    """Whether the results are plain tensors of few elements. That must be known before: a range may be endless."""
    types = [r.type for r in op.results]
    if not all(isinstance(t, TensorType) and isinstance(t.element, ElementType) for t in types):
        return False
    if op.name in _BOUNDED:
        return True
    return all(t.is_static and t.size <= FOLDED_ELEMENTS for t in types if isinstance(t, TensorType))
