"""``lower-to-nnp``: nn operations to NNabla's functions, and the function to a network with an executor."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ...ir import CompileError, Function, Module, Operation, Return, Value
from ...ir.dialects import nn, nnp
from ...ir.dialects.nnp.assembly import assemble
from ...ir.opdef import registered_ops
from ...ir.outputs import separate_outputs
from ...ir.passes import Pass, PassContext, option
from ..rules import replace_op
from . import (
    rules_elementwise,
    rules_indexing,
    rules_linear,
    rules_movement,
    rules_reduction,
    rules_runtime,
    rules_sampling,
    rules_windows,
    substitutes,
    substitutes_linear,
    substitutes_reduction,
)
from .parameters import Parameters
from .quantization import on_grid
from .runtime import RULES, RuntimeTarget, expect_runtime
from .target import BASE_RULES, Target, is_holdable

RULE_MODULES = (
    rules_elementwise,
    rules_linear,
    rules_windows,
    rules_sampling,
    rules_movement,
    rules_indexing,
    rules_reduction,
    rules_runtime,
)
SUBSTITUTE_MODULES = (substitutes, substitutes_linear, substitutes_reduction)


_SIZES = (
    "gives a size that depends on the data, and NNabla fixes all sizes before it runs",
    "end the network before it",
)
_SHAPES = (
    "takes a shape that is computed",
    "fix the sizes of inputs (-b, --input-shape), so that shapes are constants",
)
_LOOPS = (
    "decides at run time what is computed, and a network of NNabla is the same in every run",
    "take one way alone",
)
REFUSALS: dict[str, tuple[str, str]] = {
    **{f"nn.{name}": _SIZES for name in ("non_zero", "compress", "unique", "non_max_suppression")},
    **{op.name: _SHAPES for op in registered_ops("nn") if op.name.startswith("nn.dynamic_")},
    **{f"nn.{name}": _SHAPES for name in ("shape_of", "fill", "range")},
    **{f"nn.{name}": _LOOPS for name in ("if", "loop")},
    **{
        f"nn.bitwise_{n}": ("looks at bits, and NNabla has float32 alone", "compute it outside")
        for n in ("and", "or", "xor")
    },
    "nn.bitcast": ("looks at bits, and NNabla has float32 alone", "compute it outside"),
}
"""Why operations have no function, and what to do: by name, (reason, remedy)."""
_NO_FUNCTION = (
    "has no function in NNabla",
    "run expand-for-nnp before; if it leaves the operation, express it by others",
)


@attrs.define
class LowerToNnp(Pass, name="lower-to-nnp"):
    """Turn a network in the form that `expand-for-nnp` leaves into a network of NNabla's functions, with an executor.

    ```
    func.func @main(%x : tensor<?x4xf32>) {
      %W = "nn.constant"() {value = dense_resource<W>}
      %y = "nn.affine"(%x, %W)
      "func.return"(%y)
    }
    ```
    becomes
    ```
    "nnp.network"() ({
      %x = "nnp.variable"() {name = "x", type = "Buffer"}
      %W = "nnp.variable"() {name = "W", type = "Parameter", value = dense_resource<W>}
      "nnp.variable"(%y) {name = "y", type = "Buffer"}
      %y = "nnp.Affine"(%x, %W) {name = "Affine", base_axis = 1}
    }) {name = "main", batch_size = 1}
    "nnp.parameter"() {variable_name = "W", ...}
    "nnp.executor"() {name = "exec_0", network_name = "main", data_variable = ..., output_variable = ...}
    ```

    Everything becomes float32: integers, indices and booleans (0 and 1) are carried as numbers, and quantized values as
    the real numbers that they stand for. The batch size stays open (-1 in the file) where it is the symbol N. All that
    NNabla cannot express is reported at once.
    """

    consumes = frozenset({"nn"})
    produces = frozenset({"nnp"})

    network: str = option("", "the name of the network that is made; that of the source's unless given")
    runtime: str = option("nnabla", "what has the functions: nnabla, or nnablart (nnabla-c-runtime, which has few)")

    def __attrs_post_init__(self) -> None:
        expect_runtime(self.runtime, self.name)

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        target = RuntimeTarget if self.runtime == "nnablart" else Target
        parameters = Parameters(module)
        elements = {op: tuple(v.tensor.element for v in op.operands if v is not None) for op in function.body}
        integers = {v for v in function.inputs if not v.tensor.expressed.is_float}
        for op in function.body:
            if not isinstance(op, Return | nn.Constant) and not _waits(op):
                try:
                    self._lower(target(op, parameters, context.diagnostics, elements[op], integers))
                except CompileError as error:
                    context.diagnostics.add(error)
        try:
            ends = target(function.terminator, parameters, context.diagnostics)
            separate_outputs(function, lambda value: ends.like("Identity", value), _is_stored)
        except CompileError as error:
            context.diagnostics.add(error)
        context.diagnostics.raise_if_errors()
        for op in reversed(function.body):
            if not isinstance(op, Return) and not op.has_uses:
                op.erase()
        assemble(module, function, parameters.variables.values(), self.network or _source_name(function) or "main")
        module.drop_unused_resources()
        return True

    def _lower(self, target: Target) -> None:
        op = target.op
        rules = RULES if self.runtime == "nnablart" else BASE_RULES
        rule = rules.rule_for(op)
        if rule is None:
            reason, remedy = REFUSALS.get(op.name, _NO_FUNCTION)
            raise CompileError(f"'{op.name}' {reason}", op.location, remedy)
        try:
            made = rule(target, op)
        except ValueError as error:  # a rule needs a number where the shape has none
            remedy = "fix the batch size (-b), or take out what makes a size depend on the data"
            raise CompileError(f"'{op.name}': {error}", op.location, remedy) from error
        values: Sequence[Value] = [made] if isinstance(made, Value) else made
        activation = op.attributes.get("activation", "none")
        if activation in rules_elementwise.FUSED and not isinstance(op, nn.RecurrentOp):
            values = [target.like(rules_elementwise.FUSED[activation], values[0])]
        values = [on_grid(target, old, new) for old, new in zip(op.results, values, strict=True)]
        integers = (new for old, new in zip(op.results, values, strict=True) if not old.tensor.expressed.is_float)
        target.integers.update(integers)
        replace_op(op, values)
        self.counts[op.name.partition(".")[2]] += 1


def _source_name(function: Function) -> str:
    """The name of the network or graph that the function was lifted from."""
    return function.location.origins[0].scope if function.location.origins else ""


def _waits(op: Operation) -> bool:
    """Whether an operand has a size that a file cannot hold: what makes it was reported, and nothing new is known."""
    operands = [v for v in op.operands if v is not None and not isinstance(v.defining_op, nnp.FunctionOp)]
    return any(not is_holdable(v.tensor.shape) for v in operands if v.defining_op is not None)


def _is_stored(value: Value) -> bool:
    """Whether a value is a parameter."""
    return value.defining_op is not None and value.defining_op.name in ("nn.constant", "nnp.variable")
