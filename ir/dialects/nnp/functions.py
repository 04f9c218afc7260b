"""One operation ``nnp.<Type>`` for every function type of NNabla, made from the tables of this folder.

Operands are the inputs by their names in NNabla; one that a function leaves out is None, also in the middle. Attributes
are the arguments, with the meaning of the file: what is not there is 0, false, "" or (). Beside them stand

* ``name``: the name of the function in its network,
* ``repeat_id``: the loops that the function is in, outermost first; ``repeat_param`` and ``recurrent_param``: the loop
  that a function begins, ends or delays in,
* ``context``: where the function was meant to run,
* ``no_param``: the file has no parameter message at all (one without fields counts as there).

What a function computes is said by its lift to the nn dialect.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ...attributes import Attribute, as_attribute
from ...core import Operation, Value
from ...opdef import (
    ANY,
    BOOL,
    FLOAT,
    FLOATS,
    INT,
    INTS,
    STRING,
    STRINGS,
    AttributeField,
    AttributeKind,
    Op,
    attribute,
    operand,
    result,
    variadic,
    variadic_results,
)
from .messages import is_repeated, is_shape
from .schema import descriptor
from .table import FunctionType, function_types

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor

# Arguments that ask for a result more than the table lists.
_MORE_RESULTS = ("with_index", "only_index", "output_u")


class FunctionOp(Op):
    """Base of the operations that stand for functions."""

    function_type: ClassVar[FunctionType]
    argument_names: ClassVar[tuple[str, ...]] = ()

    repeat_id = attribute(STRINGS, "the loops around the function, outermost first", default=())
    repeat_param = attribute(ANY, "repeat_id and times of RepeatStart and RepeatEnd", default=None)
    recurrent_param = attribute(ANY, "repeat_id, length, axis of RecurrentInput, RecurrentOutput, Delay", default=None)
    context = attribute(ANY, "the message Context", default=None)
    no_param = attribute(BOOL, "the file has no parameter message", default=False)

    @property
    def label(self) -> str:
        """The name of the function in the network."""
        return str(self.attributes["name"])

    def verify_op(self) -> None:
        if not isinstance(self.attributes.get("name"), str):
            raise self.error("expected attribute 'name' (string)")
        fault = self.function_type.input_count_fault(sum(v is not None for v in self.operands))
        if fault:
            raise self.error(f"has a wrong number of inputs: {fault}")
        fault = self.result_count_fault()
        if fault:
            raise self.error(f"has a wrong number of outputs: {fault}")

    def result_count_fault(self) -> str:
        """Why the function cannot have as many results as it has; empty where it can."""
        return result_count_fault(self.function_type, self.argument_names, len(self.results))


def result_count_fault(kind: FunctionType, arguments: Sequence[str], count: int) -> str:
    """Why a function with these arguments cannot have this many results; empty where it can."""
    most = len(kind.outputs) + any(name in arguments for name in _MORE_RESULTS)
    free = any(port.variadic for port in kind.outputs) or kind.name == "RecurrentInput"
    if count and (free or count <= most):
        return ""
    makes = "at least 1" if free else f"1 to {most}" if most > 1 else "1"
    return f"{kind.name} makes {makes}, got {count}"


class _KeptField(AttributeField[Any]):
    """An attribute that is stored even where it equals its default: an empty message is not the same as none."""

    def __set__(self, op: Operation, value: Attribute) -> None:
        op.attributes[self.name] = as_attribute(value)


_NUMBERS: dict[str, tuple[AttributeKind[Any], Any, AttributeKind[Any]]] = {
    "INT64": (INT, 0, INTS),
    "DOUBLE": (FLOAT, 0.0, FLOATS),
    "FLOAT": (FLOAT, 0.0, FLOATS),
    "BOOL": (BOOL, False, ANY),
    "STRING": (STRING, "", STRINGS),
}


def _argument(field: FieldDescriptor) -> AttributeField[Any]:
    if is_shape(field):
        return _KeptField(INTS, "", ())
    if field.message_type is not None:
        return _KeptField(ANY, "", None)
    names = {getattr(field, f"TYPE_{name}"): name for name in _NUMBERS}
    one, zero, many = _NUMBERS[names[field.type]]
    return attribute(many, default=()) if is_repeated(field) else attribute(one, default=zero)


def argument_fields(kind: FunctionType) -> list[FieldDescriptor]:
    """The fields of a function type's parameter message, in the order of NNabla's arguments."""
    if kind.param is None:
        return []
    fields: list[FieldDescriptor] = descriptor("Function").fields_by_name[kind.param].message_type.fields
    return sorted(fields, key=lambda field: field.number)


def port_fields(kind: FunctionType) -> dict[str, Any]:
    """The operand and result fields of a class that stands for a function type."""
    fields: dict[str, Any] = {}
    for port in kind.inputs:
        fields[port.name] = variadic() if port.variadic else operand(optional=port.optional)
    if any(port.variadic for port in kind.outputs):
        return fields | {kind.outputs[0].name: variadic_results()}
    return fields | {port.name: result() for port in kind.outputs}


def signature_text(kind: FunctionType) -> str:
    """The function with the names of its inputs and outputs."""
    return f"{kind.name}({', '.join(p.name for p in kind.inputs)}) -> {', '.join(p.name for p in kind.outputs)}"


def _define(kind: FunctionType) -> type[FunctionOp]:
    arguments = {field.name: _argument(field) for field in argument_fields(kind)}
    body = {
        "__doc__": f"NNabla's function {signature_text(kind)} ({kind.category}).",
        "__module__": __name__,
        "function_type": kind,
        "argument_names": tuple(arguments),
        **port_fields(kind),
        **arguments,
    }
    return types.new_class(kind.name, (FunctionOp,), {"name": f"nnp.{kind.name}"}, lambda space: space.update(body))


FUNCTION_OPS: dict[str, type[FunctionOp]] = {name: _define(kind) for name, kind in function_types().items()}
"""The operation of every function type."""


def place_inputs(kind: FunctionType, arguments: dict[str, Attribute], inputs: Sequence[Value]) -> list[Value | None]:
    """The inputs at their places: files leave no gap for an optional input that is not there.

    Raises ValueError where the number of inputs does not fit the function type.
    """
    fault = kind.input_count_fault(len(inputs))
    if fault:
        raise ValueError(fault)
    if kind.is_variadic:
        return list(inputs)
    absent = _absent_inputs(kind.name, arguments, inputs)
    present = [port.name for port in kind.inputs if port.name not in absent]
    if len(inputs) > len(present):
        left_out = " and ".join(sorted(absent))
        raise ValueError(f"{kind.name} without {left_out} takes at most {len(present)} inputs, got {len(inputs)}")
    by_name = dict(zip(present, inputs, strict=False))
    return [by_name.get(port.name) for port in kind.inputs]


def _absent_inputs(name: str, arguments: dict[str, Attribute], inputs: Sequence[Value]) -> set[str]:
    """The optional inputs that must be missing, judged by what is there."""
    if name in ("RNN", "LSTM", "GRU"):
        return {"weight"} if arguments.get("num_layers", 0) <= 1 else set()
    if name == "DeformableConvolution" and len(inputs) == 4:
        return {"mask"} if _rank(inputs[3]) == 1 else {"bias"}
    if name == "FusedConvolution":
        # The bias and the four inputs of a batch normalization exclude each other; z stands behind either.
        if len(inputs) in (3, 4):
            normalization = {"beta", "gamma", "mean", "variance"}
            return normalization if len(inputs) == 4 or _rank(inputs[2]) == 1 else normalization | {"bias"}
        return {"bias"}
    flags = {"beta": "no_bias", "gamma": "no_scale"}
    return {port for port, flag in flags.items() if arguments.get(flag)}


def _rank(value: Value) -> int:
    return value.tensor.rank
