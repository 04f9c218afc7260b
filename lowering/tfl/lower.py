"""``lower-to-tfl``: nn operations to those of TensorFlow Lite, one to one."""

from __future__ import annotations

from collections.abc import Hashable

import attrs

from ...ir import Block, CompileError, DenseAttribute, Module, Operation, Trait, Value
from ...ir.dialects import nn
from ...ir.outputs import separate_outputs
from ...ir.passes import Pass, PassContext
from ...ir.regions import blocks_within, inner_blocks
from ..rules import name_values, replace_op, values_by_block
from . import rules_control, rules_elementwise, rules_linear, rules_movement, rules_reduction
from .target import Target, rule_for

RULE_MODULES = (rules_control, rules_elementwise, rules_linear, rules_movement, rules_reduction)
ELEMENTS = frozenset({"f32", "i32", "i64", "i1", "i8", "ui8", "i16"})
"""The element types that TFLite's kernels compute with."""


@attrs.define
class LowerToTfl(Pass, name="lower-to-tfl"):
    """Turn a network in the form that `expand-for-tfl` leaves, channel-last, into TensorFlow Lite's operations.

    ```
    %1 = "nn.conv"(%x, %w, %b) {channel_last = true, pads = [1, 1, 1, 1]}
        : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x8x8x4xf32>
    ```
    becomes
    ```
    %1 = "tfl.conv_2d"(%x, %w_ohwi, %b)
        : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x8x8x4xf32>
    ```

    (Padding SAME and strides of 1 are the defaults there.) Weights become views in TFLite's layouts: nothing is copied
    before the file is written. Real and quantized types are treated alike. Everything that TFLite cannot express is
    reported at once.
    """

    consumes = frozenset({"nn"})
    produces = frozenset({"tfl"})

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        self._lower_block(module, function.body, {}, context)
        context.diagnostics.raise_if_errors()
        separate_outputs(function, lambda value: _copied(Target(module, function.terminator), value))
        for block in blocks_within(function):
            for op in reversed(block):
                if Trait.TERMINATOR not in op.traits and not op.has_uses:
                    op.erase()
        name_values(function, values_by_block(function))
        return True

    def _lower_block(
        self, module: Module, block: Block, views: dict[Hashable, DenseAttribute], context: PassContext
    ) -> None:
        """Regions come before the operation that they are of: it turns them into subgraphs as they are."""
        constants: dict[Hashable, Value] = {}
        for op in block:
            if Trait.TERMINATOR in op.traits:
                continue
            for inner in inner_blocks(op):
                self._lower_block(module, inner, views, context)
            try:
                self._lower(Target(module, op, constants, views), op)
            except CompileError as error:
                context.diagnostics.add(error)

    def _lower(self, target: Target, op: Operation) -> None:
        rule = rule_for(op)
        if rule is None:
            raise CompileError(f"TFLite has no operation for '{op.name}'", op.location, _remedy(op))
        for result in op.results:
            if result.tensor.shape is None:
                raise CompileError(f"'{op.name}' gives a tensor whose rank is not known", op.location, _FIX_SHAPES)
            storage = result.tensor.storage.name
            if storage not in ELEMENTS:
                raise CompileError(
                    f"'{op.name}' gives {storage} elements, which TFLite's kernels do not compute with",
                    op.location,
                    "cast to f32 or i32 before",
                )
        try:
            made = rule(target, op)
        except ValueError as error:  # a rule needs a number where the shape has none
            remedy = "fix the batch size, or take out what makes a size depend on the data"
            raise CompileError(f"'{op.name}': {error}", op.location, remedy) from error
        replace_op(op, [made] if isinstance(made, Value) else made)
        self.counts[op.name.partition(".")[2]] += 1


_FIX_SHAPES = "give the shapes of the inputs (--input-shape NAME=1,3,224,224)"


def _remedy(op: Operation) -> str:
    """What to do about an operation that TFLite has not."""
    if op.name.startswith("nn.dynamic_") or isinstance(op, nn.Range | nn.Fill):
        return f"its operands say how large the result is: {_FIX_SHAPES}, so that they are known"
    return "run expand-for-tfl before; if it leaves the operation, express it by others"


def _copied(target: Target, value: Value) -> Value:
    shape = target.ints([d if isinstance(d, int) else -1 for d in value.tensor.dims], "shape")
    return target.value("reshape", value, shape, types=[value.type])
