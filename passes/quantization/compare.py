"""What an int8 model loses: it and the float model run side by side, value by value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ...ir import Function, Operation, QuantizedType, Value
from ...ir.interpreter import evaluate
from ...ir.opdef import Trait
from ...ir.passes import PassContext
from ...ir.types import Array
from ..dataset import BoundDataset
from ..ranges import holds_reals

Report = dict[str, Any]
INFINITE = 300.0
"""The ratio in dB that stands for infinite: JSON has no infinity, and f32 no more digits."""


@attrs.define
class Noise:
    """Sums over all samples: of squares of the float numbers, and of squares of what int8 differs by."""

    signal: float = 0.0
    noise: float = 0.0
    other_sizes: int = 0
    """How often both models gave tensors of different sizes."""

    def add(self, reference: Array, found: Array) -> None:
        """Take note of float numbers and of those that the int8 model gives for them.

        Where a size depends on the data, it may be another one in int8. Then no number has one that it corresponds to:
        all that int8 gives is noise, as is all that it should have given.
        """
        real = reference.astype(np.float64)
        signal = float(np.square(real).sum())
        self.signal += signal
        if reference.shape == found.shape:
            self.noise += float(np.square(real - found).sum())
        else:
            self.noise += signal + float(np.square(found, dtype=np.float64).sum())
            self.other_sizes += 1

    @property
    def decibels(self) -> float:
        """Signal-to-quantization-noise ratio, 10 log10(signal / noise); within ±300, which stand for infinite."""
        if not self.noise:
            return INFINITE
        ratio = self.signal / self.noise  # 0 or NaN where either model gives numbers that are not finite
        return max(10 * math.log10(ratio), -INFINITE) if ratio > 0 else -INFINITE


def compare_functions(
    reference: Function,
    quantized: Function,
    copies: Mapping[Value, Value],
    batches: BoundDataset,
    context: PassContext,
) -> Report:
    """Run both functions on the data; ``copies`` maps values of ``quantized`` to ``reference``'s.

    The report holds ``sqnr_db`` (all outputs together), ``outputs`` (name: dB) and ``tensors`` (one entry a value, in
    the order of the operations: ``name``, ``operation``, ``location``, ``sqnr_db``).
    """
    tensors: dict[Value, Noise] = {}
    outputs = [Noise() for _ in quantized.output_names]
    for done, inputs in enumerate(batches):
        context.report_progress("compare with float", done, len(batches))
        _compare_batch(reference, quantized, copies, inputs, tensors, outputs)
    context.report_progress("compare with float", len(batches), len(batches))
    for name, noise in zip(quantized.output_names, outputs, strict=True):
        if noise.other_sizes:
            context.diagnostics.warning(
                f"quantized, output '{name}' has another size on {noise.other_sizes} of {len(batches)} batches",
                reference.location,
                "what the size depends on (which numbers are 0, which boxes overlap) is better computed in float",
            )
    total = Noise(sum(n.signal for n in outputs), sum(n.noise for n in outputs))
    return {
        "sqnr_db": total.decibels,
        "outputs": {name: n.decibels for name, n in zip(quantized.output_names, outputs, strict=True)},
        "tensors": [_entry(value, noise) for value, noise in tensors.items()],
    }


def _compare_batch(
    reference: Function,
    quantized: Function,
    copies: Mapping[Value, Value],
    inputs: Mapping[str, Array],
    tensors: dict[Value, Noise],
    outputs: Sequence[Noise],
) -> None:
    # What is inside a region is left out: how often it runs may differ.
    wanted = {c for v, c in copies.items() if isinstance(v.owner, Operation) and v.owner.parent is quantized.body}
    floats: dict[Value, Array] = {}

    def keep(op: Operation, results: Sequence[Array]) -> None:
        if Trait.CONSTANT not in op.traits:
            floats.update((v, a) for v, a in zip(op.results, results, strict=True) if v in wanted and holds_reals(v))

    def compare(op: Operation, results: Sequence[Array]) -> None:
        for value, array in zip(op.results, results, strict=True):
            original = floats.pop(copies[value], None) if value in copies else None
            if original is not None:
                tensors.setdefault(value, Noise()).add(original, real(value, array))

    expected = evaluate(reference, inputs, keep)
    stored = {n: stored_input(v, inputs[n]) for n, v in zip(quantized.input_names, quantized.inputs, strict=True)}
    got = evaluate(quantized, stored, compare)
    for name, value, noise in zip(quantized.output_names, quantized.outputs, outputs, strict=True):
        noise.add(expected[name], real(value, got[name]))


def real(value: Value, array: Array) -> Array:
    """The real numbers that a value's array stands for."""
    kind = value.tensor.element
    return kind.dequantize(array) if isinstance(kind, QuantizedType) else array


def stored_input(value: Value, array: Array) -> Array:
    """Real numbers as an argument of a quantized function takes them."""
    kind = value.tensor.element
    return kind.quantize(array) if isinstance(kind, QuantizedType) else array


def _entry(value: Value, noise: Noise) -> Report:
    op = value.defining_op
    assert op is not None
    return {
        "name": value.name or "",
        "operation": op.name,
        "location": str(op.location),
        "sqnr_db": round(noise.decibels, 2),
    }
