"""What the rules of the lowering to TensorFlow work with: making nodes, constants, and shapes of open size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from ...ir import DenseAttribute, Operation, OpResult, TensorType, Type, Value
from ...ir.dialects.tf import NODE_OPS, Const, TfOp
from ...ir.types import I32, Dim
from ..constants import ConstantMaker
from ..rules import Rules
from .kernels import exceeded_rank, unsupported_element

Rule = Callable[["Target", Any], "Value | Sequence[Value]"]
"""Makes the nodes for one nn operation (without its fused activation); gives what replaces its results."""
RULES: Rules[Rule] = Rules("nn")
lowers, rule_for = RULES.lowers, RULES.rule_for

EXPAND = "run expand-for-tf before"


@attrs.define
class Target(ConstantMaker):
    """Makes tf operations before ``op``, the one that is being lowered."""

    def build(
        self, name: str, *operands: Value, types: Sequence[Type] | None = None, **attributes: Any
    ) -> Sequence[OpResult]:
        """Make a node; its results have the types of the operation being lowered unless ``types`` are given."""
        types = [r.type for r in self.op.results] if types is None else types
        made = NODE_OPS[name](list(operands), result_types=types, location=self.op.location, **attributes)
        made.verify()
        self._expect_kernel(made)
        return self.insert(made).results

    def _expect_kernel(self, node: TfOp) -> None:
        """Raises VerifyError for a node that TensorFlow has and no kernel computes: it would fail where it runs."""
        element, rank = unsupported_element(node), exceeded_rank(node)
        if element is not None:
            remedy = "cast to f32 or i32 before, if the numbers fit"
            raise self.error(f"has {element} elements, which TensorFlow's {node.op_type} does not compute with", remedy)
        if rank is not None:
            remedy = "reshape it to fewer dimensions before"
            raise self.error(f"has more than the {rank} dimensions that TensorFlow's {node.op_type} takes", remedy)

    def value(self, name: str, *operands: Value, **keywords: Any) -> OpResult:
        """:meth:`build` for a node with one result, which it gives."""
        (result,) = self.build(name, *operands, **keywords)
        return result

    def constant_op(self, dense: DenseAttribute) -> Operation:
        return Const(value=dense, location=self.op.location)

    def computed_transpose(self, value: Value, perm: Sequence[int], type: TensorType) -> Value:
        return self.value("Transpose", value, self.ints(perm, "perm"), types=[type])

    # Shapes

    def shape(self, dims: Sequence[int | Value]) -> Value:
        """A vector of dimensions, of which some are computed: scalars of i32."""
        numbers = [d for d in dims if isinstance(d, int)]
        if len(numbers) == len(dims):
            return self.ints(numbers, "shape")
        parts = [self.scalar(d, "dim") if isinstance(d, int) else d for d in dims]
        return self.value("Pack", *parts, types=[TensorType((len(parts),), I32)], axis=0)

    def size(self, x: Value, axis: int) -> int | Value:
        """The number of places along an axis; a scalar of i32 where it is open."""
        dim = x.tensor.dims[axis]
        return dim if isinstance(dim, int) else self.dimension(x, axis)

    def dimension(self, x: Value, axis: int) -> Value:
        """One dimension of x, as a scalar of i32."""
        dim = x.tensor.dims[axis]
        if isinstance(dim, int):
            return self.scalar(dim, "dim")
        whole = self.value("Shape", x, types=[TensorType((x.tensor.rank,), I32)], out_type=I32)
        bounds = [self.ints([n], name) for n, name in ((axis, "begin"), (axis + 1, "end"), (1, "strides"))]
        return self.value("StridedSlice", whole, *bounds, types=[TensorType((), I32)], shrink_axis_mask=1)

    def reshaped(self, x: Value, dims: Sequence[Dim]) -> Value:
        """x with these dimensions; one that is no number is what remains. Raises ValueError for more of them."""
        if sum(not isinstance(d, int) for d in dims) > 1:
            raise ValueError(f"more than one dimension of {list(dims)} is open")
        shape = self.ints([d if isinstance(d, int) else -1 for d in dims], "shape")
        return self.value("Reshape", x, shape, types=[TensorType(tuple(dims), x.tensor.element)])

    def error(self, message: str, remedy: str = "") -> Exception:
        """An error about the operation being lowered."""
        return self.op.error(message, remedy)  # type: ignore[attr-defined]  # all that is lowered is an Op
