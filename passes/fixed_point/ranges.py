"""The numbers that variables take on representative data, and those that kernels add up on their way to a result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Function, Operation, Value
from ...ir.dialects.nnb import NnbFunction, Parameter
from ...ir.dialects.nnb.kernels import Call, channel_parts
from ...ir.interpreter import evaluate
from ...ir.passes import PassContext
from ...ir.types import Array
from ..dataset import BoundDataset

Range = tuple[float, float]
_SUMMED_BATCHES = 4
"""What kernels add up on their way is looked at in so many batches: it takes longer than all else."""


class Ranges:
    """The least and the greatest number of each variable; 0 is always among them."""

    def __init__(self) -> None:
        self._found: dict[Value, Range] = {}
        self._infinite: set[Value] = set()

    def __getitem__(self, value: Value) -> Range:
        if value in self._found:
            return self._found[value]
        return (-math.inf, math.inf) if value in self._infinite else (0.0, 0.0)

    def note(self, value: Value, array: Array) -> None:
        """Take the numbers of an array into account; infinite ones saturate, unless there are no others."""
        finite = array[np.isfinite(array)] if not np.isfinite(array).all() else array
        if finite.size:
            low, high = self._found.get(value, (0.0, 0.0))
            self._found[value] = min(low, float(finite.min())), max(high, float(finite.max()))
        elif array.size:
            self._infinite.add(value)

    def note_parameters(self, function: Function) -> None:
        """The numbers of the parameters."""
        for op in function.body:
            if isinstance(op, Parameter):
                self.note(op.output, np.asarray(op.value.read()))

    def observe(self, function: Function, batches: BoundDataset, context: PassContext) -> None:
        """Run a function of floats on data, and note what every variable takes."""
        for done, inputs in enumerate(batches):
            context.report_progress("find ranges", done, len(batches))
            self._observe_batch(function, inputs, done < _SUMMED_BATCHES)
        context.report_progress("find ranges", len(batches), len(batches))

    def _observe_batch(self, function: Function, inputs: dict[str, Array], with_sums: bool) -> None:
        arrays: dict[Value, Array] = {}
        for name, value in zip(function.input_names, function.inputs, strict=True):
            arrays[value] = inputs[name]
            self.note(value, inputs[name])

        def see(op: Operation, results: Sequence[Array]) -> None:
            arrays.update(zip(op.results, results, strict=True))
            if isinstance(op, NnbFunction):
                for value, array in zip(op.results, results, strict=True):
                    self.note(value, array)
                if with_sums:
                    self._note_sums(op, arrays)

        evaluate(function, inputs, see)

    def _note_sums(self, op: Any, arrays: dict[Value, Array]) -> None:
        """What stands in the result before the bias is added, and while the channels are: kernels saturate there."""
        name = op.function_type.name
        if name not in ("Affine", "Convolution"):
            return
        (result,) = op.results
        x, weight, *biases = (arrays[v] for v in op.operands if v is not None)
        if biases:
            shape = (
                [-1] + [1] * (result.tensor.rank - 2) if name == "Convolution" else result.tensor.dims[op.base_axis :]
            )
            self.note(result, arrays[result] - biases[0].reshape(shape))
        if name == "Convolution":
            total: Array = np.zeros((), np.float32)
            for part in channel_parts(Call.of(op), x, weight):
                total = total + part
                self.note(result, total)
