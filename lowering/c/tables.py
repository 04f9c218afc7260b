"""The functions of 8 bits as tables, with the arithmetic of TensorFlow Lite's reference kernels.

Those of :data:`REAL` are computed in f32 there, by C's library: here each result is the f32 nearest to the true one,
which a library may miss by its last bit. Those of :data:`FIXED` are computed with integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...ir.dialects.nn.unary import erf
from ...ir.fixed_point import Multiplier, inverse_square_root, rounded_half_away, rounding_shift
from ...ir.types import Array, QuantizedType

_F32 = np.float32


def _nearest(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A function of f64 as the nearest one of f32."""
    return lambda x: function(x.astype(np.float64)).astype(_F32)


_exp, _tanh = _nearest(np.exp), _nearest(np.tanh)


def _gelu(x: Array) -> Array:
    return _F32(0.5) * x * _nearest(lambda v: 1 - erf(v))(x * _F32(-math.sqrt(0.5)))


def _gelu_tanh(x: Array) -> Array:
    inner = _F32(math.sqrt(2 / math.pi)) * (x + _F32(0.044715) * x * x * x)
    return _F32(0.5) * x * (_F32(1) + _tanh(inner))


REAL: dict[str, Callable[[Array], Array]] = {
    "elu": lambda x: np.where(x < 0, _nearest(np.expm1)(x), x),
    "exp": _exp,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "log": lambda x: np.where(x > 0, _nearest(np.log)(x), _F32(-np.inf)),
    "logistic": lambda x: _F32(1) / (_F32(1) + _exp(-x)),
    "tanh": _tanh,
}


def real_table(name: str, x: QuantizedType, y: QuantizedType) -> Array:
    """A function of real numbers."""
    inputs = _F32(x.scale) * _centred(x).astype(_F32)
    with np.errstate(all="ignore"):
        steps = rounded_half_away(REAL[name](inputs) * (_F32(1) / _F32(y.scale)))
    return _stored(np.clip(steps, -(2.0**30), 2.0**30).astype(np.int64), y)


def _requantized(x: Array, a: QuantizedType, b: QuantizedType) -> Array:
    return Multiplier.of(float(_F32(a.scale)) / float(_F32(b.scale))).times(x)


def _relu(x: Array, a: QuantizedType, b: QuantizedType) -> Array:
    return Multiplier.of(_ratio(a, b)).times(x)


def _abs(x: Array, a: QuantizedType, b: QuantizedType) -> Array:
    return np.abs(x) if _F32(a.scale) == _F32(b.scale) else Multiplier.of(_ratio(a, b)).times(np.abs(x))


def _rsqrt(x: Array, a: QuantizedType, b: QuantizedType) -> Array:
    """Of numbers that are not positive the largest integer; the kernel gives up on negative ones."""
    scale = Multiplier.of(1 / float(np.sqrt(_F32(a.scale)) * _F32(b.scale)))
    roots = [inverse_square_root(max(int(v), 1)) for v in x]
    wide = np.array([int(Multiplier(r.factor, r.shift + 20).times(np.int64(1))) for r in roots])
    y = Multiplier(scale.factor, scale.shift - 20).times(wide)
    return np.where(x > 0, y, b.storage.limits[1] - b.zero_point)


def _hard_swish(x: Array, a: QuantizedType, b: QuantizedType) -> Array:
    """In 16 bits: x over the result's scale, times x + 3 cut to 0 .. 6, over 6."""
    fine = _F32(1 / 128) * _F32(a.scale)
    output, gate = Multiplier.of(float(fine / _F32(b.scale))), Multiplier.of(float(fine / _F32(3 / 32768)))
    if output.shift > 0:
        raise ValueError("the result's scale is less than 1/128 of the operand's, which the kernel does not compute")
    wide = x << 7
    value, limit = _high16(wide, _short(output)), wide
    if gate.shift > 0:
        limit = _saturated16(limit << (gate.shift - 1))
    limit = _high16(limit, _short(gate))
    limit = _saturated16(limit << 1) if gate.shift > 0 else rounding_shift(limit, -gate.shift)
    limit = (limit + (1 << 15)) >> 1
    product = limit * value
    high = np.where(product < 0, -((-product) >> 15), product >> 15)  # towards zero
    return rounding_shift(high, -output.shift)


FIXED: dict[str, Callable[[Array, QuantizedType, QuantizedType], Array]] = {
    "abs": _abs,
    "hard_swish": _hard_swish,
    "quantize": _requantized,
    "relu": _relu,
    "rsqrt": _rsqrt,
}


def fixed_table(name: str, x: QuantizedType, y: QuantizedType) -> Array:
    """A function of integers. Raises ValueError where the kernel does not compute it for these scales."""
    return _stored(FIXED[name](_centred(x), x, y), y)


def leaky_relu_table(alpha: float, x: QuantizedType, y: QuantizedType) -> Array:
    """x where it is positive, else alpha * x."""
    below = Multiplier.of(abs(float(_F32(x.scale) * _F32(alpha) / _F32(y.scale))))
    centred = _centred(x)
    negative = below.times(centred) * (-1 if alpha < 0 else 1)
    return _stored(np.where(centred >= 0, Multiplier.of(_ratio(x, y)).times(centred), negative), y)


def _ratio(a: QuantizedType, b: QuantizedType) -> float:
    """The quotient of two scales, rounded to f32 as kernels do that divide what the file holds."""
    return float(_F32(a.scale) / _F32(b.scale))


def _centred(kind: QuantizedType) -> Array:
    """All integers of a type, less its zero point."""
    least, most = kind.storage.limits
    return np.arange(least, most + 1, dtype=np.int64) - kind.zero_point


def _stored(y: Array, kind: QuantizedType) -> Array:
    least, most = kind.storage.limits
    stored: Array = (y + kind.zero_point).clip(least, most).astype(kind.storage.dtype)
    return stored


def _short(multiplier: Multiplier) -> int:
    """The 15 upper bits of a factor, rounded."""
    return min((multiplier.factor + (1 << 15)) >> 16, 2**15 - 1)


def _high16(a: Array, b: Any) -> Array:
    """a * b / 2^15, halves rounded up."""
    product: Array = (a * b + (1 << 14)) >> 15
    return product


def _saturated16(x: Array) -> Array:
    return x.clip(-(2**15), 2**15 - 1)
