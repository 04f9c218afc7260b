"""The pass ``lift-tfl``: the main subgraph of a TFLite model as a function in the nn dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ...ir import (
    Block,
    CompileError,
    Diagnostics,
    Function,
    Module,
    QuantizedType,
    TensorType,
    Value,
)
from ...ir.dialects.tfl.base import SIGNATURE, TENSOR, TFLOp
from ...ir.passes import Pass, PassContext
from ...ir.ports import PORT_ELEMENT
from ...ir.regions import blocks_within
from ...ir.types import merge_types
from ..lifting import WRONG_USE, GraphLift, erase_unused, replace_body
from ..nodes import CORRECT, FIT, refuse
from ..sizes import filled
from .dilations import fuse_dilations
from .loops import mark_counted_loops
from .ops import CUSTOM_LIFTS, LIFTS, REFUSALS, Lifter
from .ops.registry import LiftFunction

_PLUGIN = "give a plugin that lifts it (--plugin), or replace it by builtin operators"


@attrs.define
class LiftTfl(Pass, name="lift-tfl"):
    """Turn the main subgraph of a TFLite model into ``func.func @main`` of nn operations.

    Inputs and outputs keep their order, names, layout and element types. Operations on images are channel-first in nn,
    so that they stand between transposes, which ``channel-first`` takes away. Quantized tensors become real numbers
    between ``nn.quantize`` and ``nn.dequantize``, which ``adopt-quantization`` understands; those of 16 bits are real
    numbers. Only operators that the
    outputs need are lifted. Custom operators are lifted by plugins.

        "func.func"() ({                                             "func.func"() ({
        ^bb0(%x: tensor<1x8x8x3xf32>):                               ^bb0(%x: tensor<1x8x8x3xf32>):
          %y = "tfl.relu"(%x)                                    →     %y = "nn.relu"(%x)
          "func.return"(%y)                                            "func.return"(%y)
        }) {sym_name = "main"}                                       }) {sym_name = "main"}

    Raises CompileError that lists every operator that cannot be lifted.
    """

    consumes = frozenset({"tfl"})
    produces = frozenset({"nn"})
    keeps_ports = False  # a file may declare shapes that runtimes compute anew

    def run(self, module: Module, context: PassContext) -> bool:
        found = Diagnostics()
        graph = module.main
        self.counts["dilated convolutions"] += sum(map(fuse_dilations, blocks_within(graph)))
        self.counts["loops that count"] += sum(map(mark_counted_loops, list(blocks_within(graph))))
        try:
            function = SubgraphLift(module, found).function(graph)
        finally:
            context.diagnostics.items += found.warnings
        self.counts["operators"] = len(graph.body) - 1
        replace_body(module, function)
        return True


class SubgraphLift(GraphLift):
    """A subgraph on its way to a function; quantized values are real numbers to all lifts."""

    def __init__(self, module: Module, diagnostics: Diagnostics) -> None:
        super().__init__(diagnostics)
        self.stored: dict[Value, Value] = {}
        """The values of nn that are quantized, by the real numbers that they stand for."""
        self.b = Lifter(module, Block(), diagnostics, self.lift_region)

    def function(self, graph: Function) -> Function:
        """The function; its ports are of plain integers where the file's are quantized. Raises CompileError."""
        for name, value in zip(graph.input_names, graph.inputs, strict=True):
            if not isinstance(value.type, TensorType):
                message = f"the input '{name}' holds no numbers, so that nothing can be computed of it"
                self.diagnostics.error(message, graph.location, "cut the model behind it")
        self.diagnostics.raise_if_errors()
        types = [self._port_type(v.tensor) for v in graph.inputs]
        function, self.b.block = Function.create(
            graph.sym_name, list(zip(graph.input_names, types, strict=True)), graph.location
        )
        for new, old in zip(function.inputs, graph.inputs, strict=True):
            new.name = old.name
        inputs = [self._entering(new, old.tensor) for new, old in zip(function.inputs, graph.inputs, strict=True)]
        outputs = self.lift_block(graph.body, inputs)
        self.diagnostics.raise_if_errors()
        results = [self._leaving(new, old.tensor) for new, old in zip(outputs, graph.outputs, strict=True)]
        function.set_outputs(list(zip(graph.output_names, results, strict=True)))
        _copy_port_facts(graph, function)
        erase_unused(function.body)
        return function

    def _port_type(self, type: TensorType) -> TensorType:
        return type.with_element(type.storage if _is_rounded(type) else type.expressed)

    def _entering(self, value: Value, type: TensorType) -> Value:
        """The real numbers of an input that is quantized in the file."""
        if not _is_rounded(type):
            return value
        return self._real(self.b.nn.storage_cast(value, to=type.element))

    def _leaving(self, real: Value, type: TensorType) -> Value:
        """The integers of a value that is quantized in the file."""
        if not _is_rounded(type):
            return real
        value: Value = self.b.nn.storage_cast(self.stored[real], to=type.storage)
        return value

    def _real(self, value: Value) -> Value:
        """The real numbers that a value of nn stands for."""
        if not isinstance(value.tensor.element, QuantizedType):
            return value
        real: Value = self.b.nn.dequantize(value)
        self.stored[real] = value
        return real

    def check(self, op: Any) -> None:
        _find_lift(op)

    def results(self, op: Any, operands: Sequence[Any]) -> list[Value]:
        if op.name == "tfl.pseudo_const":
            return [self._real(self.b.nn.constant(value=op.value))]
        if op.name == "tfl.variable":
            zero = filled(self.b, 0, (), op.output.tensor.expressed)
            return [self.b.nn.broadcast_to(zero, shape=op.output.tensor.static_shape)]
        if op.builtin == "CAST":  # the one kernel that takes the integers themselves
            operands = [self._leaving(v, o.tensor) for v, o in zip(operands, op.operands, strict=True)]
        try:
            made = _find_lift(op)(self.b, op, *operands)
        except WRONG_USE as error:
            raise CompileError(f"{op.op_type} cannot be lifted: {error}", op.location, CORRECT) from error
        results = list(made) if isinstance(made, list | tuple) else [made]
        if len(results) != len(op.results):
            raise refuse(op, f"has {len(op.results)} outputs, expected {len(results)}")
        return [self._settled(op, old, new) for old, new in zip(op.results, results, strict=True)]

    def _settled(self, op: Any, old: Value, new: Value) -> Value:
        """A result of the element type that the file says. Of shapes, those that follow from the inputs are true."""
        if not isinstance(old.type, TensorType):
            raise refuse(op, f"gives '{old.name}', which holds no numbers", "do without the operator")
        declared = old.tensor
        wanted, given = declared.expressed, new.tensor.storage
        if wanted != given and wanted.is_integer and given.is_integer:
            new = self.b.nn.cast(new, to=wanted)  # nn counts in i64
        merged = merge_types(new.type, declared.with_element(wanted))
        if merged is not None:
            new.type = merged
        elif new.tensor.element != wanted:
            raise refuse(op, f"gives {new.type}, but the file says {declared}", FIT)
        if _is_rounded(declared):
            return self._real(self.b.nn.quantize(new, to=new.tensor.with_element(declared.element)))
        return new


def _is_rounded(type: TensorType) -> bool:
    """Whether what is computed is rounded to the integers of a type: to those of 8 bits.

    More bits say no more than that a number is in their range; they are left out, at ports too.
    """
    return isinstance(type.element, QuantizedType) and type.storage.bits <= 8


def _find_lift(op: TFLOp) -> LiftFunction:
    """The lift of an operator. Raises CompileError where there is none."""
    if op.builtin == "CUSTOM":
        if op.op_type in CUSTOM_LIFTS:
            return CUSTOM_LIFTS[op.op_type]
        raise refuse(op, "is a custom operator: what it computes is not in the file", _PLUGIN)
    if op.builtin in LIFTS:
        return LIFTS[op.builtin]
    reason, remedy = REFUSALS.get(op.builtin, ("cannot be lifted", "replace it by operators that can be"))
    raise refuse(op, reason, remedy)


def _copy_port_facts(graph: Function, function: Function) -> None:
    """Keep what the types of ports do not say: how integers are quantized; what a TFLite file would call them again."""
    if SIGNATURE in graph.attributes:
        function.set_attribute(SIGNATURE, graph.attributes[SIGNATURE])
    for key, values in (("arg_attrs", graph.inputs), ("res_attrs", graph.outputs)):
        ports = zip(function.attributes[key], graph.attributes.get(key) or [{}] * len(values), values, strict=True)
        function.set_attribute(key, tuple({**new, **_port_facts(old, value)} for new, old, value in ports))


def _port_facts(port: Mapping[str, Any], value: Value) -> dict[str, Any]:
    found = {TENSOR: port[TENSOR]} if TENSOR in port else {}
    return {**found, PORT_ELEMENT: value.tensor.element} if _is_rounded(value.tensor) else found
