"""The builder that lifts get: it reads constants and changes layouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from ....ir import DenseAttribute, DenseResource, QuantizedType, Value, constant_array
from ....ir.dialects import nn
from ....ir.dialects.nn.contents import known_elements
from ....ir.layout import permute, to_first, to_last
from ....ir.module import constant_attribute
from ....ir.types import Array
from ...lifting import RegionBuilder
from ...nodes import Node, expect_rank, refuse


class Lifter(RegionBuilder):
    """Builds nn operations for the operators of a subgraph."""

    def is_constant(self, value: Value) -> bool:
        """Whether a value is a constant, quantized or not; its elements are not read."""
        source = value.defining_op
        return constant_attribute(source.x if isinstance(source, nn.Dequantize) else value) is not None

    def array(self, value: Value | None) -> Array | None:
        """The elements of a constant, real numbers of a quantized one; None for any other value and for None."""
        source = value.defining_op if value is not None else None
        return constant_array(source.x if isinstance(source, nn.Dequantize) else value)

    def elements(self, value: Value) -> list[Any] | None:
        """What is known of the integers in a value: of a constant all, of a computed shape what types say."""
        array = self.array(value)
        known = known_elements(value) if array is None else array
        if known is None:
            return None
        return [int(e) if isinstance(e, int | np.integer) else e for e in known.reshape(-1)]

    def ints(self, value: Value) -> tuple[int, ...] | None:
        """The integers in a value; None where they are not all known before the model runs."""
        found = self.elements(value)
        return None if found is None or not all(isinstance(e, int) for e in found) else tuple(map(int, found))

    def known_ints(self, op: Node, value: Value, what: str) -> tuple[int, ...]:
        """The integers in a value that must be known. Raises CompileError where they are not."""
        found = self.ints(value)
        if found is None:
            raise refuse(op, f"computes {what} when the model runs", f"make {what} constant, or fix the input shapes")
        return found

    def channel_first(self, op: Node, x: Value, rank: int = 4) -> Value:
        """(N, ..., C) as (N, C, ...). Raises CompileError for another rank."""
        expect_rank(op, x, rank, rank)
        return self.transpose(x, to_first(rank))

    def channel_last(self, x: Value) -> Value:
        """(N, C, ...) as (N, ..., C)."""
        return self.transpose(x, to_last(x.tensor.rank))

    def transpose(self, x: Value, perm: Sequence[int]) -> Value:
        """x with its axes in another order; weights get it when they are read, quantized ones stay quantized."""
        source = x.defining_op
        stored = source.x if isinstance(source, nn.Dequantize) else x
        dense = constant_attribute(stored)
        made: Value
        if dense is None or (stored is x and not isinstance(dense, DenseResource)):
            made = self.nn.transpose(x, perm=tuple(perm))
            return made
        made = self.nn.constant(value=self._transposed(dense, tuple(perm)))
        return made if stored is x else self.nn.dequantize(made)

    def _transposed(self, dense: DenseAttribute, perm: Sequence[int]) -> DenseResource:
        type, kind = dense.type.with_shape(permute(dense.type.dims, perm)), dense.type.element
        if isinstance(kind, QuantizedType) and kind.axis is not None:
            type = type.with_element(attrs.evolve(kind, axis=tuple(perm).index(kind.axis)))
        name = dense.resource.name if isinstance(dense, DenseResource) else "weight"
        return self.module.add_resource(name, lambda: dense.read().transpose(perm), type)


def activated(b: Lifter, op: Any, y: Value) -> Value:
    """y behind the activation function that is built into an operator. Raises CompileError for an unknown one."""
    function = op.fused_activation_function
    if function == "NONE":
        return y
    made: Value
    if function == "RELU":
        made = b.nn.relu(y)
    elif function == "RELU6":
        made = b.nn.clip(y, min=0.0, max=6.0)
    elif function == "RELU_N1_TO_1":
        made = b.nn.clip(y, min=-1.0, max=1.0)
    elif function == "TANH":
        made = b.nn.tanh(y)
    else:
        raise refuse(op, f"ends with the activation {function}, which no runtime computes", "write it as an operator")
    return made
