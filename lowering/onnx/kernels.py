"""What the newest runtime computes: the element types that the CPU kernels of onnxruntime take.

``kernels.json`` is made of the runtime's own registry by :mod:`.regenerate`. ONNX allows more types than there are
kernels: what no kernel takes can often be computed in a wider type, see :mod:`.elements`.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("kernels.json")


@functools.cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found


@functools.cache
def kernel_elements(op_type: str, version: int, variable: str) -> frozenset[str] | None:
    """The element types (MLIR's names) of a type variable of an operator's schema that there are kernels for.

    None where the kernel says nothing: it takes all, or the operator is computed by its function body.
    """
    for since, until, constraints in _table()["kernels"].get(op_type, ()):
        if since <= version and (until is None or version <= until):
            names = constraints.get(variable)
            return None if names is None else frozenset(names.split())
    return None
