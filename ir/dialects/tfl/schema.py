"""Names of TFLite's schema as the dialect spells them: element types, enumerations, fields of options."""

from __future__ import annotations

import functools
import re
from types import ModuleType
from typing import Any

from ...types import ELEMENT_TYPES, ElementType

TENSOR_TYPES = {
    "f32": "FLOAT32",
    "f16": "FLOAT16",
    "f64": "FLOAT64",
    "bf16": "BFLOAT16",
    "f8E4M3FN": "FLOAT8_E4M3FN",
    "f8E5M2": "FLOAT8_E5M2",
    "i1": "BOOL",
    "i2": "INT2",
    "i4": "INT4",
    "i8": "INT8",
    "i16": "INT16",
    "i32": "INT32",
    "i64": "INT64",
    "ui4": "UINT4",
    "ui8": "UINT8",
    "ui16": "UINT16",
    "ui32": "UINT32",
    "ui64": "UINT64",
    "complex<f32>": "COMPLEX64",
    "complex<f64>": "COMPLEX128",
}
"""Element types by their names in the schema."""
PACKED = frozenset({"i2", "i4", "ui4"})
"""Elements of less than a byte: several share one, the first in the low bits."""
ENUMERATIONS = {
    "fused_activation_function": "ActivationFunctionType",
    "padding": "Padding",
    "mode": "MirrorPadMode",
    "weights_format": "FullyConnectedOptionsWeightsFormat",
}
"""Fields of options tables that are enumerations, by the schema's names of these."""


@functools.cache
def generated() -> ModuleType:
    """The classes that TFLite's makers generate from the schema; importing them takes a while."""
    from ai_edge_litert import schema_py_generated

    return schema_py_generated  # type: ignore[no-any-return]  # it has no types


@functools.cache
def numbers(enumeration: str) -> dict[str, int]:
    """The members of an enumeration of the schema."""
    members = vars(getattr(generated(), enumeration))
    return {name: value for name, value in members.items() if type(value) is int}


@functools.cache
def names(enumeration: str) -> dict[int, str]:
    """The members of an enumeration of the schema, by number."""
    return {value: name for name, value in numbers(enumeration).items()}


def tensor_type_number(element: str) -> int | None:
    """The schema's number of an element type; None where it has none."""
    return numbers("TensorType").get(TENSOR_TYPES.get(element, ""))


@functools.cache
def elements() -> dict[int, ElementType]:
    """The element types by their numbers in the schema."""
    known = {element: tensor_type_number(element) for element in TENSOR_TYPES}
    return {number: ELEMENT_TYPES[element] for element, number in known.items() if number is not None}


@functools.cache
def options_class(table: str) -> Any:
    """The object class of an options table by its name without ``Options``; None where the schema has none."""
    return getattr(generated(), f"{table}OptionsT", None)


def camel(name: str) -> str:
    """The schema's field name as the generated classes spell it: ``stride_h`` is ``strideH``."""
    first, *others = name.split("_")
    return first + "".join(o.capitalize() for o in others)


def snake(name: str) -> str:
    """The schema's field name as the schema spells it: ``strideH`` is ``stride_h``."""
    return re.sub(r"([A-Z])", lambda m: f"_{m[1].lower()}", name)
