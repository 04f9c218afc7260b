"""What the rules of quantized operations have in common: scales, bounds, and what has no kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ir import QuantizedType, Value
from ...ir.fixed_point import Multiplier, rounded_half_away
from ...ir.types import I8
from .target import Target


def kind_of(t: Target, value: Value) -> QuantizedType:
    """The type of an activation: 8 bits with one finite scale. Raises CompileError for any other."""
    kind = value.tensor.element
    if isinstance(kind, QuantizedType) and kind.storage == I8 and kind.axis is None and np.isfinite(kind.scale):
        return kind
    remedy = "quantize activations to i8 with one finite scale each, or leave the operation in float"
    raise t.error(f"computes with {kind}, for which there is no C kernel", remedy)


def scale_of(kind: QuantizedType) -> np.float32:
    """The scale as files hold it, and kernels compute with it."""
    return np.float32(kind.scale)


def double(scale: Any) -> float:
    """A number of f32 where kernels go on in f64."""
    return float(scale)


def stored_bounds(t: Target, op: Any) -> dict[str, Any]:
    """The attributes ``zero_point``, ``lower`` and ``upper`` for the result and its fused activation function."""
    kind = kind_of(t, op.results[0])
    bounds = t.clamp(op) if hasattr(op, "fused_activation_function") else {"lower": -np.inf, "upper": np.inf}
    return {"zero_point": kind.zero_point, **bounds_in(kind, bounds["lower"], bounds["upper"])}


def bounds_in(kind: QuantizedType, lower: float, upper: float) -> dict[str, Any]:
    """The attributes ``lower`` and ``upper``: real numbers as integers of a type, the quotients being those of f32."""
    least, most = kind.storage.limits
    steps = rounded_half_away(np.array([lower, upper], np.float32) / scale_of(kind)) + kind.zero_point
    low, high = np.clip(steps, least, most).astype(int).tolist()
    return {"lower": low, "upper": high}


def scaling(real: Any, prefix: str = "") -> dict[str, Any]:
    """The attributes ``factor`` and ``shift`` of a real number."""
    multiplier = Multiplier.of(double(real))
    return {f"{prefix}factor": multiplier.factor, f"{prefix}shift": multiplier.shift}
