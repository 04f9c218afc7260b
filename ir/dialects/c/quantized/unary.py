"""Functions of one integer, and what leads to integers and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....fixed_point import rounded_half_away
from ....memory import Share
from ....opdef import FLOAT, INT, Trait, attribute, operand, result
from ....types import Array
from .base import BoundedOp, StoredOp


class Lookup(StoredOp, name="c.lookup", traits=(Trait.ELEMENTWISE,)):
    """table[x + 128]: any function of 8 bits is a table, which the compiler makes; 128 less for unsigned x"""

    x = operand("8 bits")
    table = operand("(256,), what the function gives for the smallest integer, and so on")
    output = result()

    def evaluate(self, x: Array, table: Array) -> Array:
        y: Array = table[x.astype(np.int64) - np.iinfo(x.dtype).min]
        return y

    def overwrites(self) -> Sequence[Share]:
        return self.equal_sized(0)


class Quantize(BoundedOp, name="c.quantize", traits=(Trait.ELEMENTWISE,)):
    """x / scale + zero_point, halves away from zero; the quotient is one of f32. NaN becomes the lower bound."""

    x = operand("f32")
    scale = attribute(FLOAT)
    output = result()

    def evaluate(self, x: Array) -> Array:
        y = rounded_half_away(x / np.float32(self.scale))
        low, high = self.lower - self.zero_point, self.upper - self.zero_point
        return self.stored(np.where(y > low, np.minimum(y, high), low).astype(np.int64))


class Dequantize(StoredOp, name="c.dequantize", traits=(Trait.ELEMENTWISE,)):
    """(x - zero_point) * scale, in f32"""

    x = operand()
    scale = attribute(FLOAT)
    zero_point = attribute(INT)
    output = result("f32")

    def evaluate(self, x: Array) -> Array:
        y: Array = (x.astype(np.int64) - self.zero_point).astype(np.float32) * np.float32(self.scale)
        return y
