"""What TensorFlow computes: the element types and the numbers of dimensions that its CPU kernels take.

``kernels.json`` is made of the runtime's own registry by :mod:`.regenerate`. Graphs with other types are valid, and
fail where they run.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

from ...ir import TensorType
from ...ir.dialects.tf import TfOp
from ...ir.types import ElementType

TABLE = Path(__file__).with_name("kernels.json")

_TURNED_DOWN = {("Tile", "T"): frozenset({"ui16"})}
"""Types that registered kernels turn down when they run."""

_MOST_DIMENSIONS = {
    "ArgMax": 7,
    "ArgMin": 7,
    "BroadcastTo": 8,
    "GatherNd": 7,
    "MirrorPad": 5,
    "Pad": 6,
    "PadV2": 6,
    "ReverseV2": 8,
    "SelectV2": 8,
    "StridedSlice": 8,
    "TensorScatterUpdate": 8,
    "Tile": 7,
}
"""The greatest rank that a kernel takes; others have no limit, or one that no network reaches."""


@functools.cache
def _table() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(TABLE.read_text(encoding="utf-8"))["kernels"]
    return found


@functools.cache
def kernel_elements(op_type: str, attribute: str) -> frozenset[str] | None:
    """The element types (MLIR's names) that kernels take for an attribute of an operator; None where they take all."""
    names = _table().get(op_type, {}).get(attribute)
    return None if names is None else frozenset(names.split())


def unsupported_element(op: TfOp) -> str | None:
    """The element type of a node that no kernel takes; None where there is one for all."""
    assert op.definition is not None
    for attribute, spec in op.definition.attributes.items():
        if spec.kind not in ("type", "types"):
            continue
        value = op.get(attribute)
        given = [e.name for e in (value if isinstance(value, tuple) else (value,)) if isinstance(e, ElementType)]
        known = kernel_elements(op.op_type, attribute)
        refused = _TURNED_DOWN.get((op.op_type, attribute), frozenset())
        for name in given:
            if name in refused or (known is not None and name not in known):
                return name
    return None


def exceeded_rank(op: TfOp) -> int | None:
    """The greatest rank that the kernel of a node takes, where an operand or a result has more dimensions."""
    most = _MOST_DIMENSIONS.get(op.op_type)
    if most is None:
        return None
    types = [v.type for v in (*op.operands, *op.results) if v is not None]
    return most if any(isinstance(t, TensorType) and len(t.shape or ()) > most for t in types) else None
