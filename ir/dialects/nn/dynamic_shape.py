"""Reshape, broadcast, tile, squeeze and unsqueeze by operands: the shape is computed where the network runs."""

from __future__ import annotations

import numpy as np

from ...core import Value
from ...opdef import BOOL, attribute, operand, result
from ...types import Array, Dim, Shape, TensorType
from .base import broadcast_shapes
from .movement import CONTRADICTION, MovementOp, quotient, reshaped
from .shape_operands import ints_of, known_axes, known_vector


class DynamicReshape(MovementOp, name="nn.dynamic_reshape"):
    """The elements of x, in row-major order, in the shape that an operand gives.

    In ``shape``, 0 stands for the dimension of x at the same index (for 0 itself with ``allow_zero``), and one -1 for
    what is left. As Reshape of ONNX.
    """

    shape = operand("a vector of integers: the new dimensions, with 0 (copy) and -1 (rest)")
    allow_zero = attribute(BOOL, "whether 0 is a dimension without elements instead of a copy", default=False)
    output = result()

    def infer(self) -> TensorType:
        elements = known_vector(self, "shape", self.shape)
        return self.typed(None if elements is None else self._dims(elements))

    def _dims(self, elements: Shape) -> Shape:
        if elements.count(-1) > 1 or any(isinstance(e, int) and e < -1 for e in elements):
            raise self.error(f"expected 'shape' of dimensions, 0, and at most one -1, got {elements}")
        x = self.x.tensor.shape
        if x is None:
            keeps = self.allow_zero
            return tuple(None if e == -1 or (e == 0 and not keeps) else e for e in elements)
        copied = () if self.allow_zero else tuple(i for i, e in enumerate(elements) if e == 0)
        if any(i >= len(x) for i in copied):
            raise self.error(f"expected 'shape' to copy dimensions that {self.x.type} has, got {elements}")
        open_places = [i for i, e in enumerate(elements) if e in (None, -1)]
        # what is not copied has to be made of what is not copied
        rest = quotient(
            [d for i, d in enumerate(x) if i not in copied],
            [e for i, e in enumerate(elements) if i not in copied and i not in open_places],
        )
        is_wrong = rest == CONTRADICTION if open_places else isinstance(rest, int) and rest != 1
        if is_wrong and len(open_places) < 2:
            raise self.error(f"expected 'shape' to hold the elements of {self.x.type}, got {elements}")
        found: list[Dim] = [x[i] if i in copied else e for i, e in enumerate(elements)]
        for i in open_places:
            found[i] = rest if len(open_places) == 1 else None
        return tuple(found)

    def evaluate(self, x: Array, shape: Array) -> Array:
        return reshaped(x, ints_of(shape), self.allow_zero)


class DynamicBroadcastTo(MovementOp, name="nn.dynamic_broadcast_to"):
    """x and a shape broadcast against each other: either may have the 1 that the other's dimension replaces.

    The last dimensions are aligned, as in numpy. As Expand of ONNX.
    """

    shape = operand("a vector of integers")
    output = result()

    def infer(self) -> TensorType:
        elements = known_vector(self, "shape", self.shape)
        x = self.x.tensor.shape
        if elements is None:
            return self.typed(None)
        if x is None:  # a longer x would make the rank its own
            return self.typed(None)
        try:
            return self.typed(broadcast_shapes([x, elements]))
        except ValueError as error:
            raise self.error(
                f"expected 'shape' that {self.x.type} broadcasts with, got {elements} ({error} differ)"
            ) from None

    def evaluate(self, x: Array, shape: Array) -> Array:
        return np.broadcast_to(x, np.broadcast_shapes(x.shape, ints_of(shape)))


class DynamicTile(MovementOp, name="nn.dynamic_tile"):
    """x repeated ``reps[i]`` times along axis i, as a whole. As Tile of ONNX."""

    reps = operand("a vector of integers, one an axis")
    output = result()

    def infer(self) -> TensorType:
        reps = known_vector(self, "reps", self.reps)
        x = self.x.tensor.shape
        if x is None:
            return self.typed(None if reps is None else (None,) * len(reps))
        if reps is None:
            return self.typed((None,) * len(x))
        if len(reps) != len(x) or any(isinstance(r, int) and r < 0 for r in reps):
            raise self.error(f"expected 'reps' of one number an axis of {self.x.type}, none negative, got {reps}")
        return self.typed(tuple(_product(d, r) for d, r in zip(x, reps, strict=True)))

    def evaluate(self, x: Array, reps: Array) -> Array:
        return np.tile(x, ints_of(reps))


def _product(a: Dim, b: Dim) -> Dim:
    """The product of two dimensions, as far as it can be said."""
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    if a == 1 or b == 1:
        return b if a == 1 else a
    return 0 if a == 0 or b == 0 else None


class DynamicSqueeze(MovementOp, name="nn.dynamic_squeeze"):
    """x without some axes of length 1: those that an operand names, or all that have it if there is no operand.

    As Squeeze of ONNX.
    """

    axes = operand("a vector of integers, negative ones from the end", optional=True)
    output = result()

    def infer(self) -> TensorType:
        operand: Value | None = self.axes
        x = self.x.tensor.shape
        elements = None if operand is None else known_vector(self, "axes", operand)
        if x is None:
            return self.typed(None)
        if operand is None:
            is_open = any(not isinstance(d, int) for d in x)
            return self.typed(None if is_open else tuple(d for d in x if d != 1))
        if elements is None:
            return self.typed(None)
        axes = known_axes(self, "axes", operand, len(x))
        if axes is None:
            return self.typed((None,) * (len(x) - len(elements)))
        for axis in axes:
            self.expect_dim("x", self.x, axis, 1)
        return self.typed(tuple(d for i, d in enumerate(x) if i not in axes))

    def evaluate(self, x: Array, axes: Array | None) -> Array:
        return np.squeeze(x, None if axes is None else ints_of(axes))


class DynamicUnsqueeze(MovementOp, name="nn.dynamic_unsqueeze"):
    """x with new axes of length 1, at the places that they have in the result. As Unsqueeze of ONNX."""

    axes = operand("a vector of integers, negative ones from the end of the result")
    output = result()

    def infer(self) -> TensorType:
        elements = known_vector(self, "axes", self.axes)
        x = self.x.tensor.shape
        if x is None or elements is None:
            return self.typed(None)
        rank = len(x) + len(elements)
        axes = known_axes(self, "axes", self.axes, rank)
        if axes is None:
            return self.typed((None,) * rank)
        kept = iter(x)
        return self.typed(tuple(1 if i in axes else next(kept) for i in range(rank)))

    def evaluate(self, x: Array, axes: Array) -> Array:
        return np.expand_dims(x, ints_of(axes))
