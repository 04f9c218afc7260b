"""Putting functions of NNabla into the body of a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...ir import Attribute, Operation, TensorType, Value
from ...ir.dialects import nnp


def insert_call(
    before: Operation,
    kind: str,
    operands: Sequence[Value | None],
    types: Sequence[TensorType],
    arguments: Mapping[str, Attribute],
) -> nnp.FunctionOp:
    """A new function in front of an operation, with its location."""
    definition = nnp.FUNCTION_OPS[kind]
    call = definition(operands, result_types=types, location=before.location)
    for name, value in {"name": kind, **arguments}.items():
        call.set_attribute(name, value)
    assert before.parent is not None
    return before.parent.insert_before(before, call)
