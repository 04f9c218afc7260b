"""One operation ``tf.<Op>`` for every operator of the table.

Operands stand in the order of the node's inputs; control inputs are not kept. Attributes have the names and values of
the node: strings, numbers, tuples; types are element types, or TensorFlow's names of those that nncc does not have
(``"resource"``); shapes are tuples, -1 for a dimension that is not known, or ``"unranked"``; functions are symbols.
Attributes that the operands imply (``T``, ``N``) and those that equal their defaults may be left out: ask with ``get``.
Branches and bodies (``If``, ``While``, ``Case`` and their stateless forms) are regions, which take all they need as
arguments, as functions of TensorFlow do, and end in ``tf.yield``. The device of a node is not kept.
"""

from __future__ import annotations

import types
from collections.abc import Sequence

from ...opdef import DENSE, Op, Trait, attribute, variadic
from ...types import Array, Type
from .base import TfOp, op_name
from .table import OpDefinition, definitions

REGIONS: dict[str, tuple[str, ...]] = {
    "If": ("then_branch", "else_branch"),
    "While": ("cond", "body"),
    "Case": ("branches",),
}
REGIONS |= {f"Stateless{name}": attributes for name, attributes in REGIONS.items()}
"""The operators whose functions are regions. ``branches`` of Case are as many as there are."""


class Const(TfOp, name="tf.Const", traits=(Trait.CONSTANT, Trait.PURE)):
    """A tensor that the file holds. Its attribute ``dtype`` is the type of ``value``."""

    op_type = "Const"
    definition = definitions()["Const"]
    value = attribute(DENSE, "the elements")

    def infer(self) -> Sequence[Type]:
        return (self.value.type,)

    def verify_op(self) -> None:
        """All is in the signature."""

    def evaluate(self, *operands: Array) -> Array:
        return self.value.numpy()

    def get(self, name: str) -> object:
        return self.value.type.storage if name == "dtype" else super().get(name)


class Yield(Op, name="tf.yield", traits=(Trait.TERMINATOR,)):
    """Ends a branch or a body; its operands are what that gives."""

    values = variadic()

    def infer(self) -> Sequence[Type]:
        return ()


def _define(definition: OpDefinition) -> type[TfOp]:
    body = {
        "__doc__": f"{definition.name} of TensorFlow.",
        "__module__": __name__,
        "op_type": definition.name,
        "definition": definition,
        "region_attributes": REGIONS.get(definition.name, ()),
    }
    is_pure = not definition.is_stateful and not definition.functions
    options = {"name": op_name(definition.name), "traits": (Trait.PURE,) if is_pure else ()}
    return types.new_class(definition.name, (TfOp,), options, lambda space: space.update(body))


NODE_OPS: dict[str, type[TfOp]] = {
    name: Const if name == "Const" else _define(definition) for name, definition in definitions().items()
}
"""The operation of every operator, by its name in TensorFlow."""
