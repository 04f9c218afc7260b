"""The base class of ``tfl`` operations, and what their kernels have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from ...opdef import AttributeKind, Op, Trait, one_of
from ...types import Array, TensorType

ACTIVATION: AttributeKind[str] = one_of("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
PADDING: AttributeKind[str] = one_of("SAME", "VALID")

# Attributes of operations that are no fields of their options.
VERSION = "tfl.version"
"""The version that the file says, where it is not the one that the operation needs."""
OPTIONS = "tfl.options"
"""Of an operation without a definition: the name of its options table without ``Options``."""
INTERMEDIATES = "tfl.intermediates"
"""The types of the tensors that an LSTM works with inside."""
MUTATED = "tfl.mutating_variable_inputs"
"""For each operand, whether it is a variable that the operation writes."""

# Attributes of modules, functions and ports: what a file has beside its operations.
DESCRIPTION, METADATA = "tfl.description", "tfl.metadata"
SIGNATURE = "tfl.signature"
"""Of a function: the key of its signature."""
TENSOR = "tfl.tensor"
"""Of a port: the name of its tensor, where it is not that of the port."""


def is_reserved(attribute: str) -> bool:
    """Whether an attribute is none of the operation's options."""
    return "." in attribute


class TFLOp(Op, traits=(Trait.PURE,)):
    """Base of all ``tfl`` operations.

    The operands stand in the order of the file. The attributes are the fields of the operation's options table, named
    as in TFLite's schema (``fused_activation_function``); enumerations are written by name. Result types are always
    given: a file holds the type of every tensor.
    """

    __doc__: str
    builtin: ClassVar[str] = ""
    """The operation's name in the schema's BuiltinOperator."""
    options: ClassVar[str] = ""
    """The name of its options table in the schema without ``Options``; empty if there is none."""
    versions: ClassVar[Mapping[str, int]] = MappingProxyType({})
    """The version that operands of an element type ask for, where it is not 1."""
    typed_by: ClassVar[int] = 0
    """The operand whose element type decides."""

    def __init_subclass__(
        cls, builtin: str = "", options: str = "", versions: Mapping[str, int] | None = None, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.builtin = builtin or cls.builtin
        cls.options = options or cls.options
        cls.versions = cls.versions if versions is None else versions

    @property
    def op_type(self) -> str:
        """What TFLite calls the operator."""
        return self.builtin

    def version(self) -> int:
        """The lowest version of the operation that means what this one says."""
        return self.versions.get(self.storage_name(self.typed_by), 1)

    def schema_options(self) -> dict[str, Any]:
        """The fields of the options table: enumerations by name, element types as ElementType."""
        return {name: getattr(self, name) for name in self.attribute_fields}

    def extra_options(self) -> dict[str, Any]:
        """The fields of the options table that a file sets and the definition does not know."""
        known = self.attribute_fields
        return {name: v for name, v in self.attributes.items() if name not in known and not is_reserved(name)}

    def storage_name(self, operand: int) -> str:
        """The name of the type that an operand's elements are stored in, ``""`` for one left out."""
        value = self.operands[operand] if operand < len(self.operands) else None
        return value.tensor.storage.name if value is not None else ""

    @property
    def output_type(self) -> TensorType:
        """The type of the first result."""
        return self.results[0].tensor


def operand_types(op: Op) -> list[TensorType]:
    """The types of the operands that are there."""
    return [v.tensor for v in op.operands if v is not None]


def broadcasts_beyond(op: Op, rank: int) -> bool:
    """Whether the operands have different shapes and one has more dimensions than ``rank``: asks for newer kernels."""
    types = operand_types(op)
    return len({t.shape for t in types}) > 1 and max(t.rank for t in types) > rank


def activate(y: Array, function: str) -> Array:
    """A fused activation function by its name in the schema."""
    limits = {"NONE": (None, None), "RELU": (0, None), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}
    if function in limits:
        low, high = limits[function]
        return y if low is None else np.clip(y, low, high)
    return np.tanh(y) if function == "TANH" else np.signbit(y).astype(y.dtype)


def axes_of(axes: Array | Sequence[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front."""
    return tuple(int(a) % rank for a in np.asarray(axes).reshape(-1))
