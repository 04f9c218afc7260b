"""The pass ``lift-tfl``: the main subgraph of a TFLite model as a function in the nn dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from ...ir import (
    Block,
    CompileError,
    Diagnostics,
    Function,
    Module,
    Operation,
    QuantizedType,
    TensorType,
    Trait,
    Value,
    VerifyError,
)
from ...ir.dialects.tfl.base import SIGNATURE, TENSOR, TFLOp
from ...ir.passes import Pass, PassContext
from ...ir.ports import PORT_ELEMENT, Side
from ...ir.types import merge_types
from ..nodes import CORRECT, FIT, refuse
from .ops import CUSTOM_LIFTS, LIFTS, REFUSALS, Lifter
from .ops.lifter import Reported
from .ops.registry import LiftFunction

_WRONG_USE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a lift may raise for an operator that makes no sense: files are of anybody's making, and not every lift looks at
everything."""
_PLUGIN = "give a plugin that lifts it (--plugin), or replace it by builtin operators"


@attrs.define
class LiftTfl(Pass, name="lift-tfl"):
    """Turn the main subgraph of a TFLite model into ``func.func @main`` of nn operations.

    Inputs and outputs keep their order, names, layout and element types. Operations on images are channel-first in nn,
    so that they stand between transposes, which ``channel-first`` takes away. Quantized tensors become real numbers
    between ``nn.quantize`` and ``nn.dequantize``, which ``adopt-quantization`` understands. Only operators that the
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
        function = SubgraphLift(module, found).function(graph)
        context.diagnostics.items += found.warnings
        found.raise_if_errors()
        self.counts["operators"] = len(graph.body) - 1
        for op in module.body:
            op.drop_references()
            op.unlink()
        module.attributes.clear()
        module.body.append(function)
        module.drop_unused_resources()
        return True


@attrs.frozen
class _Failed:
    """In place of what could not be lifted: operators that need it are not looked at, as they cannot be judged."""


class SubgraphLift:
    """A subgraph on its way to a function; problems go to ``diagnostics``, all of them."""

    def __init__(self, module: Module, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self.lifted: dict[Value, Value | _Failed] = {}
        """What values have become; quantized ones: real numbers."""
        self.stored: dict[Value, Value] = {}
        """The values of nn that are quantized, by the real numbers that they stand for."""
        self.b = Lifter(module, Block(), diagnostics, self._subgraph)

    def function(self, graph: Function) -> Function:
        """The function; worth nothing where errors were reported."""
        inputs = []
        for name, value in zip(graph.input_names, graph.inputs, strict=True):
            if not isinstance(value.type, TensorType):
                message = f"the input '{name}' holds no numbers, so that nothing can be computed of it"
                self.diagnostics.error(message, graph.location, "cut the model behind it")
                continue
            inputs.append((name, value.type.with_element(value.type.storage)))
        self.diagnostics.raise_if_errors()
        function, self.b.block = Function.create(graph.sym_name, inputs, graph.location)
        for argument, value in zip(graph.inputs, function.inputs, strict=True):
            self.lifted[argument] = self._real(self._as_stored(value, argument.tensor))
            value.name = argument.name
        outputs = self._block(graph.body)
        if self.diagnostics.errors:
            return function
        ports = [
            (name, self._plain(old, new))
            for name, old, new in zip(graph.output_names, graph.outputs, outputs, strict=True)
        ]
        function.set_outputs(ports)
        _copy_port_facts(graph, function)
        _erase_unused(function.body)
        return function

    def _as_stored(self, value: Value, type: TensorType) -> Value:
        """Plain integers as those of a type."""
        cast: Value = value
        if isinstance(type.element, QuantizedType):
            cast = self.b.nn.storage_cast(value, to=type.element)
        return cast

    def _real(self, value: Value) -> Value:
        """The real numbers that a value of nn stands for."""
        if not isinstance(value.tensor.element, QuantizedType):
            return value
        real: Value = self.b.nn.dequantize(value)
        self.stored[real] = value
        return real

    def _plain(self, old: Value, real: Any) -> Value:
        """What an output is in the file: integers where it is quantized."""
        value: Value = self.stored.get(real, real)
        kind = value.tensor.element
        return self.b.nn.storage_cast(value, to=kind.storage) if isinstance(kind, QuantizedType) else value

    def _block(self, block: Block) -> list[Any]:
        """Lift what a block's terminator needs at the builder's place; gives what its operands have become."""
        for op in _needed(block):
            self._lift(op)
        assert block.last_op is not None
        return [None if v is None else self.lifted[v] for v in block.last_op.operands]

    def _subgraph(self, block: Block, args: Sequence[Value]) -> list[Value]:
        """A block inside an operation: all or nothing."""
        self.lifted.update(zip(block.args, args, strict=True))
        results = self._block(block)
        if any(isinstance(value, _Failed) for value in results):
            raise Reported
        return results

    def _lift(self, op: Any) -> None:
        operands = [None if v is None else self.lifted[v] for v in op.operands]
        results: Sequence[Any] = [_Failed()] * len(op.results)
        try:
            with self.b.at(op.location):
                if op.name == "tfl.pseudo_const":
                    results = [self._real(self.b.nn.constant(value=op.value))]
                elif any(isinstance(v, _Failed) for v in operands):
                    _find_lift(op)
                else:
                    results = self._results(op, operands)
        except Reported:
            pass
        except VerifyError as error:
            self.diagnostics.error(f"{op.op_type} does not fit its inputs: {error.args[0]}", op.location, FIT)
        except CompileError as error:
            self.diagnostics.add(error)
        for old, new in zip(op.results, results, strict=True):
            self.lifted[old] = new
            if isinstance(new, Value) and new.name is None:
                new.name = old.name

    def _results(self, op: Any, operands: Sequence[Any]) -> list[Value]:
        try:
            made = _find_lift(op)(self.b, op, *operands)
        except _WRONG_USE as error:
            raise CompileError(f"{op.op_type} cannot be lifted: {error}", op.location, CORRECT) from error
        results = list(made) if isinstance(made, list | tuple) else [made]
        if len(results) != len(op.results):
            raise refuse(op, f"has {len(op.results)} outputs, expected {len(results)}")
        return [self._settled(op, old, new) for old, new in zip(op.results, results, strict=True)]

    def _settled(self, op: Any, old: Value, new: Value) -> Value:
        """A result of the element type that the file says. Of shapes, those that follow from the inputs are true."""
        if not isinstance(old.type, TensorType):
            raise refuse(op, f"gives '{old.name}', which holds no numbers", "do without the operator")
        declared, kind = old.tensor, old.tensor.element
        if declared.expressed != new.tensor.storage and declared.expressed.is_integer and new.tensor.storage.is_integer:
            new = self.b.nn.cast(new, to=declared.expressed)  # nn counts in i64
        merged = merge_types(new.type, declared.with_element(declared.expressed))
        if merged is not None:
            new.type = merged
        elif new.tensor.element != declared.expressed:
            raise refuse(op, f"gives {new.type}, but the file says {declared}", FIT)
        if isinstance(kind, QuantizedType):
            return self._real(self.b.nn.quantize(new, to=new.tensor.with_element(kind)))
        return new


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
    sides: tuple[tuple[Side, int], ...] = (("arg", len(graph.inputs)), ("res", len(graph.outputs)))
    for side, count in sides:
        for index in range(count):
            name = graph.port_attribute(side, index, TENSOR)
            if name is not None:
                function.set_port_attribute(side, index, TENSOR, name)
            kind = graph.port(side, index).tensor.element
            if isinstance(kind, QuantizedType):
                function.set_port_attribute(side, index, PORT_ELEMENT, kind)


def _needed(block: Block) -> list[Operation]:
    """The operations that the block's terminator needs, in order, without the terminator."""
    needed: list[Operation] = []
    used: set[Value] = set()
    for op in reversed(block):
        if Trait.TERMINATOR in op.traits or not used.isdisjoint(op.results):
            used.update(v for v in op.operands if v is not None)
            needed.append(op)
    return needed[:0:-1]


def _erase_unused(block: Block) -> None:
    """Erase what nothing uses: the constants that became part of others."""
    for op in reversed(block):
        if Trait.PURE in op.traits and not op.has_uses:
            op.erase()
