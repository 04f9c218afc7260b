"""``lower-to-onnx``: nn operations to those of ONNX, in the form that they have at the opset."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import attrs

from ...ir import Block, CompileError, Function, Module, Operation, Trait, Value
from ...ir.dialects import nn
from ...ir.dialects.onnx import OPSET_IMPORT
from ...ir.dialects.onnx.base import GRAPH_NAME, IR_VERSION
from ...ir.outputs import separate_outputs
from ...ir.passes import Pass, PassContext, option
from ...ir.regions import inner_blocks
from ..rules import name_values, replace_op
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
        ends = Target(module, function.terminator, version)
        separate_outputs(function, lambda value: ends.value("Identity", value, types=[value.type]))
        _drop_unused(function.body)
        qdq.store_plainly(function)
        name_values(function, _values(function))
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
        replace_op(op, [_with_activation(t, op, values[0]), *values[1:]])
        name = op.name.partition(".")[2]
        self.counts[name] = self.counts.get(name, 0) + 1


def _with_activation(t: Target, op: Any, value: Value) -> Value:
    activation = "none" if isinstance(op, nn.RecurrentOp) else op.attributes.get("activation", "none")
    return value if activation == "none" else activated(t, value, activation)


def _drop_unused(block: Block) -> None:
    for op in reversed(block):
        if Trait.TERMINATOR not in op.traits and not op.has_uses:
            op.erase()


def _values(function: Function) -> Iterator[Value]:
    """The values of a function; those of an operation before those inside it."""
    for op in function.walk():
        yield from op.results
        yield from (a for block in inner_blocks(op) for a in block.args)
