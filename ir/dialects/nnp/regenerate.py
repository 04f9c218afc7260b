"""Writes the two tables of this folder: ``python -m nncc.ir.dialects.nnp.regenerate SCHEMA.json FUNCTIONS.json``.

* ``nnabla.proto``: the messages of an NNP file. SCHEMA.json holds ``messages``: name -> ``fields`` (name, number,
  label, type, type_name, oneof, packed_explicit), ``oneofs``, ``nested``, ``map_entry``.
* ``functions.json``: the function types. FUNCTIONS.json holds ``functions``: name -> ``category``, ``inputs``,
  ``outputs``, ``arguments`` and ``proto_param``.

Both inputs describe one release of NNabla; nncc itself reads only the outputs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FLAGS = ("parameter", "optional", "variadic")


def proto_lines(messages: dict[str, Any]) -> Iterator[str]:
    """The schema as the lines of a .proto file, one field a line."""
    yield "// The messages of NNP files. Written by regenerate.py; read by schema.py, and by protoc."
    yield 'syntax = "proto3";'
    for name, message in messages.items():
        yield ""
        yield from message_lines(name, message, "")


def message_lines(name: str, message: dict[str, Any], indent: str) -> Iterator[str]:
    fields = message["fields"]
    if not fields:
        yield f"{indent}message {name} {{}}"
        return
    maps = {f".{name}.{entry}": spec for entry, spec in message.get("nested", {}).items() if spec.get("map_entry")}
    if len(maps) != len(message.get("nested", {})):
        raise ValueError(f"message {name} nests a message that is no map entry")
    yield f"{indent}message {name} {{"
    oneof = None
    for field in sorted(fields, key=lambda f: "oneof" in f):
        if field.get("oneof") != oneof:
            oneof = field["oneof"]
            yield f"{indent}  oneof {oneof} {{"
        yield f"{indent}  {'  ' if oneof else ''}{field_text(field, maps)};"
    if oneof:
        yield f"{indent}  }}"
    yield f"{indent}}}"


def field_text(field: dict[str, Any], maps: dict[str, Any]) -> str:
    kind = field.get("type_name", field["type"])
    if kind in maps:
        key, value = (f.get("type_name", f["type"]).lstrip(".") for f in maps[kind]["fields"])
        return f"map<{key}, {value}> {field['name']} = {field['number']}"
    label = "repeated " if field["label"] == "repeated" else ""
    packed = f" [packed = {str(field['packed']).lower()}]" if field.get("packed_explicit") else ""
    return f"{label}{kind.lstrip('.')} {field['name']} = {field['number']}{packed}"


def function_row(function: dict[str, Any]) -> dict[str, Any]:
    """One row of functions.json; a port is its name and, after a colon, its flags."""
    row = {"category": function["category"], "inputs": ports(function["inputs"]), "outputs": ports(function["outputs"])}
    if "proto_param" in function:
        row["param"] = function["proto_param"]
    return row


def ports(entries: list[dict[str, Any]]) -> list[str]:
    return [":".join([e["name"], ",".join(flag for flag in FLAGS if e.get(flag))]).rstrip(":") for e in entries]


def main(schema: str, functions: str) -> None:
    """Write both tables into this folder."""
    lines = proto_lines(json.loads(Path(schema).read_text(encoding="utf-8"))["messages"])
    (HERE / "nnabla.proto").write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = json.loads(Path(functions).read_text(encoding="utf-8"))["functions"]
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(function_row(f))}" for name, f in table.items())
    (HERE / "functions.json").write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
