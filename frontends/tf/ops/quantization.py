"""Fake quantization: real numbers rounded to those that 8 bits (or 2 to 16) can stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....ir import QuantizedType, Value
from ....ir.types import ELEMENT_TYPES, F32, Array
from ...nodes import expect_rank, refuse
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp


@lift("FakeQuantWithMinMaxArgs")
def fake_quant_args(b: Lifter, op: TfOp, x: Value) -> Value:
    return _fake(b, op, x, np.array([op.get("min")]), np.array([op.get("max")]), None)


@lift("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel")
def fake_quant_vars(b: Lifter, op: TfOp, x: Value, low: Value, high: Value) -> Value:
    """One range for all, or one a place of the last axis."""
    least, most = b.array(low), b.array(high)
    if least is None or most is None:
        raise refuse(op, "has a range that is computed", "freeze the model")
    axis = expect_rank(op, x, 1) - 1 if op.op_type.endswith("PerChannel") else None
    return _fake(b, op, x, least.reshape(-1), most.reshape(-1), axis)


def _fake(b: Lifter, op: TfOp, x: Value, least: Array, most: Array, axis: int | None) -> Value:
    """The grid is moved so that zero is on it ("nudged"), as TensorFlow does."""
    bits = int(op.get("num_bits"))
    if not 2 <= bits <= 16 or (least > 0).any() or (most < 0).any() or (least >= most).any():
        raise refuse(op, f"has {bits} bits and ranges from {least.min()} to {most.max()}", "let ranges contain 0")
    first, last = int(bool(op.get("narrow_range"))), 2**bits - 1
    low, high = least.astype(np.float32), most.astype(np.float32)
    scales = (high - low) / np.float32(last - first)
    zeros = np.clip(np.floor(np.float32(first) - low / scales + np.float32(0.5)), first, last)
    storage = ELEMENT_TYPES["ui8" if bits <= 8 else "ui16"]
    limits = None if (first, last) == storage.limits else (first, last)
    grid = QuantizedType(storage, F32, tuple(map(float, scales)), tuple(int(z) for z in zeros), axis, limits)
    return b.nn.fake_quantize(x, grid=grid)
