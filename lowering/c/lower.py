"""``lower-to-c``: TensorFlow Lite's operations to kernels in C."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ...ir import CompileError, Function, Module, Operation, Return, Value
from ...ir.dialects.c import Constant, KernelOp
from ...ir.dialects.tfl.constant import PseudoConst
from ...ir.names import Names
from ...ir.passes import Pass, PassContext
from . import rules_elementwise, rules_indexing, rules_linear, rules_movement, rules_reduction, rules_spatial
from .target import Target, rule_for

RULE_MODULES = (
    rules_elementwise,
    rules_indexing,
    rules_linear,
    rules_movement,
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
        _separate_outputs(module, function)
        _name_values(function)
        return True

    def _lower(self, module: Module, op: Operation) -> None:
        for value in (*op.operands, *op.results):
            if value is not None and not value.tensor.is_static:
                what = f"'{op.name}' has a tensor without static shape, {value.type}"
                raise CompileError(what, op.location, "fix the batch size and the shapes of the inputs")
        rule = rule_for(op)
        if rule is None:
            raise CompileError(f"there is no C kernel for '{op.name}'", op.location, "express it by other operations")
        made = rule(Target(module, op), op)
        values: Sequence[Value] = [made] if isinstance(made, Value) else made
        for old, new in zip(op.results, values, strict=True):
            if old.name is not None and new.name is None:
                new.name = old.name
            old.replace_all_uses_with(new)
        op.erase()
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


def _separate_outputs(module: Module, function: Function) -> None:
    """Give every output memory of its own: one that is also an input, a constant or another output is copied."""
    taken: set[Value] = set(function.inputs)
    terminator = function.terminator
    for index, value in enumerate(function.outputs):
        if value in taken or isinstance(value.defining_op, Constant):
            target = Target(module, terminator)
            value = target.value("view", value, type=value.type)
            terminator.set_operand(index, value)
        taken.add(value)


def _name_values(function: Function) -> None:
    """Let no two values have one name, ports first."""
    names = Names()
    ports = [*zip(function.input_names, function.inputs, strict=True)]
    ports += zip(function.output_names, function.outputs, strict=True)
    for name, value in ports:
        value.name = names.free(name)
    named = set(function.outputs)
    for op in function.body:
        for result in op.results:
            if result.name is not None and result not in named:
                result.name = names.free(result.name)
