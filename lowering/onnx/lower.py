"""``lower-to-onnx``: nn operations to those of ONNX, in the form that they have at the opset."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import attrs

from ...ir import Block, CompileError, Function, Module, Operation, Trait, Value
from ...ir.dialects import nn
from ...ir.dialects.onnx import OPSET_IMPORT
from ...ir.dialects.onnx.base import GRAPH_NAME, IR_VERSION
from ...ir.names import Names
from ...ir.passes import Pass, PassContext, option
from . import (
    qdq,
    rules_control,
    rules_data,
    rules_dynamic,
    rules_elementwise,
    rules_linear,
    rules_movement,
    rules_recurrent,
    rules_reduction,
    rules_spatial,
)
from .opsets import Opset, parse_opset
from .rules_elementwise import activated
from .target import Target, rule_for

RULE_MODULES = (
    qdq,
    rules_control,
    rules_data,
    rules_dynamic,
    rules_elementwise,
    rules_linear,
    rules_movement,
    rules_recurrent,
    rules_reduction,
    rules_spatial,
)


@attrs.define
class LowerToOnnx(Pass, name="lower-to-onnx"):
    """Turn a network in the form that `expand-for-onnx` leaves into the operators of ONNX.

    ```
    %1 = "nn.conv"(%x, %w, %b) {activation = "relu", pads = [1, 1, 1, 1]}
        : (tensor<?x3x8x8xf32, {d0 = "N"}>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32, {d0 = "N"}>
    ```
    becomes
    ```
    %0 = "onnx.Conv"(%x, %w, %b) {kernel_shape = [3, 3], pads = [1, 1, 1, 1]}
        : (tensor<?x3x8x8xf32, {d0 = "N"}>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32, {d0 = "N"}>
    %1 = "onnx.Relu"(%0) : (tensor<?x4x8x8xf32, {d0 = "N"}>) -> tensor<?x4x8x8xf32, {d0 = "N"}>
    ```

    Every operator is checked against the schema of the opset: its attributes, operands and element types. Weights are
    shared and not copied, dimensions without a number stay so, names stay. Everything that the opset cannot express is
    reported at once.
    """

    consumes = frozenset({"nn"})
    produces = frozenset({"onnx"})

    opset: str = option("newest", "opset_N or N, opset_snpe, opset_tensorrt, or newest")

    def __attrs_post_init__(self) -> None:
        parse_opset(self.opset)

    def run(self, module: Module, context: PassContext) -> bool:
        version = parse_opset(self.opset)
        _set_header(module, version)
        function = module.main
        self.counts["quantized"] += qdq.make_explicit(module, function)
        lowering = _Lowering(module, version, context)
        lowering.block(function.body)
        context.diagnostics.raise_if_errors()
        self.counts.update(lowering.counts)
        _separate_outputs(module, function, version)
        _drop_unused(function.body)
        qdq.store_plainly(function)
        _name_tensors(function)
        return True


def _set_header(module: Module, version: Opset) -> None:
    """What the module says of the file: only the opset remains of what the source said."""
    for key in [k for k in module.attributes if k.startswith("onnx.")]:
        if key not in _KEPT:
            del module.attributes[key]
    module.set_attribute(OPSET_IMPORT, {"": version.version})
    if not module.attributes.get(GRAPH_NAME):
        module.set_attribute(GRAPH_NAME, module.main.sym_name)
    module.set_attribute(IR_VERSION, max(_OLDEST_IR_VERSION, _ir_version(version)))


_OLDEST_IR_VERSION = 4
"""Before it, every weight had to be an input too."""


def _ir_version(version: Opset) -> int:
    """The oldest version of the file format that has the opset."""
    from onnx import OperatorSetIdProto, helper

    return int(helper.find_min_ir_version_for([OperatorSetIdProto(version=version.version)]))


_KEPT = frozenset({"onnx.doc_string", "onnx.domain", "onnx.graph_name", "onnx.metadata", "onnx.model_version"})
"""What a model that came from ONNX says of itself, and still holds."""


@attrs.define
class _Lowering:
    """Lowers the operations of a block, and those of the blocks inside."""

    module: Module
    version: Opset
    context: PassContext
    counts: dict[str, int] = attrs.Factory(dict)
    constants: dict[Hashable, Value] = attrs.Factory(dict)

    def block(self, block: Block) -> None:
        for op in list(block):
            if Trait.TERMINATOR in op.traits:
                continue
            try:
                self._operation(op)
            except CompileError as error:
                self.context.diagnostics.add(error)

    def _operation(self, op: Operation) -> None:
        for region in op.regions:
            self.block(region.block)
        rule = rule_for(op)
        if rule is None:
            raise CompileError(
                f"ONNX has no operator for '{op.name}' at {self.version}",
                op.location,
                "run expand-for-onnx before; if it leaves the operation, choose a higher opset or express it by others",
            )
        t = Target(self.module, op, self.version, self.constants)
        try:
            made = rule(t, op)
        except ValueError as error:  # a rule needs a number where the shape has none
            remedy = "fix the batch size (-b N), or choose a higher opset, which may not need the number"
            raise CompileError(f"'{op.name}': {error}", op.location, remedy) from error
        values: Sequence[Value] = [made] if isinstance(made, Value) else made
        values = [_with_activation(t, op, values[0]), *values[1:]]
        for old, new in zip(op.results, values, strict=True):
            if old.name is not None and new.name is None:
                new.name = old.name
            old.replace_all_uses_with(new)
        op.erase()
        name = op.name.partition(".")[2]
        self.counts[name] = self.counts.get(name, 0) + 1


def _with_activation(t: Target, op: Any, value: Value) -> Value:
    activation = "none" if isinstance(op, nn.RecurrentOp) else op.attributes.get("activation", "none")
    return value if activation == "none" else activated(t, value, activation)


def _separate_outputs(module: Module, function: Function, version: Opset) -> None:
    """Give every output a tensor of its own: one that is also an input, a constant or another output is copied."""
    taken: set[Value] = set(function.inputs)
    terminator = function.terminator
    for index, value in enumerate(function.outputs):
        op = value.defining_op
        if value in taken or op is None or Trait.CONSTANT in op.traits:
            value = Target(module, terminator, version).value("Identity", value, types=[value.type])
            terminator.set_operand(index, value)
        taken.add(value)


def _drop_unused(block: Block) -> None:
    for op in reversed(block):
        if Trait.TERMINATOR not in op.traits and not op.has_uses:
            op.erase()


def _name_tensors(function: Function) -> None:
    """Let no two values have one name, so that each is that of a tensor in the file; ports have theirs first."""
    names = Names()
    ports = [*zip(function.input_names, function.inputs, strict=True)]
    ports += zip(function.output_names, function.outputs, strict=True)
    for name, value in ports:
        value.name = names.free(name)
    named = {value for _, value in ports}
    for op in function.walk():
        values = [*op.results, *(a for region in op.regions for block in region.blocks for a in block.args)]
        for value in values:
            if value.name is not None and value not in named:
                value.name = names.free(value.name)
