"""The base classes of operations on stored integers."""

from __future__ import annotations

import numpy as np

from ....fixed_point import rescale
from ....opdef import INT, Trait, attribute
from ....types import Array
from ..base import KernelOp


class StoredOp(KernelOp, traits=(Trait.STORED,)):
    """Base of operations that compute with stored integers."""


class BoundedOp(StoredOp):
    """Base of those that give integers with a zero point, within bounds: an activation function that costs nothing."""

    zero_point = attribute(INT, "the integer of the result that stands for 0")
    lower = attribute(INT, "results below this become it", default=-128)
    upper = attribute(INT, "results above this become it", default=127)

    def stored(self, y: Array) -> Array:
        """The integers of the result for what they are without zero point."""
        bounded: Array = (y + self.zero_point).clip(self.lower, self.upper)
        return bounded.astype(self.output_type.storage.dtype)


class ScaledOp(BoundedOp):
    """Base of those that multiply what they compute by one real number, factor * 2^(shift - 31)."""

    factor = attribute(INT, "31 bits of what the result is multiplied by")
    shift = attribute(INT, "its power of two")

    def scaled(self, y: Array) -> Array:
        """The integers of the result for what is computed before scaling."""
        return self.stored(rescale(y, self.factor, self.shift))


def widened(x: Array, zero_point: int = 0) -> Array:
    """Integers of 64 bits, less their zero point."""
    return x.astype(np.int64) - zero_point
