"""``lower-to-c``: TensorFlow Lite's operations to kernels in C."""

from __future__ import annotations

import attrs

from ...ir import CompileError, Function, Module, Operation, Return, Value
from ...ir.dialects.c import Constant, KernelOp
from ...ir.dialects.tfl.constant import PseudoConst
from ...ir.outputs import separate_outputs
from ...ir.passes import Pass, PassContext
from ..rules import name_values, replace_op, values_by_block
from . import (
    rules_elementwise,
    rules_indexing,
    rules_linear,
    rules_movement,
    rules_quantized_elementwise,
    rules_quantized_linear,
    rules_quantized_movement,
    rules_quantized_reduction,
    rules_reduction,
    rules_spatial,
)
from .target import Target, quantized_rule_for, rule_for

RULE_MODULES = (
    rules_elementwise,
    rules_indexing,
    rules_linear,
    rules_movement,
    rules_quantized_elementwise,
    rules_quantized_linear,
    rules_quantized_movement,
    rules_quantized_reduction,
    rules_reduction,
    rules_spatial,
)


@attrs.define
class LowerToC(Pass, name="lower-to-c"):
    """Turn operations of TensorFlow Lite into calls of kernels.

    ```
    %1 = "tfl.transpose"(%x, %perm) : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<3x2xf32>
    ```
    becomes
    ```
    %1 = "c.copy"(%x) {shape = [3, 2], strides = [1, 3]} : (tensor<2x3xf32>) -> tensor<3x2xf32>
    ```

    Shapes, axes and other operands that say how to compute become attributes: they are known when the program is
    compiled. Everything that has no kernel is reported at once.
    """

    consumes = frozenset({"tfl"})
    produces = frozenset({"c"})

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        for op in function.body:
            if not isinstance(op, Return | PseudoConst):
                try:
                    self._lower(module, op)
                except CompileError as error:
                    context.diagnostics.add(error)
        context.diagnostics.raise_if_errors()
        _keep_what_is_used(function)
        ends = Target(module, function.terminator)
        separate_outputs(function, lambda value: ends.value("view", value, type=value.type))
        name_values(function, values_by_block(function))
        return True

    def _lower(self, module: Module, op: Operation) -> None:
        if op.regions:
            what = f"'{op.name}' runs what the data choose, and C source does all operations in their order"
            raise CompileError(what, op.location, "fix what decides: a condition, or the number of trips of a loop")
        for value in (*op.operands, *op.results):
            if value is not None and not value.tensor.is_static:
                what = f"'{op.name}' has a tensor without static shape, {value.type}"
                raise CompileError(what, op.location, "fix the batch size and the shapes of the inputs")
        target = Target(module, op)
        is_real = target.is_real()
        rule = rule_for(op) if is_real else quantized_rule_for(op)
        if rule is None:
            what = "" if is_real else " with integers that stand for real numbers"
            remedy = "express it by other operations" if is_real else "leave it in float"
            raise CompileError(f"there is no C kernel for '{op.name}'{what}", op.location, remedy)
        made = rule(target, op)
        replace_op(op, [made] if isinstance(made, Value) else made)
        self.counts[op.name.partition(".")[2]] += 1


def _keep_what_is_used(function: Function) -> None:
    """Constants that are still used become those of C; the others told kernels how to compute."""
    for op in reversed(function.body):
        if isinstance(op, KernelOp) and not op.has_uses:
            op.erase()
        elif isinstance(op, PseudoConst):
            if op.has_uses:
                new = Constant(value=op.value, location=op.location)
                new.results[0].name = op.results[0].name
                function.body.insert_before(op, new)
                op.results[0].replace_all_uses_with(new.results[0])
            op.erase()
