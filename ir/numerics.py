"""``--verify-numerics``: evaluate the model before and after every pass; name the first that changed its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from .core import Operation
from .diagnostics import CompileError
from .instruments import Instrument, PassRecord
from .interpreter import evaluate
from .module import Function, Module
from .opdef import Op, Trait
from .passes import Pass, PassContext
from .ports import from_ports, source_type, to_ports
from .types import Array, QuantizedType, TensorType, Type

TOLERANCE = 1e-4
"""Differences count relative to the largest number of an output; passes may reorder float32 arithmetic."""
_FREE_DIMENSIONS = (2, 1)
"""Sizes that are tried for dimensions that the types leave open: 1, which hides wrong broadcasting, only if 2 fails."""


FACT = "numerics"
"""The fact of the context that holds, for each pass that changed something: "equal", why not compared, or the SQNR."""


@attrs.define
class VerifyNumerics(Instrument):
    """Compares the outputs before and after each pass that changed something.

    ``inputs`` by name, as the source has them, or None for random ones. A pass that is meant to change
    numbers (``keeps_numbers = False``) gets the signal-to-noise ratio of each output into its record instead. A module
    that cannot be evaluated (a source dialect) is noted as such, and the comparison begins at the next one that can.
    Of given inputs, as many of the first dimension are used as the model takes.
    """

    inputs: Mapping[str, Array] | None = None
    tolerance: float = TOLERANCE
    seed: int = 0
    _last: _Snapshot | None = attrs.field(default=None, init=False)

    def begin(self, module: Module, context: PassContext) -> None:
        try:
            self._last = self._snapshot(module)
        except CompileError:
            self._last = None

    def after_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        if not record.changed:
            return
        self._judge(step, record, module)
        found = record.notes.get("numerics", record.notes.get("sqnr_db"))
        context.facts.setdefault(FACT, {})[f"{record.number:02d}-{record.name}"] = found

    def _judge(self, step: Pass, record: PassRecord, module: Module) -> None:
        """Compare with the module before the pass, and note the outcome. Raises CompileError where numbers changed."""
        before, self._last = self._last, None
        try:
            after = self._last = self._snapshot(module, before)
            if before is None:
                record.notes["numerics"] = "not compared: the module before the pass cannot be evaluated"
                return
            if before.inputs is not after.inputs:  # a dimension became known
                before = _Snapshot.of(before.module, after.inputs)
        except CompileError as error:
            if before is not None and _has_meaning(module):
                raise CompileError(f"left a module whose evaluation fails: {error}") from error
            record.notes["numerics"] = f"not compared: {error}"
            return
        if step.keeps_numbers:
            self._compare(before, after)
            record.notes["numerics"] = "equal"
        else:
            record.notes["sqnr_db"] = {
                name: round(signal_to_noise(expected, after.outputs[name]), 2)
                for name, expected in before.outputs.items()
                if name in after.outputs
            }

    def _snapshot(self, module: Module, before: _Snapshot | None = None) -> _Snapshot:
        try:
            function = module.main
        except ValueError as error:
            raise CompileError(str(error)) from None
        copy = module.clone_module()
        types = {name: source_type(function, "arg", i) for i, name in enumerate(function.input_names)}
        if before is not None and all(n in before.inputs and _fits(before.inputs[n], t) for n, t in types.items()):
            return _Snapshot.of(copy, before.inputs)
        if self.inputs is not None:
            return _Snapshot.of(copy, {n: _cut(a, types[n]) for n, a in self.inputs.items() if n in types})
        try:
            return _Snapshot.of(copy, random_inputs(types, self.seed, _FREE_DIMENSIONS[0]))
        except CompileError:
            if all(type.is_static for type in types.values()):
                raise
            return _Snapshot.of(copy, random_inputs(types, self.seed, _FREE_DIMENSIONS[1]))

    def _compare(self, before: _Snapshot, after: _Snapshot) -> None:
        for name, expected in before.outputs.items():
            if name not in after.outputs:
                raise CompileError(f"lost the output '{name}'")
            difference = relative_difference(expected, after.outputs[name])
            if difference > self.tolerance:
                op = _first_changed(before, after, self.tolerance)
                named = f"; the first value to differ is '{op.results[0].name}' of '{op.name}'" if op else ""
                raise CompileError(
                    f"changed the numbers of output '{name}': the largest difference is {difference:.3g} of the "
                    f"largest number, allowed are {self.tolerance:.3g}{named}",
                    op.location if op else after.module.main.location,
                    "please report this, or leave the pass out",
                )


@attrs.frozen
class _Snapshot:
    """A copy of a module and what it computes. Weights are shared with the original, so a copy is small."""

    module: Module
    inputs: Mapping[str, Array]
    outputs: dict[str, Array]

    @classmethod
    def of(cls, module: Module, inputs: Mapping[str, Array]) -> _Snapshot:
        """Raises CompileError where the module cannot be evaluated."""
        function = module.main
        return cls(module, inputs, from_ports(function, evaluate(function, to_ports(function, inputs))))

    def observe(self, see: dict[str, tuple[Operation, Array]]) -> None:
        """All intermediate values that have names, as real numbers."""

        def observer(op: Operation, results: Sequence[Array]) -> None:
            for value, array in zip(op.results, results, strict=True):
                if value.name is not None:
                    see[value.name] = (op, _real(value.type, array))

        function: Function = self.module.main
        evaluate(function, to_ports(function, self.inputs), observer)


def _first_changed(before: _Snapshot, after: _Snapshot, tolerance: float) -> Operation | None:
    """The first operation whose result differs from the value of the same name before; None if no name tells.

    Values are compared without regard to order: a pass may have changed the layout.
    """
    expected: dict[str, tuple[Operation, Array]] = {}
    actual: dict[str, tuple[Operation, Array]] = {}
    before.observe(expected)
    after.observe(actual)
    for name, (op, array) in actual.items():
        if name in expected:
            old = expected[name][1]
            if old.size == array.size and relative_difference(np.sort(old, None), np.sort(array, None)) > tolerance:
                return op
    return None


def _has_meaning(module: Module) -> bool:
    """Whether all operations of the main function have an evaluation, so that only a fault can make it fail."""
    if not module.functions:
        return False  # a target dialect with a form of its own
    inside = (op for each in module.main.body for op in each.walk())
    return all(Trait.TERMINATOR in op.traits or (isinstance(op, Op) and op.is_evaluable()) for op in inside)


def _cut(array: Array, type: TensorType) -> Array:
    """The first samples of an array, if the type takes less than all."""
    first = type.shape[0] if type.shape else None
    return array[:first] if isinstance(first, int) and array.ndim else array


def _real(type: Type, array: Array) -> Array:
    if isinstance(type, TensorType) and isinstance(type.element, QuantizedType):
        return type.element.dequantize(array)
    return array


def random_inputs(types: Mapping[str, TensorType], seed: int, free: int = _FREE_DIMENSIONS[0]) -> dict[str, Array]:
    """An array for each input: numbers in -1 .. 1, so that those that serve as indices stay in range; 0 and 1 for
    integers and booleans. ``free`` is the size of open dimensions.
    """
    rng = np.random.default_rng(seed)
    arrays: dict[str, Array] = {}
    for name, type in types.items():
        shape = [d if isinstance(d, int) else free for d in type.shape or ()]
        dtype = type.storage.dtype
        is_real = type.storage.is_float or dtype.kind == "c"
        arrays[name] = np.asarray(rng.uniform(-1, 1, shape) if is_real else rng.integers(0, 2, shape)).astype(dtype)
    return arrays


def _fits(array: Array, type: TensorType) -> bool:
    dims = type.shape
    return dims is None or (
        len(dims) == array.ndim
        and all(not isinstance(d, int) or d == n for d, n in zip(dims, array.shape, strict=True))
    )


def relative_difference(expected: Array, actual: Array) -> float:
    """The largest difference, relative to the largest expected number; infinite where shape, NaN or infinity differ."""
    if expected.shape != actual.shape:
        return float("inf")
    if expected.size == 0:
        return 0.0
    if expected.dtype.kind not in "fc" and expected.dtype.name != "bfloat16":
        return 0.0 if np.array_equal(expected, actual) else float("inf")
    kind = np.complex128 if expected.dtype.kind == "c" else np.float64
    a, b = expected.astype(kind), actual.astype(kind)
    finite = np.isfinite(a)
    if not np.array_equal(finite, np.isfinite(b)) or not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return float("inf")
    if not finite.any():
        return 0.0
    a, b = a[finite], b[finite]
    return float(np.abs(a - b).max() / (np.abs(a).max() or 1.0))


def signal_to_noise(expected: Array, actual: Array) -> float:
    """10 log10 of the expected power over that of the difference, in dB; infinite where nothing differs."""
    if expected.shape != actual.shape:
        return float("nan")
    noise = float(np.square(expected.astype(np.float64) - actual.astype(np.float64)).sum())
    signal = float(np.square(expected.astype(np.float64)).sum())
    with np.errstate(divide="ignore"):
        return float("inf") if noise == 0 else float(10 * np.log10(signal / noise))
