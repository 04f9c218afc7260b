"""``lower-to-tf``: nn operations to nodes of a TensorFlow graph."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import attrs

from ...ir import Block, CompileError, DenseAttribute, Function, Module, Operation, Trait, Value
from ...ir.dialects import nn
from ...ir.outputs import is_constant
from ...ir.passes import Pass, PassContext
from ...ir.regions import blocks_within, inner_blocks
from ..rules import name_values, replace_op, values_by_block
from . import (
    rules_control,
    rules_dynamic,
    rules_elementwise,
    rules_linear,
    rules_movement,
    rules_reduction,
    rules_resize,
    rules_windows,
)
from .rules_elementwise import clipped
from .target import Target, rule_for

RULE_MODULES = (
    rules_control,
    rules_dynamic,
    rules_elementwise,
    rules_linear,
    rules_movement,
    rules_reduction,
    rules_resize,
    rules_windows,
)


@attrs.define
class LowerToTf(Pass, name="lower-to-tf"):
    """Turn a network in the form that `expand-for-tf` leaves, channel-last, into nodes of a TensorFlow graph.

    ```
    %1 = "nn.conv"(%x, %w, %b) {activation = "relu", channel_last = true, strides = [2, 2]}
        : (tensor<1x9x9x3xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
    ```
    becomes
    ```
    %0 = "tf.Conv2D"(%x, %w_hwio) {padding = "VALID", strides = [1, 2, 2, 1]}
        : (tensor<1x9x9x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x4x4x4xf32>
    %1 = "tf.BiasAdd"(%0, %b) : (tensor<1x4x4x4xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
    %2 = "tf.Relu"(%1) : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    ```

    Dimensions without a number stay open. Every output is a node of its own that nothing else reads, so that it can
    bear the output's name. Weights become views in TensorFlow's layouts: nothing is copied before the file is
    written. Everything that TensorFlow cannot express is reported at once.
    """

    consumes = frozenset({"nn"})
    produces = frozenset({"tf"})

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        self._lower_block(module, function.body, {}, context)
        context.diagnostics.raise_if_errors()
        _separate_outputs(function, Target(module, function.terminator))
        for block in blocks_within(function):
            for op in reversed(block):
                if Trait.TERMINATOR not in op.traits and not op.has_uses:
                    op.erase()
        name_values(function, values_by_block(function))
        return True

    def _lower_block(
        self, module: Module, block: Block, views: dict[Hashable, DenseAttribute], context: PassContext
    ) -> None:
        """Regions come before the operation that they are of: it makes functions of them as they are."""
        constants: dict[Hashable, Value] = {}
        for op in list(block):
            if Trait.TERMINATOR in op.traits:
                continue
            for inner in inner_blocks(op):
                self._lower_block(module, inner, views, context)
            try:
                self._lower(Target(module, op, constants, views), op)
            except CompileError as error:
                context.diagnostics.add(error)

    def _lower(self, t: Target, op: Operation) -> None:
        rule = rule_for(op)
        if rule is None:
            raise CompileError(f"there is no rule for '{op.name}' on the way to TensorFlow", op.location, _remedy(op))
        try:
            made = rule(t, op)
        except ValueError as error:  # a rule needs a number where the shape has none
            raise CompileError(f"'{op.name}': {error}", op.location, _FIX_SHAPES) from error
        values: Sequence[Value] = [made] if isinstance(made, Value) else made
        replace_op(op, [_with_activation(t, op, values[0]), *values[1:]])
        self.counts[op.name.partition(".")[2]] += 1


_FIX_SHAPES = "give the shapes of the inputs (--input-shape NAME=1,3,224,224), or the batch size (-b)"


def _remedy(op: Operation) -> str:
    if op.name.startswith("nn.dynamic_"):
        return f"its operands say how large the result is: {_FIX_SHAPES}, so that they are known"
    return "run expand-for-tf before; if it leaves the operation, express it by others"


def _with_activation(t: Target, op: Any, value: Value) -> Value:
    activation = "none" if isinstance(op, nn.RecurrentOp) else op.attributes.get("activation", "none")
    return value if activation == "none" else clipped(t, value, *nn.ACTIVATIONS[activation])


def _separate_outputs(function: Function, t: Target) -> None:
    """Let every output be the only result of a node that nothing else reads."""
    for index, value in enumerate(function.outputs):
        producer = value.defining_op
        is_alone = producer is not None and len(producer.results) == 1 and not is_constant(value)
        if not is_alone or not value.has_one_use:
            copy = t.value("Identity", value, types=[value.type])
            function.terminator.set_operand(index, copy)
