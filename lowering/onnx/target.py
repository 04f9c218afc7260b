"""What the rules of the lowering work with: making operations that are legal at the opset, and constants."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import attrs
import numpy as np

from ...ir import DenseAttribute, Module, Operation, TensorType, Type, Value
from ...ir.dialects.onnx import Initializer, Schema, data_type, find_schema, op_name
from ...ir.layout import permute
from ...ir.module import constant_array, constant_attribute
from ...ir.opdef import lookup_op
from ...ir.types import I64, Array, ElementType
from ..rules import Rules
from .broadcasting import BROADCASTING, FIRST_OF_NUMPY, aligned
from .elements import substitute, type_variable
from .opsets import Opset

Rule = Callable[["Target", Any], "Value | Sequence[Value]"]
"""Makes the operations for one nn operation (without its fused activation); gives what replaces its results."""
_RULES: Rules[Rule] = Rules("nn")
lowers, rule_for = _RULES.lowers, _RULES.rule_for


@attrs.define
class Target:
    """Makes onnx operations before ``op``, the one that is being lowered."""

    module: Module
    op: Operation
    version: Opset
    _constants: dict[Hashable, Value] = attrs.Factory(dict)

    @property
    def opset(self) -> int:
        """The version of the default domain."""
        return self.version.version

    def build(
        self, name: str, *operands: Value | None, types: Sequence[Type] | None = None, **attributes: Any
    ) -> Sequence[Value]:
        """The results of an operation ``onnx.name``, made legal at the opset.

        They have the types of the operation being lowered unless ``types`` are given. Element types that the schema
        forbids are computed in wider ones. Raises VerifyError where the opset does not have the operator, one of the
        attributes or operands, or a type.
        """
        types = [r.type for r in self.op.results] if types is None else types
        if self.opset < FIRST_OF_NUMPY and name in BROADCASTING:
            lhs, rhs = operands
            assert lhs is not None and rhs is not None
            operands, how = aligned(self, name, lhs, rhs)  # type: ignore[assignment]  # a list of two
            attributes |= how
        schema = self.schema(name)
        self._check(schema, operands, types, attributes)
        variables = self._elements(schema, operands, types)
        substitution, misfit = substitute(schema, variables)
        if misfit is not None:
            raise self.error(
                f"has {variables[misfit]} elements, which {name} of opset {self.opset} does not take",
                "choose a higher opset (-d opset_N), or cast to f32 before",
            )
        chosen = substitution.by_variable
        given = [self._cast_operand(schema, i, v, chosen) for i, v in enumerate(operands)]
        made_types = [_with_element(t, chosen.get(type_variable(schema.outputs, i))) for i, t in enumerate(types)]
        made = self.insert(name, given, made_types, attributes)
        return [self.cast(r, _element(t)) for r, t in zip(made.results, types, strict=True)]

    def value(self, name: str, *operands: Value | None, **keywords: Any) -> Value:
        """:meth:`build` for an operation with one result, which it gives."""
        (result,) = self.build(name, *operands, **keywords)
        return result

    def has(self, name: str) -> bool:
        """Whether the opset has an operator."""
        schema = find_schema(name, "", self.opset)
        return schema is not None and not schema.deprecated

    def since(self, name: str) -> int:
        """The opset in which an operator got the form that it has at this one."""
        return int(self.schema(name).since_version)

    def schema(self, name: str) -> Schema:
        """The schema of an operator at the opset. Raises VerifyError where there is none, or only a deprecated one."""
        if not self.has(name):
            newest = find_schema(name, "")
            if newest is None or newest.deprecated:
                raise self.error(f"needs {name}, which opset {self.opset} does not have", "choose another opset")
            raise self.error(
                f"needs {name}, which opset {self.opset} does not have", "choose a higher opset with -d opset_N"
            )
        return find_schema(name, "", self.opset)

    def _check(
        self, schema: Schema, operands: Sequence[Value | None], types: Sequence[Type], attributes: dict[str, Any]
    ) -> None:
        """Raises VerifyError for what the schema does not know."""
        given = [i + 1 for i, value in enumerate(operands) if value is not None]
        what = next((f"the attribute '{name}'" for name in attributes if name not in schema.attributes), None)
        if given and given[-1] > schema.max_input:
            what = f"{given[-1]} operands"
        if len(types) > schema.max_output:
            what = f"{len(types)} results"
        if what is not None:
            raise self.error(
                f"needs {what} of {schema.name}, which opset {self.opset} does not have",
                "choose a higher opset with -d opset_N",
            )

    def _elements(
        self, schema: Schema, operands: Sequence[Value | None], types: Sequence[Type]
    ) -> dict[str, ElementType]:
        """The element type of each type variable of the schema, as operands and results bind it."""
        found: dict[str, ElementType] = {}
        for index, value in enumerate(operands):
            if value is not None and isinstance(value.type, TensorType):
                found.setdefault(type_variable(schema.inputs, index), value.tensor.storage)
        for index, type in enumerate(types):
            if isinstance(type, TensorType):
                found.setdefault(type_variable(schema.outputs, index), type.storage)
        return found

    def _cast_operand(self, schema: Schema, index: int, value: Value | None, chosen: Any) -> Value | None:
        wanted = chosen.get(type_variable(schema.inputs, index))
        return value if value is None or wanted is None else self.cast(value, wanted)

    def cast(self, value: Value, to: ElementType | None) -> Value:
        """The value with other elements; itself where it has them (or where it is no tensor: ``to`` is None)."""
        if to is None or value.tensor.storage == to:
            return value
        constant = constant_attribute(value)
        if constant is not None and constant.type.size <= _SMALL:
            return self.constant(constant.numpy().astype(to.dtype), value.name or "constant")
        type = value.tensor.with_element(to)
        return self.insert("Cast", [value], [type], {"to": data_type(to)}).results[0]

    def insert(
        self, name: str, operands: Sequence[Value | None], types: Sequence[Type], attributes: dict[str, Any]
    ) -> Operation:
        definition = lookup_op(op_name(name))
        assert definition is not None and self.op.parent is not None
        made = definition(list(operands), result_types=types, location=self.op.location, **attributes)
        return self.op.parent.insert_before(self.op, made)

    # Constants

    def constant(self, array: Array, name: str) -> Value:
        """A small constant; equal ones of a block are made once."""
        key = (array.tobytes(), array.shape, array.dtype.str, array.dtype.name)
        if key not in self._constants:
            self._constants[key] = self.dense(self.module.constant(array, name), name)
        return self._constants[key]

    def dense(self, dense: DenseAttribute, name: str | None) -> Value:
        """An initializer, at the beginning of the main function: the blocks inside see it too."""
        op = Initializer(value=dense, result_types=[dense.type], location=self.op.location)
        op.results[0].name = name
        body = self.module.main.body
        body.insert_before(body.first_op, op)
        return op.result

    def ints(self, numbers: Sequence[int], name: str) -> Value:
        """A vector of i64: shapes, axes, pads."""
        return self.constant(np.array(numbers, np.int64).reshape(-1), name)

    def scalar(self, number: int, name: str) -> Value:
        """A scalar of i64."""
        return self.constant(np.array(number, np.int64), name)

    def number(self, number: float, like: Value) -> Value:
        """A scalar with elements like those of another value."""
        return self.constant(np.array(number, like.tensor.storage.dtype), "value")

    # Steps that several rules take

    def shape(self, x: Value) -> Value:
        """The dimensions of x as a vector of i64: a constant where they are known."""
        if x.tensor.is_static:
            return self.ints(x.tensor.static_shape, "shape")
        return self.value("Shape", x, types=[TensorType((x.tensor.rank,), I64)])

    def length(self, x: Value, axis: int) -> Value:
        """One dimension of x as a vector of one i64."""
        index = self.ints([axis], "axis")
        return self.value("Gather", self.shape(x), index, types=[TensorType((1,), I64)], axis=0)

    def reshaped(self, x: Value, shape: Sequence[int], type: Type) -> Value:
        """x in another shape, given as Reshape takes it (0 copies, -1 is the rest)."""
        return x if x.type == type else self.value("Reshape", x, self.ints(shape, "shape"), types=[type])

    def transposed(self, x: Value, perm: Sequence[int]) -> Value:
        """x with its dimensions in another order. Constant ones become views: nothing is loaded or copied."""
        key = (x, tuple(perm))
        if key in self._constants:
            return self._constants[key]
        type = TensorType(permute(x.tensor.dims, perm), x.tensor.element)
        dense = constant_attribute(x)
        if dense is None:
            return self.value("Transpose", x, types=[type], perm=tuple(perm))
        view = self.module.add_resource(x.name or "weight", lambda: dense.read().transpose(perm), type)
        self._constants[key] = self.dense(view, x.name)
        return self._constants[key]

    def with_axes(self, x: Value, axes: Sequence[int], type: Type) -> Value:
        """x with dimensions of 1 at these places of the result (Unsqueeze)."""
        if self.since("Unsqueeze") < 13:
            return self.value("Unsqueeze", x, types=[type], axes=tuple(axes))
        return self.value("Unsqueeze", x, self.ints(axes, "axes"), types=[type])

    def without_axes(self, x: Value, axes: Sequence[int], type: Type) -> Value:
        """x without dimensions of 1 (Squeeze)."""
        if self.since("Squeeze") < 13:
            return self.value("Squeeze", x, types=[type], axes=tuple(axes))
        return self.value("Squeeze", x, self.ints(axes, "axes"), types=[type])

    def error(self, message: str, remedy: str = "") -> Exception:
        """An error about the operation being lowered."""
        return self.op.error(message, remedy)  # type: ignore[attr-defined]  # all that is lowered is an Op


_SMALL = 4096


def _element(type: Type) -> ElementType | None:
    return type.storage if isinstance(type, TensorType) else None


def _with_element(type: Type, element: ElementType | None) -> Type:
    return type if element is None or not isinstance(type, TensorType) else type.with_element(element)


def constant_ints(value: Value | None) -> tuple[int, ...] | None:
    """The numbers of a constant vector of integers; None for any other value."""
    array = constant_array(value)
    return None if array is None else tuple(int(n) for n in np.asarray(array).reshape(-1))
