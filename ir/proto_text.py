"""Schemas of protobuf messages, from the part of the .proto language that nncc's own schemas use.

Messages are not nested in others, but for the entries of maps; numbers of enumerations are ``int32``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

SCALARS = ("double", "float", "int32", "int64", "uint32", "uint64", "bool", "string", "bytes")

# A statement ends at `;`, `{` or `}`.
_STATEMENT = re.compile(r"[^;{}]+[;{]|\}")
_FIELD = re.compile(
    r"(?P<repeated>repeated )?(?:map<(?P<key>\w+), (?P<value>\w+)>|(?P<type>\w+))"
    r" (?P<name>\w+) = (?P<number>\d+)(?: \[packed = (?P<packed>true|false)\])?;"
)


def parse_proto(text: str, name: str) -> FileDescriptorProto:
    """The descriptor of a schema (proto3); ``name`` is that of the file. Raises ValueError for what is no field."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    file = FileDescriptorProto(name=name, syntax="proto3")
    statements = (s.strip() for s in _STATEMENT.findall(re.sub(r"//.*", "", text)))
    for statement in statements:
        if statement.startswith("message "):
            _parse_message(file.message_type.add(name=statement[len("message ") : -2]), statements)
    return file


def _parse_message(message: DescriptorProto, statements: Iterator[str]) -> None:
    in_oneof = False
    for statement in statements:
        if statement == "}":
            if not in_oneof:
                return
            in_oneof = False
        elif statement.startswith("oneof "):
            message.oneof_decl.add(name=statement[len("oneof ") : -2])
            in_oneof = True
        else:
            _parse_field(message, statement, in_oneof)


def _parse_field(message: DescriptorProto, statement: str, in_oneof: bool) -> None:
    match = _FIELD.fullmatch(statement)
    if match is None:
        raise ValueError(f"message {message.name}: cannot read {statement!r}")
    type_name = match["type"]
    if match["key"]:
        type_name = "".join(word.title() for word in match["name"].split("_")) + "Entry"
        entry = message.nested_type.add(name=type_name)
        entry.options.map_entry = True
        _add_field(entry, "key", 1, match["key"])
        _add_field(entry, "value", 2, match["value"])
        type_name = f"{message.name}.{type_name}"
    field = _add_field(message, match["name"], int(match["number"]), type_name)
    if match["repeated"] or match["key"]:
        field.label = field.LABEL_REPEATED
    if match["packed"]:
        field.options.packed = match["packed"] == "true"
    if in_oneof:
        field.oneof_index = len(message.oneof_decl) - 1


def _add_field(message: DescriptorProto, name: str, number: int, type_name: str) -> Any:
    field = message.field.add(name=name, number=number)
    field.label = field.LABEL_OPTIONAL
    if type_name in SCALARS:
        field.type = field.Type.Value(f"TYPE_{type_name.upper()}")
    else:
        field.type = field.TYPE_MESSAGE
        field.type_name = f".{type_name}"
    return field
