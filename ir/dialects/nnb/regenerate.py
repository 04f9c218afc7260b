"""Writes ``functions.json`` from a description of the C runtime's function table.

    python -m nncc.ir.dialects.nnb.regenerate nnb_functions.json

The description lists, for every function, its signatures with their ids, API levels and the fields of their records.
It was made from NNabla 1.39's exporter and the headers of nnabla-c-runtime; only the table is part of nncc.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .layout import record_layout
from .table import Argument

HERE = Path(__file__).parent
CODES = {"int64": "i", "double": "f", "float": "f", "bool": "B", "Shape": "I", "repeated int64": "I"}

# What the runtime does not say, or says of functions that it cannot run: there NNabla's own behaviour counts.
WITHOUT: dict[tuple[str, str], Any] = {("SoftPlus", "beta"): 1.0, ("ISTFT", "pad_mode"): "reflect"}


def function_row(name: str, function: dict[str, Any]) -> dict[str, Any] | None:
    """One row of the table; None where no signature of the function can be stored."""
    stored = [v for v in function["versions"] if v["exportable"]]
    if not stored:
        return None
    fields = stored[-1]["fields"]
    arguments = [_argument(field) for field in fields]
    for version in stored:
        offsets, size = record_layout(arguments[: len(version["fields"])])
        assert [f["offset"] for f in version["fields"]] == offsets, name
        assert version["size"] == size, name
    row: dict[str, Any] = {"arguments": " ".join(map(str, arguments))}
    row["versions"] = [
        [v["api_level"], v["id"], len(v["fields"]) if v["exportable"] else None] for v in function["versions"]
    ]
    fewest = min(len(v["fields"]) for v in stored)
    constants: dict[str, str] = {}
    for version in stored:
        constants |= version.get("runtime_constants", {})
    later = arguments[fewest:]
    if later:
        row["without"] = {a.name: WITHOUT.get((name, a.name), _constant(a, constants.get(a.name))) for a in later}
    if function["c_runtime"] == "support":
        row["implemented"] = True
    return row


def _argument(field: dict[str, Any]) -> Argument:
    if field["source_type"] == "string":
        return Argument(field["name"], "s", tuple(field["enum"]))
    return Argument(field["name"], CODES[field["source_type"]])


def _constant(argument: Argument, text: str | None) -> Any:
    """An argument's value for the number that the runtime puts in its place."""
    number = float(text or 0)
    if argument.code == "s":
        return argument.choices[int(number)]
    return {"i": int(number), "f": number, "B": bool(number), "I": []}[argument.code]


def main(source: str) -> None:
    """Write the table into this folder."""
    functions = json.loads(Path(source).read_text(encoding="utf-8"))["functions"]
    rows = {name: function_row(name, function) for name, function in functions.items()}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items() if row is not None)
    (HERE / "functions.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
