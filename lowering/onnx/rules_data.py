"""Operations whose results have sizes that depend on the data, and linear algebra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.types import I64
from .target import Target, lowers


def _axis(op: Any) -> dict[str, Any]:
    return {} if op.axis is None else {"axis": op.axis % op.x.tensor.rank}


@lowers("compress")
def compress(t: Target, op: nn.Compress) -> Value:
    return t.value("Compress", op.x, op.condition, **_axis(op))


@lowers("unique")
def unique(t: Target, op: nn.Unique) -> Sequence[Value]:
    order: dict[str, Any] = {} if op.sorted else {"sorted": 0}
    return t.build("Unique", op.x, **_axis(op), **order)


@lowers("non_zero")
def non_zero(t: Target, op: nn.NonZero) -> Value:
    rows, columns = op.output.tensor.dims
    y = t.value("NonZero", op.x, types=[TensorType((columns, rows), I64)])
    return t.value("Transpose", y, perm=(1, 0))


@lowers("det")
def det(t: Target, op: nn.Det) -> Value:
    return t.value("Det", op.x)


@lowers("dft")
def dft(t: Target, op: nn.Dft) -> Value:
    axis = op.axis % op.x.tensor.rank
    flags = {name: 1 for name in ("inverse", "onesided") if getattr(op, name)}
    length = None if op.length is None else t.reshaped(t.cast(op.length, I64), (), TensorType((), I64))
    if t.since("DFT") < 20:
        return t.value("DFT", op.x, length, axis=axis, **flags)
    return t.value("DFT", op.x, length, t.scalar(axis, "axis"), **flags)
