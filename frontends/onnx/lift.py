"""The pass ``lift-onnx``: the graph of an ONNX model as a function in the nn dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
    Type,
    Value,
    VerifyError,
)
from ...ir.passes import Pass, PassContext
from ...ir.types import merge_types
from ..nodes import CORRECT, FIT, refuse
from .bodies import body_of, has_body
from .ops import LIFTS, REFUSALS, Absent, Lifter
from .ops.control import loop_depth
from .ops.lifter import Reported
from .ops.registry import CHECKS, Lifted, LiftFunction

if TYPE_CHECKING:
    from ...ir.dialects.onnx import OnnxOp

_WRONG_USE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a lift may raise for a node that makes no sense: a rank that is not known, a step of 0, a tensor in place of a
sequence. Files are of anybody's making, and not every lift looks at everything."""

MOST_BODIES = 16
"""Function bodies that call each other; ONNX's own are never deeper than a few."""


@attrs.define
class LiftOnnx(Pass, name="lift-onnx"):
    """Turn the graph of an ONNX model into ``func.func @main`` of nn operations.

    Inputs and outputs keep their order, names and symbolic dimensions. Only nodes that the outputs need are lifted,
    each with the meaning that it has in the opset that the model imports; an operator that has no lift but a function
    body in ONNX's own definition is lifted through that. What is computed from constants and static shapes alone
    becomes a constant. Sequences must have a length that is known, and cannot be inputs or outputs.

        "func.func"() ({                                             "func.func"() ({
        ^bb0(%x: tensor<1x3x8x8xf32>):                               ^bb0(%x: tensor<1x3x8x8xf32>):
          %w = "onnx.initializer"() {value = dense_resource<w>}        %w = "nn.constant"() {value = dense_resource<w>}
          %y = "onnx.Conv"(%x, %w) {auto_pad = "SAME_UPPER"}     →     %y = "nn.conv"(%x, %w) {pads = [1, 1, 1, 1]}
          "func.return"(%y)                                            "func.return"(%y)
        }) {sym_name = "main"}                                       }) {sym_name = "main"}

    Raises CompileError that lists every node that cannot be lifted.
    """

    consumes = frozenset({"onnx"})
    produces = frozenset({"nn"})
    keeps_ports = False  # a file may declare outputs of wrong shapes: those that follow from the inputs are right

    def run(self, module: Module, context: PassContext) -> bool:
        found = Diagnostics()
        graph = module.main
        function = GraphLift(module, found).function(graph)
        context.diagnostics.items += found.warnings
        found.raise_if_errors()
        self.counts["nodes"] = len(graph.body) - 1
        _replace_body(module, function)
        return True


def _replace_body(module: Module, function: Function) -> None:
    """Let the module hold the function alone, and only the weights that it uses."""
    for op in module.body:
        op.drop_references()
        op.unlink()
    module.attributes.clear()
    module.body.append(function)
    module.drop_unused_resources()


@attrs.frozen
class _Failed:
    """In place of what could not be lifted: nodes that need it are not looked at, as they cannot be judged."""


class GraphLift:
    """A graph on its way to a function; problems go to ``diagnostics``, all of them."""

    def __init__(self, module: Module, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self.lifted: dict[Value, Lifted | _Failed] = {}
        self.b = Lifter(module, Block(), diagnostics, self._region)
        self.bodies: list[str] = []
        """The operators whose function bodies are being lifted, outermost first."""

    def function(self, graph: Function) -> Function:
        """The function; worth nothing where errors were reported."""
        inputs = list(zip(graph.input_names, (a.type for a in graph.inputs), strict=True))
        function, self.b.block = Function.create(graph.sym_name, inputs, graph.location)
        for name, type in inputs:
            if not isinstance(type, TensorType):
                message = f"the input '{name}' is of type {type}: only tensors can be inputs"
                self.diagnostics.error(message, graph.location, "make it a tensor, or cut the graph behind it")
        outputs = self._block(graph.body, function.inputs)
        ports = list(zip(graph.output_names, outputs, strict=True))
        for name, value in ports:
            if isinstance(value, list | Absent):
                kind = "a sequence" if isinstance(value, list) else "an optional that holds nothing"
                message = f"the output '{name}' is {kind}: only tensors can be outputs"
                self.diagnostics.error(message, graph.location, "end the graph in the tensors that it is made of")
        if not self.diagnostics.errors:
            function.set_outputs(ports)
            _erase_unused(function.body)
        return function

    def _block(self, block: Block, args: Sequence[Any]) -> list[Any]:
        """Lift what a block's terminator needs at the builder's place; gives what its operands have become."""
        for arg, value in zip(block.args, args, strict=True):
            failed = isinstance(value, Value) and not isinstance(value.type, TensorType)
            self.lifted[arg] = _Failed() if failed else value
        for op in _needed(block):
            self._lift(op)
        assert block.last_op is not None
        return [None if v is None else self.lifted[v] for v in block.last_op.operands]

    def _region(self, block: Block, args: Sequence[Any]) -> list[Any]:
        """A block inside an operation: all or nothing."""
        results = self._block(block, args)
        if any(isinstance(value, _Failed) for value in results):
            raise Reported
        return results

    def _lift(self, op: Any) -> None:
        operands = [None if v is None else self.lifted[v] for v in op.operands]
        results: Sequence[Any] = [_Failed()] * len(op.results)
        try:
            with self.b.at(self.b.location if self.bodies else op.location):
                if op.name == "onnx.initializer":
                    results = [self.b.nn.constant(value=op.value)]
                elif any(isinstance(v, _Failed) for v in operands):
                    self._find_lift(op)
                else:
                    results = self._results(op, operands)
        except Reported:
            pass
        except VerifyError as error:
            self._report(CompileError(f"{op.op_type} does not fit its inputs: {error.args[0]}", op.location, FIT))
        except CompileError as error:
            self._report(error)
        for old, new in zip(op.results, results, strict=True):
            self.lifted[old] = new
            if isinstance(new, Value) and new.name is None and not self.bodies:
                new.name = old.name

    def _report(self, error: CompileError) -> None:
        """Keep an error; a function body gives the same one for each of its nodes of a kind."""
        if not self.bodies or any(d not in self.diagnostics.items for d in error.diagnostics):
            self.diagnostics.add(error)

    def _find_lift(self, op: OnnxOp) -> LiftFunction:
        """The lift of an operator, be it the one through its function body. Raises CompileError."""
        key = (op.domain, op.op_type)
        if key in LIFTS:
            return LIFTS[key]
        if has_body(op):
            if key in CHECKS:
                CHECKS[key](op)
            return self._through_body
        reason, remedy = REFUSALS.get(key, ("cannot be lifted", "replace it by operators that can be"))
        name = f"{op.domain}.{op.op_type}" if op.domain else op.op_type
        inside = f", by which ONNX defines {self.bodies[-1]}," if self.bodies else ""
        raise CompileError(f"{name}{inside} {reason}", op.location, remedy)

    def _results(self, op: OnnxOp, operands: Sequence[Any]) -> list[Any]:
        try:
            made = self._find_lift(op)(self.b, op, *operands)
        except _WRONG_USE as error:
            raise CompileError(f"{op.op_type} cannot be lifted: {error}", op.location, CORRECT) from error
        results = list(made) if isinstance(made, tuple) or op.regions else [made]
        if len(results) < len(op.results):
            raise refuse(op, f"has {len(op.results)} outputs, expected {len(results)} or less")
        for old, new in zip(op.results, results, strict=False):
            if new is None and old.has_uses:
                raise refuse(op, f"cannot give its output {old.index}", "do without that output")
            if isinstance(new, Value):
                _settle_type(self.b, op, _in_every_trip(op, old.type), new)
        return results[: len(op.results)]

    def _through_body(self, b: Lifter, op: OnnxOp, *operands: Any) -> tuple[Any, ...]:
        """The lift of the function that ONNX defines an operator by."""
        if len(self.bodies) > MOST_BODIES:
            raise refuse(op, f"is defined by itself: {' in '.join(self.bodies)}", "remove the recursion")
        block = body_of(op, operands)
        given = [v for v in operands if v is not None]
        self.bodies.append(op.op_type)
        try:
            return tuple(self._region(block, given))
        finally:
            self.bodies.pop()


def _needed(block: Block) -> list[Operation]:
    """The operations that the block's terminator needs, in order, without the terminator."""
    needed: list[Operation] = []
    used: set[Value] = set()
    for op in reversed(block):
        if Trait.TERMINATOR in op.traits or not used.isdisjoint(op.results):
            used.update(v for inner in op.walk() for v in inner.operands if v is not None)
            needed.append(op)
    return needed[:0:-1]


def _in_every_trip(op: OnnxOp, declared: Type) -> Type:
    """What a file that declares a type means in every trip of the loops around an operation: the rank.

    Dimensions may be those of the first trip, and one symbol may stand for as many sizes as there are trips.
    """
    if not isinstance(declared, TensorType) or declared.shape is None or not loop_depth(op):
        return declared
    return declared.with_shape((None,) * declared.rank)


def _settle_type(b: Lifter, op: OnnxOp, declared: Type, value: Value) -> None:
    """Let the lifted value be of the type that the file declares, too.

    Where the two shapes contradict each other, what follows from the inputs is true, as runtimes have it. Raises
    CompileError for other elements.
    """
    if not isinstance(declared, TensorType) or isinstance(value.tensor.element, QuantizedType):
        return
    both = merge_types(value.type, declared)
    if both is not None:
        value.type = both
    elif value.tensor.element != declared.element:
        raise refuse(op, f"gives {value.type}, but the file says {declared}", FIT)
    else:
        b.warn(op, f"gives {value.type}, the file says {declared}", "export the model again: it declares wrong shapes")


def _erase_unused(block: Block) -> None:
    """Erase what nothing uses: the constants that became part of others."""
    for op in reversed(block):
        if Trait.PURE in op.traits and not op.has_uses:
            op.erase()
