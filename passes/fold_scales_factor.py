"""Factors: what a tensor is multiplied by, or what is added to it, known now.

A factor is an array of the tensor's rank whose dimensions are those of the tensor or 1: (1, C, 1, 1) is one number a
channel. That form goes through reshapes and transposes like a tensor, and needs no notion of channels or layouts.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from ..ir import Operation, Value
from ..ir.dialects import nn
from ..ir.types import Array, Dim, Shape
from .constants import float_constant


@attrs.frozen(eq=False)
class Factor:
    """x * array, or x + array where it ``is_shift``; float64, of the rank of x."""

    array: Array
    is_shift: bool = False

    @property
    def neutral(self) -> float:
        """The number that changes nothing."""
        return 0.0 if self.is_shift else 1.0

    @property
    def is_neutral(self) -> bool:
        return bool(np.all(self.array == self.neutral))

    @property
    def keeps_order(self) -> bool:
        """Whether the greater of two elements stays the greater one."""
        return self.is_shift or bool(np.all(self.array > 0))

    @property
    def keeps_zero(self) -> bool:
        """Whether max(x, 0) may be taken before or after."""
        return not self.is_shift and bool(np.all(self.array > 0))

    def varies_along(self, axes: Sequence[int]) -> bool:
        """Whether the number depends on the place along one of the axes."""
        return any(self.array.shape[a] != 1 for a in axes)

    def vector(self, axis: int, length: Dim) -> Array | None:
        """The numbers along one axis; None where they vary along another, too."""
        axis %= self.array.ndim
        if self.varies_along([a for a in range(self.array.ndim) if a != axis]) or not isinstance(length, int):
            return None
        return np.broadcast_to(self.array.reshape(-1), (length,))

    def with_array(self, array: Array) -> Factor:
        """The same kind of factor with other numbers."""
        return attrs.evolve(self, array=array)

    def inverted(self) -> Factor:
        """What undoes this one."""
        return self.with_array(-self.array if self.is_shift else 1 / self.array)

    def fitted(self, shape: Shape) -> Factor | None:
        """The factor for a tensor that is broadcast to this one's; None where repeated elements would differ."""
        extra = self.array.ndim - len(shape)
        if self.varies_along(range(extra)):
            return None
        array = self.array.reshape(self.array.shape[extra:])
        fits = all(n == 1 or n == d for n, d in zip(array.shape, shape, strict=True))
        return self.with_array(array) if fits else None

    def broadcast(self, rank: int) -> Factor:
        """The factor for a tensor of a higher rank that this one's tensor is broadcast to."""
        return self.with_array(self.array.reshape([1] * (rank - self.array.ndim) + list(self.array.shape)))

    def applied(self, numbers: Array) -> Array:
        """numbers with the factor, in double precision."""
        result: Array = numbers.astype(np.float64)
        return result + self.array if self.is_shift else result * self.array


def constant_factor(constant: Value | None, shape: Shape | None, is_shift: bool) -> Factor | None:
    """The factor that a constant operand is for a tensor of that shape.

    None where it is no constant, is not finite, or would broadcast the tensor.
    """
    dense = float_constant(constant)
    if dense is None or shape is None or dense.type.rank > len(shape):
        return None
    sizes = (1,) * (len(shape) - dense.type.rank) + dense.type.static_shape
    numbers: Array = dense.numpy().astype(np.float64).reshape(sizes)
    if not all(n == 1 or n == d for n, d in zip(sizes, shape, strict=True)):
        return None
    if numbers.size == 0 or not np.all(np.isfinite(numbers)):
        return None
    return Factor(squeezed(numbers), is_shift)


def squeezed(numbers: Array) -> Array:
    """The array with the axes of length 1 along which it does not vary."""
    for axis, length in enumerate(numbers.shape):
        first = numbers.take([0], axis)
        if length > 1 and np.array_equal(numbers, np.broadcast_to(first, numbers.shape)):
            numbers = first
    return numbers


def factor_of(op: Operation) -> tuple[int, Factor] | None:
    """The number of the operand x, and its factor, where the operation is x * c, x + c or -x; else None."""
    if isinstance(op, nn.Neg):
        shape = op.x.tensor.shape
        return None if shape is None else (0, Factor(np.full([1] * len(shape), -1.0)))
    if not isinstance(op, nn.Mul | nn.Add) or op.activation != "none":
        return None
    for index, (x, constant) in enumerate(((op.lhs, op.rhs), (op.rhs, op.lhs))):
        factor = constant_factor(constant, x.tensor.shape, isinstance(op, nn.Add))
        if factor is not None:
            return index, factor
    return None
