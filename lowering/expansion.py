"""What the passes ``expand-for-<target>`` share: registries of rules, the driver, and small steps in nn operations."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from ..ir import Builder, CompileError, Function, Module, Operation, QuantizedType, TensorType, Value
from ..ir.dialects import nn
from ..ir.layout import inverse, permute
from ..ir.module import constant_attribute
from ..ir.regions import inner_blocks
from ..ir.types import I32, Array, Dim

Expansion = Callable[[Builder, Any], "Value | Sequence[Value] | None"]
"""Makes what stands for one nn operation (without its fused activation); None where it can stay as it is."""
_E = TypeVar("_E", bound=Expansion)


class Expansions:
    """The rules of one target: ``expands = Expansions()``, then ``@expands("tan")`` before a rule.

    Those of ``base`` are tried after its own.
    """

    def __init__(self, base: Expansions | None = None) -> None:
        self._base = base
        self._rules: dict[str, list[tuple[float, float, Expansion]]] = {}

    def __call__(self, *names: str, below: float = math.inf, since: float = -math.inf) -> Callable[[_E], _E]:
        """Register a rule for nn operations of these names; several for one operation are tried in order.

        One with ``below`` is for versions of the target before that, one with ``since`` from there on.
        """

        def register(rule: _E) -> _E:
            for name in names:
                self._rules.setdefault(f"nn.{name}", []).append((since, below, rule))
            return rule

        return register

    @property
    def operations(self) -> frozenset[str]:
        """The nn operations that have a rule of their own."""
        return frozenset(self._rules)

    def of(self, op: Operation, version: int = 0) -> Iterator[Expansion]:
        """The rules for an operation in that version of the target."""
        yield from (rule for since, below, rule in self._rules.get(op.name, ()) if since <= version < below)
        if self._base is not None:
            yield from self._base.of(op, version)


def expand_function(module: Module, function: Function, rules: Expansions, version: int = 0) -> Counter[str]:
    """Apply the rules in all blocks of a function until none does anything; how often each operation was expanded.

    Raises CompileError where a rule needs a number and the shape has none.
    """
    counts: Counter[str] = Counter()
    blocks = [function.body]
    while blocks:
        block = blocks.pop()
        op = block.first_op
        while op is not None:
            before, following = op.previous_op, op.next_op
            if _expand(module, op, rules, version):
                counts[op.name.partition(".")[2]] += 1
                # What was made is looked at too: it may need an expansion itself.
                op = before.next_op if before is not None else block.first_op
            else:
                blocks.extend(inner_blocks(op))
                op = following
    return counts


def _expand(module: Module, op: Operation, rules: Expansions, version: int) -> bool:
    for rule in rules.of(op, version):
        b = Builder.before(module, op)
        try:
            made = rule(b, op)
        except ValueError as error:  # a rule needs a number where the shape has none
            remedy = "fix the batch size, or take out what makes a size depend on the data"
            raise CompileError(f"'{op.name}': {error}", op.location, remedy) from error
        if made is None:
            continue
        values: Sequence[Value] = [made] if isinstance(made, Value) else made
        activation = op.attributes.get("activation", "none")
        if activation != "none" and not isinstance(op, nn.RecurrentOp):  # there it is what the steps compute
            values = [activated(b, values[0], activation)]
        for old, new in zip(op.results, values, strict=True):
            if old.name is not None and new.name is None:
                new.name = old.name
            old.replace_all_uses_with(new)
        op.erase()
        return True
    return False


def activated(b: Builder, x: Value, activation: str) -> Value:
    """An activation that was fused, as an operation."""
    if activation == "relu":
        return b.nn.relu(x)
    low, high = {"relu6": (0.0, 6.0), "relu_n1_to_1": (-1.0, 1.0)}[activation]
    return b.nn.clip(x, min=low, max=high)


# Steps


def number(b: Builder, value: float, like: Value) -> Value:
    """A scalar constant of the element type of another value."""
    return b.constant(value, like.tensor.expressed)


def static_dims(value: Value) -> tuple[int, ...] | None:
    """The shape, if every dimension is a number."""
    type = value.tensor
    return type.static_shape if type.is_static else None


def viewed(b: Builder, x: Value, dims: Sequence[Dim], view: Callable[[Array], Array]) -> Value | None:
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
    view = viewed(b, x, dims, lambda array: array.transpose(perm)) if x.tensor.is_static else None
    return b.nn.transpose(x, perm=perm) if view is None else view


def reshaped(b: Builder, x: Value, dims: Sequence[Dim]) -> Value:
    """x with these dimensions. One that is no number is that of x at the same place, but for one that is the rest."""
    if tuple(dims) == x.tensor.shape:
        return x
    view = viewed(b, x, dims, lambda array: array.reshape(dims)) if x.tensor.is_static else None
    if view is not None:
        return view
    own = x.tensor.dims
    shape = [d if isinstance(d, int) else 0 if own[i : i + 1] == (d,) else -1 for i, d in enumerate(dims)]
    if shape.count(-1) > 1:
        raise ValueError(f"{x.type} cannot be reshaped to {tuple(dims)}: more than one size is not known")
    return b.nn.reshape(x, shape=shape)


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
