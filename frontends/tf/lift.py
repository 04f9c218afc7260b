"""The pass ``lift-tf``: the graph of a TensorFlow model as a function in the nn dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ...ir import Block, CompileError, Diagnostics, Module, QuantizedType, TensorType, Type, Value
from ...ir.passes import Pass, PassContext
from ...ir.types import merge_types
from .. import lifting
from ..nodes import CORRECT, FIT, refuse
from .ops import LIFTS, Lifter, refusal

if TYPE_CHECKING:
    from ...ir.dialects.tf import TfOp


@attrs.define
class LiftTf(Pass, name="lift-tf"):
    """Turn the graph of a TensorFlow model into ``func.func @main`` of nn operations.

    Inputs and outputs keep their order, names and types. Convolutions and pools become channel-first ones between
    transposes, which ``channel-last`` and ``channel-first`` cancel. What is computed from constants and static shapes
    alone becomes a constant. Lists of tensors (of Keras' recurrent layers) become tensors that loops carry.

        "func.func"() ({                                              "func.func"() ({
        ^bb0(%x: tensor<1x8x8x3xf32>):                                ^bb0(%x: tensor<1x8x8x3xf32>):
          %y = "tf.Relu"(%x) : ...                              →       %y = "nn.relu"(%x) : ...
          "func.return"(%y)                                             "func.return"(%y)
        }) {sym_name = "main"}                                        }) {sym_name = "main"}

    Raises CompileError that lists every node that cannot be lifted.
    """

    consumes = frozenset({"tf"})
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
    """A graph of TensorFlow on its way to a function."""

    b: Lifter

    def __init__(self, module: Module, diagnostics: Diagnostics) -> None:
        super().__init__(diagnostics)
        self.b = Lifter(module, Block(), diagnostics, self.lift_region)

    def check(self, op: TfOp) -> None:
        if op.op_type not in LIFTS and op.op_type != "Const":
            reason, remedy = refusal(op.op_type)
            raise CompileError(f"{op.op_type} {reason}", op.location, remedy)

    def results(self, op: TfOp, operands: Sequence[Any]) -> list[Any]:
        self.check(op)
        if op.op_type == "Const":
            return [self.b.nn.constant(value=op.attributes["value"])]
        try:
            made = LIFTS[op.op_type](self.b, op, *operands)
        except lifting.WRONG_USE as error:
            raise CompileError(f"{op.op_type} cannot be lifted: {error}", op.location, CORRECT) from error
        results = list(made) if isinstance(made, tuple | list) else [made]
        if len(results) != len(op.results):
            raise refuse(op, f"has {len(op.results)} outputs, expected {len(results)}")
        for old, new in zip(op.results, results, strict=True):
            if new is None and old.has_uses:
                raise refuse(op, f"cannot give its output {old.index}", "do without that output")
            if isinstance(new, Value):
                _settle_type(self.b, op, old.type, new)
        return results


def _settle_type(b: Lifter, op: TfOp, declared: Type, value: Value) -> None:
    """Let the lifted value be of the type that the file declares, too. Raises CompileError for other elements.

    Where the two shapes contradict each other, what follows from the inputs is true, as TensorFlow has it.
    """
    if not isinstance(declared, TensorType) or isinstance(value.tensor.element, QuantizedType):
        return
    if value.tensor.element != declared.element:
        raise refuse(op, f"gives {value.type}, but the file says {declared}", FIT)
    both = merge_types(value.type, declared)
    if both is not None:
        value.type = both
    else:
        b.warn(op, f"gives {value.type}, the file says {declared}", "export the model again: it declares wrong shapes")
