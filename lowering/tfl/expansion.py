"""What the rules of ``expand-for-tfl`` share: their registry, and small steps in nn operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from ...ir import Builder, Operation, QuantizedType, TensorType, Value
from ...ir.layout import inverse, permute
from ...ir.module import constant_attribute
from ...ir.types import I32, Array

Expansion = Callable[[Builder, Any], "Value | Sequence[Value] | None"]
"""Makes what stands for one nn operation (without its fused activation); None where it can stay as it is."""
_EXPANSIONS: dict[str, list[Expansion]] = {}
_E = TypeVar("_E", bound=Expansion)


def expands(*names: str) -> Callable[[_E], _E]:
    """Register a rule for nn operations of these names; several for one operation are tried in order."""

    def register(rule: _E) -> _E:
        for name in names:
            _EXPANSIONS.setdefault(f"nn.{name}", []).append(rule)
        return rule

    return register


def expansions_of(op: Operation) -> Sequence[Expansion]:
    """The rules for an operation."""
    return _EXPANSIONS.get(op.name, ())


def static_dims(value: Value) -> tuple[int, ...] | None:
    """The shape, if every dimension is a number."""
    type = value.tensor
    return type.static_shape if type.is_static else None


def viewed(b: Builder, x: Value, dims: Sequence[int], view: Callable[[Array], Array]) -> Value | None:
    """A constant seen in another way, without loading it; None for a value that is not constant, or quantized."""
    dense = constant_attribute(x)
    if dense is None or isinstance(dense.type.element, QuantizedType):
        return None
    type = TensorType(tuple(dims), dense.type.element)
    resource = b.module.add_resource(x.name or "weight", lambda: view(dense.read()), type)
    value: Value = b.nn.constant(value=resource)
    value.name = x.name
    return value


def transposed(b: Builder, x: Value, perm: Sequence[int]) -> Value:
    """x with its dimensions in another order."""
    dims = permute(x.tensor.dims, perm)
    view = viewed(b, x, dims, lambda array: array.transpose(perm)) if x.tensor.is_static else None  # type: ignore[arg-type]
    return b.nn.transpose(x, perm=perm) if view is None else view


def reshaped(b: Builder, x: Value, dims: Sequence[Any]) -> Value:
    """x with these dimensions; those that are no numbers have to be ones of x at the same place."""
    view = viewed(b, x, dims, lambda array: array.reshape(dims)) if x.tensor.is_static else None
    if view is not None:
        return view
    shape = [d if isinstance(d, int) else 0 for d in dims]
    return x if tuple(dims) == x.tensor.shape else b.nn.reshape(x, shape=shape)


def with_axis(b: Builder, x: Value, axis: int) -> Value:
    """x with one more dimension, of one element, before dimension ``axis``."""
    dims = x.tensor.dims
    return reshaped(b, x, (*dims[:axis], 1, *dims[axis:]))


def without_axis(b: Builder, x: Value, axis: int) -> Value:
    """x without a dimension of one element."""
    dims = x.tensor.dims
    return reshaped(b, x, (*dims[:axis], *dims[axis + 1 :]))


def swapped(x: Value, axis: int) -> tuple[int, ...]:
    """The permutation that puts an axis last and the last in its place; it undoes itself."""
    rank = x.tensor.rank
    perm = list(range(rank))
    perm[axis], perm[-1] = perm[-1], perm[axis]
    return tuple(perm)


def along_last(b: Builder, x: Value, axis: int, make: Callable[[Value], Any]) -> Any:
    """What ``make`` gives (a value, or several of x's rank) for x with an axis moved to the end and back again."""
    perm = swapped(x, axis)
    made = make(b.nn.transpose(x, perm=perm))
    back = inverse(perm)
    if isinstance(made, Value):
        return b.nn.transpose(made, perm=back)
    return tuple(b.nn.transpose(value, perm=back) for value in made)


def is_last(x: Value, axis: int) -> bool:
    """Whether an axis is the last dimension of x."""
    return axis % x.tensor.rank == x.tensor.rank - 1


def index_grid(shape: Sequence[int], axis: int) -> Array:
    """The coordinate along ``axis`` of every element of that shape, as i32."""
    line = np.arange(shape[axis], dtype=I32.dtype).reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return np.ascontiguousarray(np.broadcast_to(line, shape))
