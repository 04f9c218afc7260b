"""Broadcasting before opset 7: to the shape of the first operand alone, along an axis that an attribute names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...ir import TensorType, Value
from ...ir.types import Dim, Shape

if TYPE_CHECKING:
    from .target import Target

FIRST_OF_NUMPY = 7
"""From this opset on operands broadcast as in numpy."""
_COMMUTATIVE = frozenset({"Add", "Mul", "And", "Or", "Xor", "Equal"})
BROADCASTING = _COMMUTATIVE | {"Sub", "Div", "Pow", "Greater", "Less"}
"""The operators that this is about."""


def aligned(t: Target, name: str, lhs: Value, rhs: Value) -> tuple[list[Value], dict[str, Any]]:
    """The operands in the forms that an old operator takes, and the attributes that say how they broadcast.

    Raises ValueError where a number is needed that the shapes do not have.
    """
    full = _broadcast(lhs.tensor.dims, rhs.tensor.dims)
    if name in _COMMUTATIVE and lhs.tensor.dims != full and rhs.tensor.dims == full:
        lhs, rhs = rhs, lhs
    if lhs.tensor.dims != full:
        lhs = _repeated(t, lhs, full)
    dims = rhs.tensor.dims
    if dims == full:
        return [lhs, rhs], {}
    if all(d == 1 for d in dims):
        return [lhs, t.reshaped(rhs, (1,), TensorType((1,), rhs.tensor.element))], {"broadcast": 1}
    own = [i for i, d in enumerate(dims) if d != 1]
    axis, inner = len(full) - len(dims) + own[0], dims[own[0] : own[-1] + 1]
    if inner != full[axis : axis + len(inner)]:
        return [lhs, _repeated(t, rhs, full)], {}
    shape = [d if isinstance(d, int) else -1 for d in inner]
    return [lhs, t.reshaped(rhs, shape, TensorType(inner, rhs.tensor.element))], {"broadcast": 1, "axis": axis}


def _broadcast(lhs: Shape, rhs: Shape) -> Shape:
    rank = max(len(lhs), len(rhs))
    pairs = zip(*((1,) * (rank - len(dims)) + tuple(dims) for dims in (lhs, rhs)), strict=True)
    return tuple(b if a == 1 else a for a, b in pairs)


def _repeated(t: Target, x: Value, full: Sequence[Dim]) -> Value:
    """x with all its dimensions of 1 repeated."""
    dims = (1,) * (len(full) - x.tensor.rank) + tuple(x.tensor.dims)
    reps = [1 if d == n else n for d, n in zip(dims, full, strict=True)]
    if not all(isinstance(n, int) for n in reps):
        raise ValueError(f"{x.type} is broadcast to a size that is not known")
    element = x.tensor.element
    whole = t.reshaped(x, [d if isinstance(d, int) else -1 for d in dims], TensorType(dims, element))
    return t.value("Tile", whole, t.ints(reps, "repeats"), types=[TensorType(tuple(full), element)])  # type: ignore[arg-type]
