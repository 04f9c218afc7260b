"""Runs a function with numpy, one operation after the other: the meaning of every stage, the judge of every pass.

An operation on quantized tensors is computed on the real numbers that they stand for, and its result is quantized
again: what an exact integer kernel would give, up to its rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .core import Operation, Value
from .diagnostics import CompileError
from .location import UNKNOWN
from .module import Function
from .opdef import Op, Trait
from .types import Array, QuantizedType, TensorType

Observer = Callable[[Operation, Sequence[Array]], None]
"""Called behind every operation, with its results."""


def evaluate(function: Function, inputs: Mapping[str, Array], observe: Observer | None = None) -> dict[str, Array]:
    """The outputs by name, for inputs by name.

    Arrays are dropped as soon as nothing needs them. Raises CompileError for a missing or mis-shaped input, and
    where an operation cannot be evaluated.
    """
    names = function.input_names
    missing = [n for n in names if n not in inputs]
    if missing:
        raise CompileError(f"no value for the inputs {missing}", function.location, f"give arrays for {names}")
    arrays = [_checked_input(n, np.asarray(inputs[n]), v.type) for n, v in zip(names, function.inputs, strict=True)]
    results = run_block(function.body.args, function.body, arrays, observe)
    return dict(zip(function.output_names, results, strict=True))


def run_block(
    args: Sequence[Value], block: Sequence[Operation] | object, inputs: Sequence[Array], observe: Observer | None = None
) -> list[Array]:
    """The operands of the block's terminator, for the values of its arguments."""
    return _Run(observe).block(args, block, inputs)


class _Run:
    def __init__(self, observe: Observer | None) -> None:
        self.observe = observe
        self.values: dict[Value, Array] = {}
        self.uses_left: dict[Value, int] = {}

    def block(self, args: Sequence[Value], block: object, inputs: Sequence[Array]) -> list[Array]:
        for arg, array in zip(args, inputs, strict=True):
            self._store(arg, array)
        for op in block:  # type: ignore[attr-defined]  # a Block, or any sequence of operations
            operands = [None if v is None else self._take(v) for v in op.operands]
            if Trait.TERMINATOR in op.traits:
                return [o for o in operands if o is not None]
            results = evaluate_op(op, operands)
            for value, array in zip(op.results, results, strict=True):
                self._store(value, array)
            if self.observe is not None:
                self.observe(op, results)
        raise CompileError("the block has no terminator")

    def _store(self, value: Value, array: Array) -> None:
        if value.has_uses:
            self.values[value] = array
            self.uses_left[value] = len(value.uses)

    def _take(self, value: Value) -> Array:
        array = self.values[value]
        self.uses_left[value] -= 1
        if not self.uses_left[value]:
            del self.values[value]
        return array


def evaluate_op(op: Operation, operands: Sequence[Array | None]) -> tuple[Array, ...]:
    """The results of one operation on the stored form of its operands.

    Raises CompileError where the operation has no meaning here.
    """
    if not isinstance(op, Op) or not op.is_evaluable():
        raise CompileError(f"'{op.name}' cannot be evaluated", op.location)
    if Trait.CONSTANT in op.traits:
        return op.run(())
    reals = [None if a is None else _real(a, v) for a, v in zip(operands, op.operands, strict=True)]
    with np.errstate(all="ignore"):  # infinities and NaN are results like any other
        results = op.run(reals)
    return tuple(_stored(np.asarray(a), v) for a, v in zip(results, op.results, strict=True))


def _real(array: Array, value: Value | None) -> Array:
    kind = value.type.element if value is not None and isinstance(value.type, TensorType) else None
    return kind.dequantize(array) if isinstance(kind, QuantizedType) else array


def _stored(array: Array, value: Value) -> Array:
    if not isinstance(value.type, TensorType):
        return array
    kind = value.type.element
    if isinstance(kind, QuantizedType):
        return kind.quantize(array)
    return array if array.dtype == kind.dtype else array.astype(kind.dtype)


def _checked_input(name: str, array: Array, type: object) -> Array:
    assert isinstance(type, TensorType)
    if type.shape is not None:
        fits = len(type.shape) == array.ndim and all(
            not isinstance(d, int) or d == n for d, n in zip(type.shape, array.shape, strict=True)
        )
        if not fits:
            raise CompileError(f"input '{name}' has shape {array.shape}, expected {type}", UNKNOWN)
    return array.astype(type.storage.dtype, copy=False)
