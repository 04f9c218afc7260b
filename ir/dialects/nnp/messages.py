"""Messages as attributes: a message becomes a dict of the fields that are set in it, and back, without loss.

Scalars are Python values, repeated fields tuples, messages and maps dicts. ``Shape`` is a tuple of its dimensions. A
float field becomes the shortest decimal that names the same float32 (0.0001, not 0.00009999999747378752).
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, TypeAlias

import numpy as np

from ...attributes import Attribute, DenseAttribute, as_dense

# Made at run time, so that type checkers know nothing of their fields.
Message: TypeAlias = Any
FieldDescriptor: TypeAlias = Any

MOST_PLAIN_FLOATS = 64
"""Longer runs of floats (the state of a solver) become dense arrays."""


def from_message(message: Message, without: Container[str] = ()) -> dict[str, Attribute]:
    """The set fields of a message, in the order of their numbers, except those named in ``without``."""
    return {f.name: _from_field(f, value) for f, value in message.ListFields() if f.name not in without}


def to_message(attributes: dict[str, Attribute], message: Message) -> None:
    """Set the fields of an empty message. Raises ValueError, naming the field, for what the message cannot hold."""
    fields = message.DESCRIPTOR.fields_by_name
    for name, value in attributes.items():
        if name not in fields:
            raise ValueError(f"{message.DESCRIPTOR.name} has no field '{name}'")
        try:
            _set_field(message, fields[name], value)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"{message.DESCRIPTOR.name}.{name} cannot be {value!r}") from error


def is_shape(field: FieldDescriptor) -> bool:
    """Whether a field holds the message ``Shape``."""
    return field.message_type is not None and field.message_type.name == "Shape"


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def is_repeated(field: FieldDescriptor) -> bool:
    """Protobuf 6 names this ``is_repeated``; protobuf 7 knows no ``label`` any more."""
    known = getattr(field, "is_repeated", None)
    return bool(field.label == field.LABEL_REPEATED if known is None else known)


def shortest(value: float) -> float:
    """The shortest decimal number that is this float32."""
    return float(str(np.float32(value)))


def _from_field(field: FieldDescriptor, value: Any) -> Attribute:
    if is_map(field):
        return {key: from_message(value[key]) for key in sorted(value)}
    if is_repeated(field):
        if field.cpp_type == field.CPPTYPE_FLOAT and len(value) > MOST_PLAIN_FLOATS:
            return as_dense(np.array(value, np.float32))
        return tuple(_from_single(field, element) for element in value)
    return _from_single(field, value)


def _from_single(field: FieldDescriptor, value: Any) -> Attribute:
    if is_shape(field):
        return tuple(value.dim)
    if field.message_type is not None:
        return from_message(value)
    return shortest(value) if field.cpp_type == field.CPPTYPE_FLOAT else value


def _set_field(message: Message, field: FieldDescriptor, value: Attribute) -> None:
    target = getattr(message, field.name)
    if is_map(field):
        for key, entry in value.items():
            to_message(entry, target[key])
    elif is_repeated(field) and field.message_type is not None:
        for element in value:
            to_message(element, target.add())
    elif is_repeated(field):
        target.extend(value.numpy() if isinstance(value, DenseAttribute) else value)
    elif is_shape(field):
        target.SetInParent()
        target.dim.extend(value)
    elif field.message_type is not None:
        target.SetInParent()
        to_message(value, target)
    else:
        setattr(message, field.name, value)
