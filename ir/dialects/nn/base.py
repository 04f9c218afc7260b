"""The base class of ``nn`` operations, constants, and what their type inference shares: elements, axes, dimensions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ...core import Value
from ...opdef import DENSE, Op, RegionRunner, Trait, attribute, result
from ...types import I32, I64, Array, Dim, ElementType, Shape, TensorType

FLOAT_ELEMENT = "float"
INTEGER_ELEMENT = "integer"
NUMBER_ELEMENT = "number"
BOOL_ELEMENT = "boolean"
ORDERED_ELEMENT = "number or boolean"
_IS_ELEMENT: dict[str, Callable[[ElementType], bool]] = {
    FLOAT_ELEMENT: lambda e: e.is_float,
    INTEGER_ELEMENT: lambda e: e.is_integer,
    NUMBER_ELEMENT: lambda e: e.is_float or e.is_integer,
    BOOL_ELEMENT: lambda e: e.is_bool,
    ORDERED_ELEMENT: lambda e: e.is_float or e.is_integer or e.is_bool,
}


_DATA_ERRORS = (IndexError, ValueError, OverflowError, np.linalg.LinAlgError)
"""What evaluation finds wrong with the data: an index, a size, a matrix without inverse."""


class NNOp(Op, traits=(Trait.PURE,)):
    """Base of all ``nn`` operations: none has effects.

    Quantized operands count as what they express: inference gives the expressed type (a pass that quantizes states its
    result types itself), and ``evaluate`` gets real numbers. ``evaluate`` may return a wider float type than the
    result's; the interpreter narrows it.
    """

    __doc__: str

    def verify_signature(self) -> None:
        super().verify_signature()
        for index, value in enumerate(self.operands):
            if value is None:
                if index >= len(self.operand_fields) or not getattr(self.operand_fields[index], "optional", False):
                    raise self.error(f"expected operand {index} to be given")
            elif not isinstance(value.type, TensorType):
                raise self.error(f"expected operand {index} to be a tensor, got {value.type}")

    def run(self, operands: Sequence[Array | None], run_region: RegionRunner | None = None) -> tuple[Array, ...]:
        try:
            return super().run(operands, run_region)
        except _DATA_ERRORS as error:
            raise self.error(f"cannot be evaluated: {error}") from error

    def expect_element(self, name: str, value: Value, kind: str) -> ElementType:
        """The element type that ``value`` expresses. Raises VerifyError unless it is of the kind."""
        found = value.tensor.expressed
        if not _IS_ELEMENT[kind](found):
            raise self.error(f"expected '{name}' to have {kind} elements, got {value.type}")
        return found

    def expect_same_element(self, values: Iterable[Value | None]) -> ElementType:
        """The element type that all values (None skipped) express. Raises VerifyError where they differ."""
        types = [v.tensor for v in values if v is not None]
        if any(t.expressed != types[0].expressed for t in types):
            raise self.error(f"expected operands of one element type, got {_listed(types)}", "insert nn.cast")
        return types[0].expressed

    def axis_in(self, axis: int, rank: int, name: str = "axis") -> int:
        """The axis counted from the front. Raises VerifyError where it is outside of -rank .. rank - 1."""
        if not -rank <= axis < rank:
            raise self.error(f"expected '{name}' to be in {-rank} .. {rank - 1}, got {axis}")
        return axis % rank

    def axes_in(self, axes: Sequence[int], rank: int, name: str = "axes") -> tuple[int, ...]:
        """The axes counted from the front. Raises VerifyError for one that is out of range or given twice."""
        found = tuple(self.axis_in(a, rank, name) for a in axes)
        if len(set(found)) != len(found):
            raise self.error(f"expected '{name}' to name each axis once, got {tuple(axes)}")
        return found

    def expect_length(self, name: str, values: Sequence[int], length: int, minimum: int | None = None) -> None:
        """Raises VerifyError unless the attribute has that many numbers, none below ``minimum``."""
        if len(values) != length:
            raise self.error(f"expected '{name}' to have {length} numbers, got {tuple(values)}")
        if minimum is not None and any(v < minimum for v in values):
            raise self.error(f"expected no number in '{name}' below {minimum}, got {tuple(values)}")

    def expect_rank(self, name: str, value: Value, ranks: int | Sequence[int]) -> None:
        """Raises VerifyError where the rank of the tensor is known and is another."""
        allowed = (ranks,) if isinstance(ranks, int) else ranks
        shape = value.tensor.shape
        if shape is not None and len(shape) not in allowed:
            raise self.error(f"expected '{name}' of rank {' or '.join(map(str, allowed))}, got {value.type}")

    def expect_dim(self, name: str, value: Value, axis: int, expected: Dim) -> None:
        """Raises VerifyError where a dimension is known and is not the expected one."""
        shape = value.tensor.shape
        if shape is None:
            return
        dim = shape[axis]
        if isinstance(dim, int) and isinstance(expected, int) and dim != expected:
            raise self.error(f"expected dimension {axis} of '{name}' to be {expected}, got {value.type}")

    def expect_broadcast_to(self, name: str, value: Value | None, x: TensorType) -> None:
        """Raises VerifyError where a value does not broadcast to the shape of x, so that the result would grow."""
        if value is None or value.tensor.shape is None or x.shape is None:
            return
        given = value.tensor.dims
        pairs = zip(reversed(given), reversed(x.dims), strict=False)
        fits = len(given) <= x.rank and all(g in (d, 1) or not (type(g) is type(d) is int) for g, d in pairs)
        if not fits:
            raise self.error(f"expected '{name}' to broadcast to the shape of {x}, got {value.type}")


class Constant(NNOp, name="nn.constant", traits=(Trait.CONSTANT,)):
    """A constant tensor: a weight, or a number that a rewrite needs."""

    value = attribute(DENSE, "the elements")
    output = result()

    def infer(self) -> TensorType:
        return self.value.type

    def evaluate(self) -> Array:
        return self.value.numpy()


def checked_index(op: Op) -> ElementType:
    """The attribute ``index`` of an operation, the element type of the indices that it gives. Raises VerifyError."""
    found = op.attributes.get("index", op.attribute_fields["index"].default)
    if found not in (I32, I64):
        raise op.error(f"expected attribute 'index' to be i32 or i64, got {found}")
    assert isinstance(found, ElementType)
    return found


def widened(x: Array) -> Array:
    """The array in the type to compute in: floats narrower than 32 bits become float32 (numpy's BLAS has no others)."""
    is_narrow_float = x.dtype.itemsize < 4 and x.dtype.kind not in "biu"
    return x.astype(np.float32) if is_narrow_float else x


def accumulator(x: Array) -> np.dtype[np.float64] | None:
    """The type to sum in: double for floats, so that long sums keep float32's digits; numpy's choice for others."""
    return np.dtype(np.float64) if x.dtype.kind not in "biuc" else None


def _listed(types: Iterable[TensorType]) -> str:
    return " and ".join(map(str, types))


# Dimensions


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
    if all(t.shape == types[0].shape for t in types):
        return types[0].shape  # the common case, fast
    try:
        return broadcast_shapes([t.dims for t in types])
    except ValueError as error:
        raise op.error(f"expected operands that broadcast together, got {_listed(types)} ({error} differ)") from None
