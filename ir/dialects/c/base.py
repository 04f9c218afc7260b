"""The base class of ``c`` operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ...memory import BufferedOp, Share, byte_size
from ...opdef import DENSE, FLOAT, Op, Trait, attribute, result
from ...types import Array, TensorType


class KernelOp(BufferedOp, traits=(Trait.PURE,)):
    """Base of the operations that are calls of kernels.

    Result types are always given. Attributes are known when the program is compiled: the kernel is made for them.
    """

    can_fail: ClassVar[bool] = False
    """Whether the kernel gives a number other than 0 where it cannot do its work: the run ends then."""

    @property
    def output_type(self) -> TensorType:
        """The type of the first result."""
        return self.results[0].tensor

    def equal_sized(self, *operands: int) -> Sequence[Share]:
        """The shares of the first result with those of the operands that have as many elements of the same size: what
        elementwise kernels may write over.
        """
        size, count = byte_size(self.output_type), self.output_type.size
        values = [(i, self.operands[i]) for i in operands]
        return [Share(0, i) for i, v in values if v and (v.tensor.size, byte_size(v.tensor)) == (count, size)]


class Constant(Op, name="c.constant", traits=(Trait.CONSTANT, Trait.PURE)):
    """An array that the program holds."""

    value = attribute(DENSE, "the stored elements, with a quantized type where they stand for real numbers")
    output = result()

    def infer(self) -> TensorType:
        return self.value.type

    def evaluate(self) -> Array:
        return self.value.numpy()


class Clamped(KernelOp):
    """Base of the operations that can bound their result: an activation function that costs no pass of its own."""

    lower = attribute(FLOAT, "results below this become it", default=float("-inf"))
    upper = attribute(FLOAT, "results above this become it", default=float("inf"))

    def clamp(self, y: Array) -> Array:
        return y if (self.lower, self.upper) == (float("-inf"), float("inf")) else y.clip(self.lower, self.upper)
