"""Shape and Size: the dimensions of a tensor as a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....ir import Value
from ...sizes import END
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp


@lift("Shape")
def shape(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """From version 15 on, a range of the dimensions; what is out of range is cut."""
    start, end = op.get("start") or 0, op.get("end")
    dims = b.nn.shape_of(x)
    if start == 0 and end is None:
        return dims
    return b.nn.slice(dims, starts=(start,), stops=(END if end is None else end,), steps=(1,))


@lift("Size")
def size(b: Lifter, op: OnnxOp, x: Value) -> Value:
    return b.nn.reduce_prod(b.nn.shape_of(x), axes=(0,), keep_dims=False)
