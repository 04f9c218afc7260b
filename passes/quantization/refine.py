"""Refinement of weights and biases by the data: the int8 model is led along the float model, layer by layer.

Both run side by side on some batches, one operation after the other. Before an int8 layer runs, its weights are rounded
with regard to the inputs that it really gets, and its bias takes up the mean by which its outputs are off (M. Nagel
et al., "Data-Free Quantization through Weight Equalization and Bias Correction", ICCV 2019, section 4.2). So each
layer also mends what those before it have done to the means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from ...ir import Builder, Function, Module, Operation, OpResult, TensorType, Value
from ...ir.dialects import nn
from ...ir.int8 import Int8Rule
from ...ir.interpreter import evaluate_op, region_runner
from ...ir.module import constant_attribute
from ...ir.opdef import RegionRunner, Trait
from ...ir.passes import PassContext
from ...ir.regions import captured_values, operands_within
from ...ir.types import F32, Array, QuantizedType
from .compare import real, stored_input
from .parameters import bias_type
from .rounding import round_weights
from .windows import input_rows, weight_matrices, weight_of_matrices

MEMORY = 1 << 29
"""Bytes that the values of all batches may take."""
ROWS = 4096
"""Windows that are looked at to round the weights of a layer."""
LONGEST = 1280
"""Layers with more inputs an output than this are rounded to the nearest: the effort grows with the cube."""


@attrs.define
class Side:
    """One function on its way: the arrays of its living values, a list over the batches."""

    arrays: dict[Value, list[Array]]
    uses_left: dict[Value, int] = attrs.Factory(dict)

    @classmethod
    def start(cls, function: Function, inputs: Sequence[Mapping[str, Array]]) -> Side:
        names = function.input_names
        arrays = {v: [stored_input(v, b[n]) for b in inputs] for n, v in zip(names, function.inputs, strict=True)}
        return cls(arrays, {v: len(v.uses) for v in arrays})

    def operands(self, op: Operation, batch: int) -> list[Array | None]:
        return [None if v is None else self.array(v, batch) for v in op.operands]

    def array(self, value: Value, batch: int) -> Array:
        dense = constant_attribute(value)
        return dense.numpy() if dense is not None else self.arrays[value][batch]

    def run(self, op: Operation, batches: int) -> None:
        """Evaluate an operation on all batches, and drop what nobody needs any more."""
        results = [evaluate_op(op, self.operands(op, i), self._regions(op, i)) for i in range(batches)]
        for number, value in enumerate(op.results):
            if value.has_uses:
                self.arrays[value] = [r[number] for r in results]
                self.uses_left[value] = len(value.uses)
        for used in operands_within(op):
            if used in self.uses_left:
                self.uses_left[used] -= 1
                if not self.uses_left[used]:
                    del self.arrays[used], self.uses_left[used]

    def _regions(self, op: Operation, batch: int) -> RegionRunner | None:
        return region_runner({v: self.array(v, batch) for v in captured_values(op)}) if op.regions else None


@attrs.define
class Refinement:
    """The int8 function of a module, the float function that it was, and what is to be refined."""

    module: Module
    reference: Function
    quantized: Function
    copies: Mapping[Value, Value]
    rules: Mapping[Operation, Int8Rule]
    biases: bool
    weights: bool
    context: PassContext

    def run(self, inputs: Sequence[Mapping[str, Array]]) -> None:
        """Refine on these batches of the float function's inputs."""
        exact, rounded = Side.start(self.reference, inputs), Side.start(self.quantized, inputs)
        ops = [op for op in self.quantized.body if op.results and Trait.CONSTANT not in op.traits]
        for done, op in enumerate(ops):
            self.context.report_progress("refine weights and biases", done, len(ops))
            copy = self.copies.get(op.results[0])
            original = copy.defining_op if copy is not None else None
            if original is not None:
                self._refine(op, original, exact, rounded, len(inputs))
                exact.run(original, len(inputs))
            rounded.run(op, len(inputs))
        self.context.report_progress("refine weights and biases", len(ops), len(ops))

    def _refine(self, op: Operation, original: Operation, exact: Side, rounded: Side, batches: int) -> None:
        rule = self.rules.get(op)
        if rule is None or rule.weight is None or rule.bias is None or _is_empty(op, rounded, batches):
            return
        if _is_empty(original, exact, batches):
            return
        if self.weights:
            self._round_weights(op, original, rule.weight, rounded, batches)
        if self.biases:
            self._correct_bias(op, original, rule, exact, rounded, batches)

    def _round_weights(self, op: Operation, original: Operation, number: int, rounded: Side, batches: int) -> None:
        x, stored, floats = op.operands[0], op.operands[number], constant_attribute(original.operands[number])
        assert x is not None and stored is not None and floats is not None
        matrices = weight_matrices(op, floats.real())
        kind = stored.tensor.element
        if matrices is None or matrices.shape[1] > LONGEST or not isinstance(kind, QuantizedType):
            return
        if not stored.has_one_use:
            return  # layers that share their weights, such as the steps of an unrolled RNN, go on sharing them
        rng = self.context.rng(0)
        share = max(1, ROWS // batches)
        rows = np.concatenate([input_rows(op, real(x, rounded.array(x, i)), share, rng) for i in range(batches)], 1)
        if self.biases:
            rows = rows - rows.mean(axis=1, keepdims=True)  # the bias takes up what the mean of the input does
        scales = np.reshape(kind.scales, (len(matrices), -1) if kind.axis is not None else (1, 1))
        found = round_weights(matrices, scales, rows, kind.range)
        array = weight_of_matrices(op, found, stored.tensor.static_shape).astype(kind.storage.dtype)
        self._replace(op, number, array, kind, stored.name)

    def _correct_bias(
        self, op: Operation, original: Operation, rule: Int8Rule, exact: Side, rounded: Side, batches: int
    ) -> None:
        assert rule.weight is not None and rule.bias is not None
        difference = np.mean(
            [
                _channel_means(op, _before_activation(original, exact.operands(original, i)))
                - _channel_means(op, _before_activation(op, rounded.operands(op, i)))
                for i in range(batches)
            ],
            axis=0,
        )
        bias = op.operands[rule.bias] if rule.bias < len(op.operands) else None
        x, weight = op.operands[0], op.operands[rule.weight]
        assert x is not None and weight is not None
        kind, weight_kind = x.tensor.element, weight.tensor.element
        assert isinstance(kind, QuantizedType) and isinstance(weight_kind, QuantizedType)
        dense = constant_attribute(bias)
        unit = bias_type(kind.scale, weight_kind)
        numbers = difference if dense is None else dense.real() + difference
        self._replace(op, rule.bias, unit.quantize(numbers), unit, bias.name if bias is not None else None)

    def _replace(self, op: Operation, number: int, array: Array, kind: QuantizedType, name: str | None) -> None:
        type = TensorType(tuple(array.shape), kind)
        made = Builder.before(self.module, op).create(
            "nn.constant", value=self.module.constant(array, name or "constant", type)
        )
        made.results[0].name = name
        op.set_operand(number, made.results[0])


def _is_empty(op: Operation, side: Side, batches: int) -> bool:
    """Whether an operation gets no numbers in some batch, as may be where sizes depend on data: they have no mean."""
    x = op.operands[0]
    return x is None or not all(side.array(x, i).size for i in range(batches))


def _before_activation(op: Operation, operands: Sequence[Array | None]) -> Array:
    """The real numbers that an operation gives, before its activation cuts and its result is rounded."""
    probe = op.clone()
    probe.attributes.pop("activation", None)
    result: OpResult = probe.results[0]
    result.type = result.tensor.with_element(F32)
    (array,) = evaluate_op(probe, operands)
    probe.drop_references()
    return array


def _channel_means(op: Operation, array: Array) -> Array:
    """The mean of every output channel, in double precision."""
    last = isinstance(op, nn.Affine) or bool(op.attributes.get("channel_last", False))
    axis = array.ndim - 1 if last else 1
    means: Array = array.mean(axis=tuple(i for i in range(array.ndim) if i != axis), dtype=np.float64)
    return means


def affordable_batches(function: Function, most: int) -> int:
    """How many batches may live at once: the values of both sides at the fullest point, within :data:`MEMORY`."""
    living, peak = 0, 1
    sizes = {v: _bytes(v) for v in function.inputs}
    left = {v: len(v.uses) for v in function.inputs}
    living = sum(sizes.values())
    for op in function.body:
        if Trait.CONSTANT in op.traits:
            continue
        for value in op.results:
            sizes[value], left[value] = _bytes(value), len(value.uses)
            living += sizes[value] if left[value] else 0
        peak = max(peak, living)
        for used in operands_within(op):
            if used in left:
                left[used] -= 1
                living -= sizes[used] if not left[used] else 0
    return max(1, min(most, MEMORY // peak))


def _bytes(value: Value) -> int:
    """What a value takes in float and in int8."""
    return value.tensor.size * 5 if value.tensor.is_static else 0
