"""Makes static what exporters compute of shapes.

    func (%x: tensor<?x12x64xf32, {d0 = "N"}>)
    %1 = "nn.shape_of"(%x) : ... -> tensor<3xi64>
    %2 = "nn.gather"(%1, %zero) : ... -> tensor<1xi64>
    %3 = "nn.concat"(%2, %minus_one) {axis = 0} : ... -> tensor<2xi64>
    %4 = "nn.dynamic_reshape"(%x, %3) : ... -> tensor<?x768xf32>       // becomes nn.reshape {shape = [0, -1]}

What the elements of the small tensors are is known by :mod:`nncc.ir.dialects.nn.contents`; how each operation becomes
its static sibling is in ``resolve_shapes_rules``.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from ..ir import Builder, Diagnostics, Location, Module, Op, Operation, TensorType, Trait, Value, VerifyError
from ..ir.dialects.nn.contents import known_elements
from ..ir.passes import Pass, PassContext
from ..ir.rewrite import adapt_type
from .infer_types import infer_types, refine_types
from .resolve_shapes_rules import RULES


@attrs.define
class ResolveShapes(Pass, name="resolve-shapes"):
    """Takes operands that say how large a result is into attributes, where they are known, and infers types again.

    * Small tensors of numbers that follow from shapes become constants: a dimension that is a number is one, even if
      others are not.
    * ``nn.dynamic_reshape`` becomes ``nn.reshape``, ``nn.dynamic_slice`` ``nn.slice``, and so on. A dimension that is
      that of the input at the same place need not be known: it is copied. One other unknown of a reshape is what is
      left.

    One walk in order is enough: an operand's definition stands before its users. What stays dynamic depends on data,
    or on dimensions that are still open.
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def run(self, module: Module, context: PassContext) -> bool:
        types = infer_types(module, context.diagnostics)
        resolved = 0
        for op in module.walk():
            if isinstance(op, Op):
                resolved += self._visit(module, op, context.diagnostics)
        context.diagnostics.raise_if_errors()
        self.counts["operations"] += resolved
        if resolved:
            types += infer_types(module, context.diagnostics)  # what loops carry
        self.counts["types"] += types
        return resolved + types > 0

    def _visit(self, module: Module, op: Op, diagnostics: Diagnostics) -> bool:
        """Types first: what has become of a definition above says more than before."""
        if op.results and op.is_inferable():
            try:
                refine_types(op)
            except VerifyError as error:
                diagnostics.add(error)
                return False
        return self._fold(module, op) or self._resolve(module, op)

    def _fold(self, module: Module, op: Op) -> bool:
        """Replace an operation by constants if all its results are numbers that are known."""
        if not _may_be_known(op):
            return False
        arrays = []
        for value in op.results:
            elements = known_elements(value)
            if elements is None or not all(isinstance(e, bool | int | float) for e in elements.flat):
                return False
            arrays.append(elements.astype(value.tensor.storage.dtype))
        b = self._builder(module, op)
        for value, array in zip(op.results, arrays, strict=True):
            if value.has_uses:
                value.replace_all_uses_with(b.constant(array, value.tensor.storage, value.name or "shape"))
        op.erase()
        return True

    def _resolve(self, module: Module, op: Op) -> bool:
        """Replace an operation by its static sibling if enough of its operands is known."""
        rule = RULES.get(op.name)
        if rule is None:
            return False
        made = rule(self._builder(module, op), op)
        if made is None:
            return False
        values = [made] if isinstance(made, Value) else list(made)
        for old, new in zip(op.results, values, strict=True):
            reason = adapt_type(old, new)
            if reason is not None:
                raise op.error(f"was made static with another type: its sibling {reason}", "please report this")
            old.replace_all_uses_with(new)
        op.erase()
        return True

    def _builder(self, module: Module, op: Operation) -> Builder:
        b = Builder.before(module, op)
        b.location = Location.union([op.location], self.name)
        return b


def _may_be_known(op: Op) -> bool:
    return (
        Trait.PURE in op.traits
        and Trait.CONSTANT not in op.traits
        and not op.regions
        and op.has_uses
        and all(isinstance(v.type, TensorType) for v in op.results)
    )
