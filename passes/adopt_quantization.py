"""`adopt-quantization`: what a model quantizes by itself becomes real numbers with known grids."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ..ir import Builder, Module, Operation, QuantizedType, Value
from ..ir.dialects import nn
from ..ir.module import constant_attribute
from ..ir.passes import Pass, PassContext, option
from ..ir.types import Array

_MOVES = (nn.Reshape, nn.Transpose, nn.Slice, nn.Reverse, nn.Concat, nn.MaxPool, nn.Tile, nn.BroadcastTo)
"""Operations on the stored integers that mean the same on the real numbers that these stand for."""


@attrs.define
class AdoptQuantization(Pass, name="adopt-quantization"):
    """Lets a quantized model compute with real numbers that are rounded where it rounds them, for `quantize-int8`.

    ```
    %q = "nn.quantize"(%x) {...} : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5:3>>
    %y = "nn.dequantize"(%q) : (tensor<4x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<4xf32>
    ```
    becomes
    ```
    %y = "nn.fake_quantize"(%x) {grid = !quant.uniform<i8:f32, 0.5:3>} : (tensor<4xf32>) -> tensor<4xf32>
    ```

    Weights become real constants. All passes know how to move and to fold these; `calibrate` takes the grids for the
    ranges of the values, so that they end up with the scales that the model came with. Integers of more than 8 bits,
    and those that other operations compute with, stay as they are.
    """

    consumes = frozenset({"nn"})

    enabled: bool = option(True, "false: leave the model as it is")

    def run(self, module: Module, context: PassContext) -> bool:
        if not self.enabled:
            return False
        adoption = _Adoption(module)
        for op in list(module.main.body):
            if isinstance(op, nn.Dequantize):
                self.counts[adoption.dequantize(op)] += 1
        _erase_unused(module)
        module.drop_unused_resources()
        return bool(self.counts)


@attrs.define
class _Adoption:
    module: Module
    real: dict[Value, Value] = attrs.Factory(dict)
    """The real numbers that quantized values and stored integers stand for."""

    def dequantize(self, op: nn.Dequantize) -> str:
        """Replace one dequantization; what it was of."""
        found = self._real(op.x)
        if found is None:
            return "kept"
        op.result.replace_all_uses_with(found)
        op.erase()
        return "weights" if found.defining_op is not None and isinstance(found.defining_op, nn.Constant) else "values"

    def _real(self, value: Value) -> Value | None:
        """The real numbers of a quantized value; None where they do not come from real numbers or constants."""
        if value not in self.real:
            kind, op = value.tensor.element, value.defining_op
            if not isinstance(kind, QuantizedType) or op is None:
                return None
            made = self._of_constant(op, value, kind)
            if made is None and isinstance(op, nn.Quantize):
                made = self._rounded(op, op.x, kind, op.rounding)
            if made is None and isinstance(op, nn.StorageCast):
                moved = self._moved(op.x, kind)
                made = None if moved is None else self._rounded(op, moved, kind, "half_even")
            if made is None:
                return None
            self.real[value] = made
        return self.real[value]

    def _of_constant(self, op: Operation, value: Value, kind: QuantizedType) -> Value | None:
        """A constant of stored integers as a real one, computed when it is needed."""
        source = op.operands[0] if isinstance(op, nn.StorageCast) else value
        dense = constant_attribute(source)
        if dense is None:
            return None

        def load() -> Array:
            return kind.dequantize(dense.read())

        type = value.tensor.with_element(kind.expressed)
        return self._build(op, lambda b: b.nn.constant(value=self.module.add_resource(_name(source), load, type)))

    def _rounded(self, op: Operation, x: Value, kind: QuantizedType, rounding: str) -> Value | None:
        """x rounded to the grid of the type; x itself where it is that already. None for more than 8 bits."""
        source = x.defining_op
        if isinstance(source, nn.FakeQuantize) and source.grid == kind:
            return x
        if kind.storage.bits != 8:
            return None
        return self._build(op, lambda b: b.nn.fake_quantize(x, grid=kind, rounding=rounding))

    def _moved(self, stored: Value, kind: QuantizedType) -> Value | None:
        """The real numbers of integers that were taken from a quantized value, and maybe moved."""
        op = stored.defining_op
        if isinstance(op, nn.StorageCast):
            taken = op.x.tensor.element
            return self._real(op.x) if taken == kind else None
        if not isinstance(op, _MOVES):
            return None
        operands = [None if v is None else self._moved(v, kind) for v in op.operands]
        if any(v is None for v in operands):
            return None
        return self._build(op, lambda b: b.create(op.name, *_grouped(op, operands), **op.attributes).result)

    def _build(self, op: Operation, build: Callable[[Builder], Value]) -> Value:
        made = build(Builder.after(self.module, op))
        made.name = made.name or op.results[0].name
        return made


def _grouped(op: Operation, operands: list[Value | None]) -> list[object]:
    """Operands as the builder takes them: a list for those of a variadic field."""
    return [operands] if isinstance(op, nn.Concat) else list(operands)


def _name(value: Value | None) -> str:
    return (value.name if value is not None else None) or "constant"


def _erase_unused(module: Module) -> None:
    """Erase the quantizations and constants that nothing uses any more."""
    for op in reversed(module.main.body):
        if isinstance(op, nn.NNOp) and not op.has_uses:
            op.erase()
