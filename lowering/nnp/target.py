"""What the rules of the lowering work with: making functions, constants, and operands of one rank.

Everything in NNabla is a float32 tensor: integers, indices and booleans (0 and 1) are carried as such.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from ...ir import DenseResource, Diagnostics, Operation, QuantizedType, TensorType, Value, VerifyError
from ...ir.attributes import as_dense
from ...ir.dialects import nn
from ...ir.dialects.nnp import BATCH, FUNCTION_OPS, FunctionOp
from ...ir.module import constant_attribute
from ...ir.types import F32, Array, Dim, ElementType, Shape
from ..rules import Rules
from .parameters import Parameters

Rule = Callable[[Any, Any], "Value | Sequence[Value]"]
"""Makes the functions for one nn operation; gives what replaces its results."""
BASE_RULES: Rules[Rule] = Rules("nn")
lowers = BASE_RULES.lowers

FIX_BATCH = "fix the batch size (-b), or the sizes of inputs (--input-shape)"


@attrs.define
class Target:
    """Makes NNabla's functions before ``op``, the one that is being lowered."""

    op: Operation
    parameters: Parameters
    diagnostics: Diagnostics
    elements: Sequence[ElementType | QuantizedType] = ()
    """The elements of the operands as the nn dialect has them: those that were made by functions are float32 by now."""

    integers: set[Value] = attrs.Factory(set)
    """The values whose elements the nn dialect says are integers or booleans; shared by all operations."""

    def element(self, index: int = 0) -> ElementType:
        """The element type that an operand expresses in the nn dialect."""
        kind = self.elements[index]
        return kind.expressed if isinstance(kind, QuantizedType) else kind

    def build(
        self, name: str, *operands: Value | None, results: Sequence[Shape] | None = None, **arguments: Any
    ) -> Sequence[Value]:
        """Make a function; its results have the dimensions of those being lowered unless ``results`` says others."""
        if results is None:
            results = [r.tensor.dims for r in self.op.results]
        for dims in results:
            self._check(dims)
        made: FunctionOp = FUNCTION_OPS[name](
            *(None if v is None else self.tensor(v) for v in operands),
            result_types=[TensorType(tuple(dims), F32) for dims in results],
            location=self.op.location,
            name=name,
            **arguments,
        )
        made.verify()
        assert self.op.parent is not None
        self.op.parent.insert_before(self.op, made)
        return made.results

    def value(self, name: str, *operands: Value | None, dims: Sequence[Dim] | None = None, **arguments: Any) -> Value:
        """:meth:`build` for a function with one result, which it gives."""
        results = None if dims is None else [tuple(dims)]
        return self.build(name, *operands, results=results, **arguments)[0]

    def like(self, name: str, x: Value, *others: Value, **arguments: Any) -> Value:
        """A function whose result has the shape of its first operand."""
        return self.value(name, x, *others, dims=x.tensor.dims, **arguments)

    def has(self, name: str) -> bool:
        """Whether a function of this type can be made."""
        return name in FUNCTION_OPS

    def _check(self, dims: Sequence[Dim]) -> None:
        if not is_holdable(dims):
            held = TensorType(tuple(dims), F32)
            raise self.error(f"gives {held}: an NNP file holds numbers and the batch size alone", FIX_BATCH)
        if 0 in dims:
            raise self.error("gives a tensor without elements, and NNabla has none")

    # Constants

    def tensor(self, value: Value) -> Value:
        """The value as functions take it: a constant as a parameter."""
        dense = constant_attribute(value)
        if dense is None or not isinstance(value.defining_op, nn.Constant):
            return value
        return self._parameter(value, value.tensor.static_shape)

    def _parameter(self, value: Value, shape: Sequence[int]) -> Value:
        dense, op = constant_attribute(value), value.defining_op
        assert dense is not None and op is not None
        name = value.name or (dense.resource.name if isinstance(dense, DenseResource) else "constant")
        return self.parameters.value(dense, name, shape, op.location or self.op.location)

    def constant(self, numbers: Any, name: str) -> Value:
        """A parameter that the lowering makes itself; equal ones are made once."""
        dense = as_dense(np.asarray(numbers, np.float32))
        return self.parameters.value(dense, name, dense.type.static_shape, self.op.location)

    def computed(self, load: Callable[[], Array], shape: Sequence[int], name: str) -> Value:
        """A parameter that is made of others when it is written."""
        dense = self.parameters.module.add_resource(name, load, TensorType(tuple(shape), F32))
        return self.parameters.value(dense, name, shape, self.op.location)

    # Shapes

    def reshape(self, value: Value, dims: Sequence[Dim]) -> Value:
        """A value with other dimensions; a constant one is seen in another way."""
        dims = tuple(dims)
        if value.tensor.dims == dims:
            return self.tensor(value)
        if constant_attribute(value) is not None and isinstance(value.defining_op, nn.Constant):
            return self._parameter(value, [int(d) for d in dims if isinstance(d, int)])
        return self.value("Reshape", value, dims=dims, shape=shape_argument(dims))

    def raised(self, value: Value, rank: int) -> Value:
        """A value with leading dimensions of 1, so that it has the rank: NNabla does not add them itself."""
        missing = rank - value.tensor.rank
        return self.reshape(value, (1,) * missing + value.tensor.dims)

    def error(self, message: str, remedy: str = "") -> VerifyError:
        """An error about the operation being lowered."""
        return self.op.error(message, remedy)  # type: ignore[attr-defined]  # what is lowered is an Op


def shape_argument(dims: Sequence[Dim]) -> tuple[int, ...]:
    """Dimensions as an argument of a function: the batch size is -1."""
    return tuple(d if isinstance(d, int) else -1 for d in dims)


def is_holdable(dims: Sequence[Dim] | None) -> bool:
    """Whether an NNP file can say these dimensions: numbers, and the batch size."""
    return dims is not None and all(isinstance(d, int) or d == BATCH for d in dims)
