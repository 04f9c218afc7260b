"""What operators have beside their tensors: the options of builtin ones, by the names of the schema."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from ...ir.dialects.tfl.base import OPTIONS, TFLOp
from ...ir.dialects.tfl.opaque import OpaqueOp
from ...ir.dialects.tfl.schema import ENUMERATIONS, camel, names, options_class, snake
from .flatbuffer import Malformed, Table

_DERIVED = frozenset(
    {"new_shape", "values_count", "num", "num_splits", "in_data_type", "out_data_type", "out_type", "output_type"}
)
"""Options that say again what the operands and the types of the results say, where an operation is defined."""
_KINDS: dict[str, Any] = {"int": int, "bool": bool, "float": float, "ints": lambda v: tuple(map(int, v))}


def read_options(operator: Table) -> tuple[str, dict[str, Any]]:
    """The name of an operator's options table (empty where there is none) and its fields. Raises Malformed."""
    for field, union in (("builtin_options", "BuiltinOptions"), ("builtin_options_2", "BuiltinOptions2")):
        number, at = operator.number(f"{field}_type", "B"), operator.target(field)
        if number and at:
            name = names(union).get(number, "").removesuffix("Options")
            if options_class(name) is None:
                raise Malformed(f"an operator has options of kind {number}, which the schema does not know")
            Table(operator.content, at, ())  # that it is one
            return name, _fields(operator, name, at)
    return "", {}


def _fields(operator: Table, name: str, at: int) -> dict[str, Any]:
    """The fields of an options table, read by the classes that are generated from the schema."""
    try:
        table = options_class(name).InitFromBuf(operator.content.bytes, at)
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError, struct.error) as error:
        raise Malformed(f"the options of an operator are damaged: {error}") from error
    found = {}
    for field, value in vars(table).items():
        if isinstance(value, np.ndarray | list | bytes):
            operator.content.spend(len(value))
        found[snake(field)] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | list):
        return tuple(v.item() if isinstance(v, np.generic) else v for v in value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value.item() if isinstance(value, np.generic) else value


def attributes_of(definition: type[TFLOp], table: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The attributes of an operation with these options. Raises ValueError for a number that no enumeration has.

    Regions stand for the numbers of subgraphs.
    """
    is_defined = definition is not OpaqueOp
    skipped = {f"{region.name}_index" for region in definition.region_fields}
    skipped |= (_DERIVED - set(definition.attribute_fields)) if is_defined else set()
    defaults = vars(options_class(table)()) if table else {}
    found: dict[str, Any] = {}
    for name, value in fields.items():
        field = definition.attribute_fields.get(name)
        if name in skipped or (field is None and _is_default(value, defaults.get(camel(name)))):
            continue
        if name in ENUMERATIONS:
            value = _member(name, value)
        elif field is not None and field.kind.name in _KINDS:
            value = _KINDS[field.kind.name](() if value is None else value)
        found[name] = value
    if table and not is_defined:
        found[OPTIONS] = table
    return found


def _is_default(value: Any, default: Any) -> bool:
    return value is None or bool(value == default)


def _member(name: str, number: int) -> str:
    found = names(ENUMERATIONS[name]).get(number)
    if found is None:
        raise ValueError(f"its {name} is {number}, which the schema does not know")
    return found
