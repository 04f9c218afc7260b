"""The base class of ``nn`` operations, constants, and broadcasting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...opdef import DENSE, Op, Trait, attribute, result
from ...types import Array, Dim, Shape, TensorType


class NNOp(Op, traits=(Trait.PURE,)):
    """Base of all ``nn`` operations: none has effects."""

    __doc__: str


class Constant(NNOp, name="nn.constant", traits=(Trait.CONSTANT,)):
    """A constant tensor: a weight, or a number that a rewrite needs."""

    value = attribute(DENSE, "the elements")
    output = result()

    def infer(self) -> TensorType:
        return self.value.type

    def evaluate(self) -> Array:
        return self.value.numpy()


def broadcast_dims(a: Dim, b: Dim) -> Dim:
    """The dimension that two broadcast to (numpy's rule, with symbols). Raises ValueError where they cannot."""
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if isinstance(a, int) and isinstance(b, int):
        raise ValueError(f"{a} and {b}")
    if isinstance(a, int) or isinstance(b, int):
        return a if isinstance(a, int) else b  # the other must be this number or 1
    return None


def broadcast_shapes(shapes: Iterable[Shape]) -> Shape:
    """The shape that all broadcast to. Raises ValueError where they cannot."""
    found: list[Dim] = []
    for shape in shapes:
        found[:0] = [1] * (len(shape) - len(found))
        offset = len(found) - len(shape)
        for i, dim in enumerate(shape):
            found[offset + i] = broadcast_dims(found[offset + i], dim)
    return tuple(found)


def infer_broadcast(op: Op, types: Sequence[TensorType]) -> Shape | None:
    """The result shape of an elementwise operation; None if a rank is unknown. Raises VerifyError on a mismatch."""
    if any(t.shape is None for t in types):
        return None
    try:
        return broadcast_shapes([t.dims for t in types])
    except ValueError as error:
        shapes = " and ".join(str(t) for t in types)
        raise op.error(f"expected operands that broadcast together, got {shapes} ({error} differ)") from None
