"""Makes ``kernels.json`` anew from the TensorFlow that is installed: ``python -m nncc.lowering.tf.regenerate``."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from ...ir.dialects.tf import definitions
from ...ir.dialects.tf.elements import NAMES
from .kernels import TABLE

_DEVICES = ("CPU", "DEFAULT")


def kernel_table() -> dict[str, dict[str, str]]:
    """By operator and attribute: the element types that some CPU kernel takes, where it does not take all."""
    from tensorflow.python.framework import kernels, op_def_registry

    found: dict[str, list[dict[str, set[int]]]] = defaultdict(list)
    for kernel in kernels.get_all_registered_kernels().kernel:
        if kernel.device_type in _DEVICES and not kernel.label and kernel.op in definitions():
            found[kernel.op].append({c.name: set(c.allowed_values.list.type) for c in kernel.constraint})
    table: dict[str, dict[str, str]] = {}
    for name, limits in sorted(found.items()):
        rows = {a.name: _taken(a, limits) for a in op_def_registry.get(name).attr if a.type in ("type", "list(type)")}
        table[name] = {attribute: row for attribute, row in rows.items() if row is not None}
    return {name: rows for name, rows in table.items() if rows}


def _taken(attribute: Any, limits: list[dict[str, set[int]]]) -> str | None:
    """The types that the operator allows and a kernel takes, by name; None where both take all."""
    allowed: set[int] | None = set(attribute.allowed_values.list.type) or None
    if all(limit.get(attribute.name) for limit in limits):
        taken = set().union(*(limit[attribute.name] for limit in limits))
        allowed = taken if allowed is None else allowed & taken
    if allowed is None:
        return None
    return " ".join(sorted(NAMES[t] for t in allowed if t in NAMES and not NAMES[t].startswith(("q", "resource"))))


def main() -> None:
    import tensorflow

    lines = [f"    {json.dumps(name)}: {json.dumps(rows)}" for name, rows in kernel_table().items()]
    text = ",\n".join(lines)
    version = tensorflow.__version__
    TABLE.write_text(f'{{\n  "tensorflow": "{version}",\n  "kernels": {{\n{text}\n  }}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
