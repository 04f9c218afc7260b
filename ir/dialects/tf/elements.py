"""Element types: TensorFlow's numbers, and what has no elements: handles of resources, variants."""

from __future__ import annotations

from typing import TypeAlias

from ...types import ELEMENT_TYPES, ElementType, TensorType, Type, UnknownType

TypeAttribute: TypeAlias = "ElementType | str"
"""The value of an attribute that is a type: an element type, or TensorFlow's name of one that nncc does not have."""

NAMES: dict[int, str] = {
    1: "f32",
    2: "f64",
    3: "i32",
    4: "ui8",
    5: "i16",
    6: "i8",
    7: "!nncc.string",
    8: "complex<f32>",
    9: "i64",
    10: "i1",
    11: "qint8",
    12: "quint8",
    13: "qint32",
    14: "bf16",
    15: "qint16",
    16: "quint16",
    17: "ui16",
    18: "complex<f64>",
    19: "f16",
    20: "resource",
    21: "variant",
    22: "ui32",
    23: "ui64",
    24: "f8E5M2",
    25: "f8E4M3FN",
    26: "f8E4M3FNUZ",
    28: "f8E5M2FNUZ",
    29: "i4",
    30: "ui4",
    31: "i2",
    32: "ui2",
    33: "f4E2M1FN",
}
"""What a number of TensorFlow's ``DataType`` is called here; references have 100 more than what they refer to."""
_CODES = {name: code for code, name in NAMES.items()}
REFERENCE = 100


def element_of(code: int) -> TypeAttribute:
    """The element type of a number of TensorFlow; the name of one that is no element type here. Raises ValueError."""
    name = NAMES.get(code - REFERENCE if code > REFERENCE else code)
    if name is None:
        raise ValueError(f"there is no data type {code}")
    return ELEMENT_TYPES.get(name, name)


def data_type(element: TypeAttribute) -> int:
    """The number of an element type in TensorFlow. Raises ValueError for one that it does not have."""
    name = element if isinstance(element, str) else element.name
    if name not in _CODES:
        raise ValueError(f"TensorFlow has no elements of type {name}")
    return _CODES[name]


def tensor_of(element: TypeAttribute | None) -> Type:
    """The type of a value of which only the elements are known."""
    return TensorType(None, element) if isinstance(element, ElementType) else UnknownType()
