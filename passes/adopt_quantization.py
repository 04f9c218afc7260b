"""`adopt-quantization`: what a model quantizes by itself becomes real numbers with known grids."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ..ir import Builder, Function, Module, Operation, QuantizedType, Value
from ..ir.dialects import nn
from ..ir.module import constant_attribute
from ..ir.passes import Pass, PassContext, option
from ..ir.ports import PORT_ELEMENT
from ..ir.regions import blocks_within
from ..ir.types import Array

_MOVES = (nn.Reshape, nn.Transpose, nn.Slice, nn.Reverse, nn.Concat, nn.MaxPool, nn.Tile, nn.BroadcastTo)
"""Operations on the stored integers that mean the same on the real numbers that these stand for."""
MODES = ("values", "ports", "none")


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
    ranges of the values, so that they end up with the scales that the model came with. Integers of more than 8 bits
    stay as they are. Those of 8 bits that other operations need are computed by arithmetic, and so are inputs and
    outputs, unless the mode is ``ports``: then these become the real numbers that the integers stand for.
    """

    consumes = frozenset({"nn"})
    keeps_ports = False

    mode: str = option("values", "values; ports: inputs and outputs of integers become real, too; none: do nothing")

    def __attrs_post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode is '{self.mode}': give {', '.join(MODES)}")

    def run(self, module: Module, context: PassContext) -> bool:
        if self.mode == "none":
            return False
        adoption = _Adoption(module, stored_kinds(module))
        if self.mode == "ports":
            self.counts["ports"] += _real_ports(module, adoption, context)
        for op in list(module.main.walk()):
            if isinstance(op, nn.Dequantize):
                self.counts[adoption.dequantize(op)] += 1
            elif op.results and op.results[0] in adoption.stored:
                self.counts["integers"] += adoption.store(op)
        _erase_unused(module)
        module.drop_unused_resources()
        return bool(+self.counts)


def stored_kinds(module: Module) -> dict[Value, QuantizedType]:
    """The integers that are taken out of quantized values, and maybe moved: the types whose integers they are."""
    found: dict[Value, QuantizedType] = {}
    for op in module.main.body:
        if isinstance(op, nn.StorageCast):
            kind = op.x.tensor.element
            if isinstance(kind, QuantizedType):
                found[op.result] = kind
        elif isinstance(op, _MOVES):
            kinds = {found.get(v) if v is not None else None for v in op.operands}
            only = kinds.pop() if len(kinds) == 1 else None
            if only is not None:
                found[op.result] = only
    return found


def _real_ports(module: Module, adoption: _Adoption, context: PassContext) -> int:
    """Let inputs and outputs that are integers of quantized values be these values; how many there were."""
    function, count = module.main, 0
    for index, x in enumerate(function.inputs):
        kinds = {op.to if isinstance(op, nn.StorageCast) else None for op in x.users}
        kind = kinds.pop() if len(kinds) == 1 else None
        if isinstance(kind, QuantizedType) and kind.axis is None and kind.storage.bits == 8:
            casts = list(x.users)
            x.type = x.tensor.with_element(kind.expressed)
            for op in casts:
                made = Builder.after(module, op).nn.quantize(x, to=x.tensor.with_element(kind), rounding="half_even")
                op.results[0].replace_all_uses_with(made)
                op.erase()
            function.drop_port_attribute("arg", index, PORT_ELEMENT)
            _tell(context, function, f"the input '{function.input_names[index]}'", kind)
            count += 1
    terminator = function.terminator
    for index, y in enumerate(function.outputs):
        kind = adoption.stored.get(y)
        if kind is not None and kind.axis is None and kind.storage.bits == 8 and y.defining_op is not None:
            builder = Builder.before(module, terminator)
            real = builder.nn.dequantize(builder.nn.storage_cast(y, to=kind))
            terminator.set_operand(index, real)
            function.drop_port_attribute("res", index, PORT_ELEMENT)
            _tell(context, function, f"the output '{function.output_names[index]}'", kind)
            count += 1
    return count


def _tell(context: PassContext, function: Function, port: str, kind: QuantizedType) -> None:
    context.diagnostics.warning(
        f"{port} becomes real numbers: of the integers less {kind.zero_point}, times {kind.scale:.6g}",
        function.location,
        "an 8-bit model has integers there again; those that were unsigned are less by 128",
    )


@attrs.define
class _Adoption:
    module: Module
    stored: dict[Value, QuantizedType]
    """See :func:`stored_kinds`."""
    real: dict[Value, Value] = attrs.Factory(dict)
    """The real numbers that quantized values and stored integers stand for."""
    made: dict[Operation, Operation] = attrs.Factory(dict)
    """The last of what was made behind an operation."""

    def dequantize(self, op: nn.Dequantize) -> str:
        """Replace one dequantization; what it was of."""
        found = self._real(op.x)
        if found is None:
            return "kept"
        op.result.replace_all_uses_with(found)
        op.erase()
        return "weights" if found.defining_op is not None and isinstance(found.defining_op, nn.Constant) else "values"

    def store(self, op: Operation) -> bool:
        """Compute stored integers for those that need them; False where nothing does, or they cannot be computed."""
        value = op.results[0]
        kind = self.stored[value]
        real = self._moved(value, kind)
        uses = [use for use in value.uses if not self._takes_stored(use.op)]
        if not uses or real is None or kind.axis is not None:
            return False

        def compute(b: Builder) -> Value:
            steps = b.nn.round(b.nn.div(real, kind.scale))
            return b.nn.cast(b.nn.add(steps, float(kind.zero_point)), to=kind.storage)

        made = self._build(op, compute)
        for use in uses:
            use.op.set_operand(use.operand_index, made)
        return True

    def _takes_stored(self, op: Operation) -> bool:
        """Whether an operation takes stored integers for quantized ones again, or moves them on their way there."""
        return isinstance(op, nn.StorageCast) or bool(op.results and op.results[0] in self.stored)

    def _of_integers(self, op: nn.StorageCast, kind: QuantizedType) -> Value | None:
        """The real numbers of plain integers; None where they have several scales."""
        if kind.axis is not None:
            return None

        def compute(b: Builder) -> Value:
            steps = b.nn.sub(b.nn.cast(op.x, to=kind.expressed), float(kind.zero_point))
            return b.nn.mul(steps, kind.scale)

        return self._build(op, compute)

    def _real(self, value: Value) -> Value | None:
        """The real numbers of a quantized value; None where they cannot be had."""
        if value not in self.real:
            kind, op = value.tensor.element, value.defining_op
            if not isinstance(kind, QuantizedType) or op is None:
                return None
            made = self._of_constant(op, value, kind)
            if made is None and isinstance(op, nn.Quantize):
                made = self._rounded(op, op.x, kind, op.rounding)
            if made is None and isinstance(op, nn.StorageCast):
                moved = self._moved(op.x, kind) or self._of_integers(op, kind)
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
        if self.stored.get(stored) != kind:
            return None
        if stored not in self.real:
            op = stored.defining_op
            assert op is not None
            if isinstance(op, nn.StorageCast):
                return self._real(op.x)
            operands = [None if v is None else self._moved(v, kind) for v in op.operands]
            if any(v is None for v in operands):
                return None
            attributes = op.attributes
            self.real[stored] = self._build(
                op, lambda b: b.create(op.name, *_grouped(op, operands), **attributes).result
            )
        return self.real[stored]

    def _build(self, op: Operation, build: Callable[[Builder], Value]) -> Value:
        made = build(Builder.after(self.module, self.made.get(op, op)))
        assert made.defining_op is not None
        self.made[op] = made.defining_op
        made.name = made.name or op.results[0].name
        return made


def _grouped(op: Operation, operands: list[Value | None]) -> list[object]:
    """Operands as the builder takes them: a list for those of a variadic field."""
    return [operands] if isinstance(op, nn.Concat) else list(operands)


def _name(value: Value | None) -> str:
    return (value.name if value is not None else None) or "constant"


def _erase_unused(module: Module) -> None:
    """Erase the quantizations and constants that nothing uses any more."""
    for block in reversed(list(blocks_within(module.main))):
        for op in reversed(block):
            if isinstance(op, nn.NNOp) and not op.has_uses:
                op.erase()
