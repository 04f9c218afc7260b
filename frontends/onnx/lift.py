"""The pass ``lift-onnx``: the graph of an ONNX model as a function in the nn dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ...ir import (
    Block,
    CompileError,
    Diagnostics,
    Location,
    Module,
    QuantizedType,
    TensorType,
    Type,
    Value,
)
from ...ir.passes import Pass, PassContext
from ...ir.types import merge_types
from .. import lifting
from ..nodes import CORRECT, FIT, refuse
from .bodies import body_of, has_body
from .ops import LIFTS, REFUSALS, Lifter
from .ops.control import loop_depth
from .ops.registry import CHECKS, Lifted, LiftFunction

if TYPE_CHECKING:
    from ...ir.dialects.onnx import OnnxOp

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
        lifting.replace_body(module, function)
        return True


class GraphLift(lifting.GraphLift):
    """A graph of ONNX on its way to a function."""

    b: Lifter

    def __init__(self, module: Module, diagnostics: Diagnostics) -> None:
        super().__init__(diagnostics)
        self.b = Lifter(module, Block(), diagnostics, self.lift_region)
        self.bodies: list[str] = []
        """The operators whose function bodies are being lifted, outermost first."""

    def place(self, op: OnnxOp) -> Location:
        return self.b.location if self.bodies else op.location

    def keeps_names(self) -> bool:
        return not self.bodies

    def check(self, op: OnnxOp) -> None:
        if op.name != "onnx.initializer":
            self._find_lift(op)

    def describe(self, value: Lifted) -> str:
        return "a sequence" if isinstance(value, list) else "an optional that holds nothing"

    def report(self, error: CompileError) -> None:
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

    def results(self, op: OnnxOp, operands: Sequence[Any]) -> list[Any]:
        if op.name == "onnx.initializer":
            return [self.b.nn.constant(value=op.attributes["value"])]
        try:
            made = self._find_lift(op)(self.b, op, *operands)
        except lifting.WRONG_USE as error:
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
            return tuple(self.lift_region(block, given))
        finally:
            self.bodies.pop()


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
