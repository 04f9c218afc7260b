"""Infers the types of all results again, from the inputs on.

    func (%x: tensor<1x3xf32>)
    %1 = "nn.exp"(%x) : (tensor<1x3xf32>) -> tensor<?x3xf32>      // becomes tensor<1x3xf32>
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ..ir import Diagnostics, Module, Op, Type, VerifyError
from ..ir.passes import Pass, PassContext
from ..ir.types import QuantizedType, TensorType, merge_types


@attrs.define
class InferTypes(Pass, name="infer-types"):
    """Makes unknown and symbolic dimensions known where the operands tell, and finds types that contradict each other.

    Goes through every function once, in order. A type is only ever refined: what an operation was given and what its
    definition infers must agree, else it is an error; all errors are reported. Quantized elements stay as they
    are: a definition infers what they express. Operations without inference keep their types.
    """

    def run(self, module: Module, context: PassContext) -> bool:
        refined = infer_types(module, context.diagnostics)
        self.counts["types"] += refined
        return refined > 0


def infer_types(module: Module, diagnostics: Diagnostics) -> int:
    """Refine the type of every result in the module; gives the number of those that changed.

    Contradictions are reported, and raised together as CompileError at the end.
    """
    refined = 0
    for op in module.walk():
        if isinstance(op, Op) and op.results and op.is_inferable():
            try:
                refined += _refine(op, op.inferred_types())
            except VerifyError as error:
                diagnostics.add(error)
    diagnostics.raise_if_errors()
    return refined


def _refine(op: Op, types: Sequence[Type]) -> int:
    if len(types) != len(op.results):
        raise op.error(f"expected {len(types)} results, got {len(op.results)}")
    refined = 0
    for number, (value, inferred) in enumerate(zip(op.results, types, strict=True)):
        wanted = _stored_as(value.type, inferred)
        merged = merge_types(value.type, wanted)
        if merged is None:
            raise op.error(f"result {number} has type {value.type}, but its operands make {wanted}")
        if merged != value.type:
            value.type = merged
            refined += 1
    return refined


def _stored_as(present: Type, inferred: Type) -> Type:
    """The inferred type with the present one's quantized element, if that expresses the inferred element."""
    if not (isinstance(present, TensorType) and isinstance(inferred, TensorType)):
        return inferred
    kind = present.element
    if isinstance(kind, QuantizedType) and kind.expressed == inferred.element:
        return inferred.with_element(kind)
    return inferred
