"""Attention of ONNX: it is lifted through its function body, where that has one meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...nodes import refuse
from .registry import check

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_BETWEEN = (1, 2)
"""The modes that give scores between the product and the softmax."""


@check("Attention")
def attention(op: OnnxOp) -> None:
    """Releases of ONNX disagree on what modes 1 and 2 of the fourth output are, and on the order of mask and softcap
    that they show; the opset does not tell which release a file is of.
    """
    asks = len(op.results) > 3 and op.results[3].has_uses
    if asks and (op.get("qk_matmul_output_mode") or 0) in _BETWEEN:
        reason = f"gives scores in mode {op.get('qk_matmul_output_mode')}, which releases of ONNX define differently"
        raise refuse(op, reason, "leave the fourth output out, or take it in mode 0 or 3")
