"""Elementwise arithmetic (scaffold)."""

from __future__ import annotations

import numpy as np

from ...opdef import Trait, operand, result
from ...types import Array, TensorType
from .base import NNOp, infer_broadcast


class Add(NNOp, name="nn.add", traits=(Trait.ELEMENTWISE, Trait.COMMUTATIVE)):
    """lhs + rhs, broadcast as in numpy."""

    lhs = operand()
    rhs = operand()
    output = result()

    def infer(self) -> TensorType:
        types = [self.lhs.tensor, self.rhs.tensor]
        return types[0].with_shape(infer_broadcast(self, types))

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        return np.add(lhs, rhs)
