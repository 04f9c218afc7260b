"""Runs a function with numpy, one operation after the other: the meaning of every stage, the judge of every pass.

An operation on quantized tensors is computed on the real numbers that they stand for, and its result is quantized
again: what an exact integer kernel would give, up to its rounding. One with the trait ``STORED`` is such a kernel
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .core import Block, Operation, Region, Value
from .diagnostics import CompileError
from .location import UNKNOWN
from .module import Function
from .opdef import Op, RegionRunner, Trait
from .regions import ancestor_in, captured_values, defining_block
from .types import Array, QuantizedType, TensorType

Observer = Callable[[Operation, Sequence[Array]], None]
"""Called behind every operation, with its results; for one inside a loop, in every trip."""


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
    results = _Run(observe).block(function.body, arrays)
    return dict(zip(function.output_names, results, strict=True))


class _Run:
    """One execution of a block; ``outer`` is that of the block around it, whose values it may use."""

    def __init__(self, observe: Observer | None, outer: _Run | None = None) -> None:
        self.observe, self.outer = observe, outer
        self.values: dict[Value, Array] = {}
        self.reads_left: dict[Value, int] = {}
        self.reads: dict[Value, int] = {} if outer is None else outer.reads
        """How often the block of a value reads it, once that was counted: loops run their blocks again and again."""
        self.captured: dict[Operation, Sequence[Value]] = {} if outer is None else outer.captured

    def block(self, block: Block, inputs: list[Array]) -> list[Array]:
        """The operands of the block's terminator, for the values of its arguments. ``inputs`` is emptied."""
        for arg, array in zip(block.args, inputs, strict=True):
            self._store(arg, array)
        inputs.clear()
        for op in block:
            operands = [None if v is None else self._take(v) for v in op.operands]
            if Trait.TERMINATOR in op.traits:
                return [o for o in operands if o is not None]
            results = evaluate_op(op, operands, self._region if op.regions else None)
            del operands
            for value in self._captured_by(op):
                self._read(value)
            for value, array in zip(op.results, results, strict=True):
                self._store(value, array)
            if self.observe is not None:
                self.observe(op, results)
        raise CompileError("the block has no terminator")

    def _region(self, region: Region, inputs: list[Array]) -> list[Array]:
        """Run a region of an operation of this block, on real numbers."""
        block = region.block
        stored = [_stored(a, arg) for a, arg in zip(inputs, block.args, strict=True)]
        inputs.clear()
        outputs = _Run(self.observe, self).block(block, stored)
        last = block.last_op
        assert last is not None
        return [_real(a, v) for a, v in zip(outputs, last.operands, strict=True)]

    def _store(self, value: Value, array: Array) -> None:
        if value.has_uses:
            self.values[value] = array
            if value not in self.reads:
                self.reads[value] = _count_reads(value)
            self.reads_left[value] = self.reads[value]

    def _take(self, value: Value) -> Array:
        """A value that this block reads. One of a block around stays there: it may be needed in the next trip."""
        run: _Run | None = self
        while run is not None:
            if value in run.values:
                return run._read(value) if run is self else run.values[value]
            run = run.outer
        raise CompileError("a value is used outside of where it is defined")

    def _read(self, value: Value) -> Array:
        array = self.values[value]
        self.reads_left[value] -= 1
        if not self.reads_left[value]:
            del self.values[value]
        return array

    def _captured_by(self, op: Operation) -> Sequence[Value]:
        """The values of this block that the regions of an operation use."""
        if not op.regions:
            return ()
        if op not in self.captured:
            self.captured[op] = [v for v in captured_values(op) if defining_block(v) is op.parent]
        return self.captured[op]


def region_runner(around: Mapping[Value, Array]) -> RegionRunner:
    """What :func:`evaluate_op` runs regions with; ``around`` holds the values from outside that they use."""
    run = _Run(None)
    run.values.update(around)
    return run._region


def _count_reads(value: Value) -> int:
    """How often the run of a value's block reads it: once for each use, and once for each operation with regions
    that use it, however often they run.
    """
    block = defining_block(value)
    assert block is not None
    direct, through = 0, set()
    for user in value.iter_users():
        if user.parent is block:
            direct += 1
        else:
            through.add(ancestor_in(block, user))
    return direct + len(through)


def evaluate_op(
    op: Operation, operands: Sequence[Array | None], run_region: RegionRunner | None = None
) -> tuple[Array, ...]:
    """The results of one operation on the stored form of its operands.

    ``run_region`` executes regions (:func:`region_runner`); without it, they may use no values from outside. Raises
    CompileError where the operation has no meaning here.
    """
    if not isinstance(op, Op) or not op.is_evaluable():
        raise CompileError(f"'{op.name}' cannot be evaluated", op.location)
    if Trait.CONSTANT in op.traits:
        return op.run(())
    if Trait.STORED in op.traits:
        return op.run(operands)
    if op.regions and run_region is None:
        run_region = region_runner({})
    reals = [None if a is None else _real(a, v) for a, v in zip(operands, op.operands, strict=True)]
    with np.errstate(all="ignore"):  # infinities and NaN are results like any other
        results = op.run(reals, run_region)
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
