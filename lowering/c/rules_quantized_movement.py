"""Rules for what moves and picks 8-bit integers: whatever they stand for, it is done as with real numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ir import QuantizedType, Value
from .target import Rule, Target, lowers_quantized, rule_for

MOVES = (
    *("reshape", "squeeze", "expand_dims", "transpose", "slice", "strided_slice", "split", "split_v", "unpack"),
    *("reverse_v2", "broadcast_to", "tile", "concatenation", "pack", "pad", "padv2", "mirror_pad", "depth_to_space"),
    *("space_to_depth", "space_to_batch_nd", "batch_to_space_nd", "gather", "embedding_lookup", "gather_nd"),
    *("resize_nearest_neighbor", "reverse_sequence"),
)
"""Operations that move integers."""

PICKS = ("reduce_max", "reduce_min", "arg_max", "arg_min", "topk_v2", "maximum", "minimum", "select", "select_v2")
"""Operations that choose some: what is larger stands for what is larger."""


@lowers_quantized(*MOVES, *PICKS)
def as_it_is(t: Target, op: Any) -> Value | Sequence[Value]:
    _check_scales(t, op)
    rule: Rule | None = rule_for(op)
    assert rule is not None
    return rule(t, op)


def _check_scales(t: Target, op: Any) -> None:
    """Raises CompileError where operands and results have several scales or zero points."""
    values = [v for v in (*op.operands, *op.results) if v is not None]
    kinds = {v.tensor.element for v in values if isinstance(v.tensor.element, QuantizedType)}
    if len(kinds) > 1:
        shown = " and ".join(sorted(map(str, kinds)))
        raise t.error(f"moves integers of several scales, {shown}", "quantize them alike before")
    if getattr(op, "fused_activation_function", "NONE") != "NONE":
        raise t.error("has an activation function built in", "make it an operation of its own")
