"""The message classes of NNP files, made from ``nnabla.proto`` when they are first asked for.

proto3 without ``optional``: a scalar that is not in the file is 0, false or "", whatever NNabla's API defaults to. The
numbers of the function parameters change between releases of NNabla, so networks travel as text; only ``Parameter``
messages are stable in binary.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

SCALARS = ("double", "float", "int64", "uint32", "bool", "string")
ROOT = "NNablaProtoBuf"

# The part of the .proto language that the file uses; a statement ends at `;`, `{` or `}`.
_STATEMENT = re.compile(r"[^;{}]+[;{]|\}")
_FIELD = re.compile(
    r"(?P<repeated>repeated )?(?:map<(?P<key>\w+), (?P<value>\w+)>|(?P<type>\w+))"
    r" (?P<name>\w+) = (?P<number>\d+)(?: \[packed = (?P<packed>true|false)\])?;"
)


@functools.cache
def message_class(name: str = ROOT) -> Any:
    """The class of a message; the root message unless named. Raises KeyError for a name that the schema lacks."""
    from google.protobuf.message_factory import GetMessageClass

    return GetMessageClass(descriptor(name))


def descriptor(name: str) -> Any:
    """The descriptor of a message: its fields, in protobuf's terms."""
    return _pool().FindMessageTypeByName(name)


@functools.cache
def _pool() -> Any:
    from google.protobuf.descriptor_pool import DescriptorPool

    pool = DescriptorPool()
    text = Path(__file__).with_name("nnabla.proto").read_text(encoding="utf-8")
    pool.Add(parse_proto(text))
    return pool


def parse_proto(text: str) -> FileDescriptorProto:
    """The descriptor of a schema in the subset of the .proto language that ``regenerate.py`` writes."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    file = FileDescriptorProto(name="nncc/nnabla.proto", syntax="proto3")
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
        raise ValueError(f"nnabla.proto: message {message.name}: cannot read {statement!r}")
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
