"""Conversions between element types."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...opdef import BOOL, TYPE, Trait, attribute, one_of, operand, result
from ...types import ELEMENT_TYPES, Array, ElementType, TensorType
from .base import NNOp

STRING = ELEMENT_TYPES["!nncc.string"]


class Cast(NNOp, name="nn.cast", traits=(Trait.ELEMENTWISE,)):
    """x in another element type.

    Float to integer cuts the fraction off (what does not fit is undefined, as in C); number to boolean is x != 0;
    boolean to number gives 0 or 1; of integers that do not fit, the lower bits are kept. Numbers become strings of up
    to 8 significant digits ("INF", "-INF" and "NaN" where they are not finite), and strings are read likewise.

    To floats of 8 bits, what does not fit becomes the greatest finite number with ``saturate``, else infinity, or NaN
    where the type has none. Powers of two (f8E8M0FNU) are found as ``power`` says. As Cast of ONNX.
    """

    x = operand()
    to = attribute(TYPE, "the element type of the result")
    saturate = attribute(BOOL, "whether too large numbers become the greatest, in floats of 8 bits", default=True)
    power = attribute(one_of("up", "down", "nearest"), "which power of two f8E8M0FNU takes", default="up")
    output = result("the shape of x")

    def verify_op(self) -> None:
        if not isinstance(self.to, ElementType):
            raise self.error(f"expected attribute 'to' to be an element type, got {self.to}")

    def infer(self) -> TensorType:
        self.verify_op()
        assert isinstance(self.to, ElementType)
        return TensorType(self.x.tensor.shape, self.to)

    def evaluate(self, x: Array) -> Array:
        to = self.to
        assert isinstance(to, ElementType)
        if x.dtype == object:
            return x if to.dtype == object else _from_strings(x, to)
        if to.dtype == object:
            return _to_strings(x)
        if to.name == "f8E8M0FNU":
            return _to_powers(x, to, self.saturate, self.power)
        if to.is_float and to.bits == 8 and self.saturate:
            return _saturated(x, to)
        return x.astype(to.dtype, copy=False)


class Bitcast(NNOp, name="nn.bitcast", traits=(Trait.ELEMENTWISE,)):
    """The bits of the elements of x, read as another element type of as many bits. As BitCast of ONNX."""

    x = operand()
    to = attribute(TYPE, "the element type of the result")
    output = result("the shape of x")

    def infer(self) -> TensorType:
        found, to = self.x.tensor.expressed, self.to
        if not isinstance(to, ElementType) or _width(found) is None or _width(found) != _width(to):
            raise self.error(f"expected attribute 'to' to be an element type as large as {found}, got {to}")
        return TensorType(self.x.tensor.shape, to)

    def evaluate(self, x: Array) -> Array:
        assert isinstance(self.to, ElementType)
        return x.view(self.to.dtype)


def _width(element: ElementType) -> int | None:
    """The bits of an element in memory, where a boolean has a byte; None for a string."""
    return None if element == STRING else 8 if element.is_bool else element.bits


def _saturated(x: Array, to: ElementType) -> Array:
    codes = np.arange(256, dtype=np.uint8).view(to.dtype).astype(np.float64)
    greatest = codes[np.isfinite(codes)].max()
    return np.clip(x.astype(np.float64), -greatest, greatest).astype(to.dtype)


def _to_powers(x: Array, to: ElementType, saturate: bool, power: str) -> Array:
    """Powers of two, stored as their exponents from -127 to 127; 255 stands for NaN."""
    wide = x.astype(np.float64)
    part, exponent = np.frexp(np.abs(wide))  # part is in 0.5 .. 1
    is_up = part > 0.5 if power == "up" else part >= 0.75 if power == "nearest" else np.zeros(x.shape, np.bool_)
    stored = exponent - 1 + is_up + 127
    stored = np.where(wide == 0, 0 if saturate else -1, np.where(np.isinf(wide), 255, stored))
    fits = (stored >= 0) & (stored < 255)
    stored = np.where(fits | saturate, np.clip(stored, 0, 254), 255)
    return np.where(np.isnan(wide), 255, stored).astype(np.uint8).view(to.dtype)


def _to_strings(x: Array) -> Array:
    made = np.empty(x.shape, object)
    for index, value in np.ndenumerate(x):
        made[index] = _text(value)
    return made


def _text(value: Any) -> str:
    if value.dtype.kind in "biu" or "int" in value.dtype.name:
        return str(int(value))
    number = float(value)
    if np.isnan(number):
        return "NaN"
    return f"{number:.8g}" if np.isfinite(number) else "INF" if number > 0 else "-INF"


def _from_strings(x: Array, to: ElementType) -> Array:
    """Numbers for their texts. Raises ValueError for other texts."""
    read = float if to.is_float or to.is_bool else _integer
    numbers: Array = np.array([read(text) for text in x.flat], np.float64 if read is float else object)
    shaped: Array = numbers.reshape(x.shape)
    return shaped.astype(to.dtype)


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return int(float(text))
