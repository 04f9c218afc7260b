"""Types of values: between ONNX's messages and the types of the IR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...attributes import Attribute
from ...types import Dim, MapType, OptionalType, SequenceType, Shape, SparseType, TensorType, Type, UnknownType
from .tensors import MOST_DIMENSIONS, data_type, element_of

if TYPE_CHECKING:
    from onnx import TensorShapeProto, TypeProto

_UNKNOWN = frozenset({"", "?", "-1", "None"})
"""Names of dimensions that name none: two of them need not be equal."""


def from_type(message: TypeProto) -> Type:
    """The type of a message; unknown where it says nothing. Raises ValueError for what the IR cannot hold."""
    kind = message.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        inner = getattr(message, kind)
        if not inner.elem_type:
            return UnknownType()
        shape = _from_shape(inner.shape) if inner.HasField("shape") else None
        type = TensorType(shape, element_of(inner.elem_type))
        return type if kind == "tensor_type" else SparseType(type)
    if kind == "sequence_type":
        return SequenceType(from_type(message.sequence_type.elem_type))
    if kind == "optional_type":
        return OptionalType(from_type(message.optional_type.elem_type))
    if kind == "map_type":
        return MapType(element_of(message.map_type.key_type), from_type(message.map_type.value_type))
    if kind is None:
        return UnknownType()
    raise ValueError("its type is opaque")


def _from_shape(message: TensorShapeProto) -> Shape:
    if len(message.dim) > MOST_DIMENSIONS:
        raise ValueError(f"it has {len(message.dim)} dimensions; {MOST_DIMENSIONS} are possible")
    return tuple(_from_dim(dim) for dim in message.dim)


def _from_dim(message: Any) -> Dim:
    """A dimension; exporters write a negative number, or ``?``, for one that they do not know."""
    if message.HasField("dim_value"):
        return int(message.dim_value) if message.dim_value >= 0 else None
    return None if message.dim_param in _UNKNOWN else str(message.dim_param)


def to_type(type: Type, message: TypeProto) -> None:
    """Set an empty message to a type; an unknown type leaves it empty. Raises ValueError for what ONNX lacks."""
    if isinstance(type, TensorType | SparseType):
        tensor = type.tensor if isinstance(type, SparseType) else type
        inner: Any = message.sparse_tensor_type if isinstance(type, SparseType) else message.tensor_type
        if not hasattr(tensor.element, "name"):
            raise ValueError(f"ONNX has no elements of type {tensor.element}")
        inner.elem_type = data_type(tensor.storage)
        if tensor.shape is not None:
            inner.shape.SetInParent()
            for dim in tensor.shape:
                _to_dim(dim, inner.shape.dim.add())
    elif isinstance(type, SequenceType):
        message.sequence_type.SetInParent()
        to_type(type.element, message.sequence_type.elem_type)
    elif isinstance(type, OptionalType):
        message.optional_type.SetInParent()
        to_type(type.element, message.optional_type.elem_type)
    elif isinstance(type, MapType):
        message.map_type.key_type = data_type(type.key)
        to_type(type.value, message.map_type.value_type)
    elif not isinstance(type, UnknownType):
        raise ValueError(f"ONNX has no values of type {type}")


def _to_dim(dim: Dim, message: Any) -> None:
    if isinstance(dim, int):
        message.dim_value = dim
    elif dim is not None:
        message.dim_param = dim


def denotations(message: TypeProto) -> dict[str, Attribute]:
    """What a type says of its meaning, if anything: ``denotation``, and ``dim_denotations`` of its dimensions."""
    found: dict[str, Attribute] = {"denotation": message.denotation} if message.denotation else {}
    dims = tuple(dim.denotation for dim in message.tensor_type.shape.dim)
    if any(dims):
        found["dim_denotations"] = dims
    return found


def set_denotations(extras: Mapping[str, Any], message: TypeProto) -> None:
    """The inverse of :func:`denotations`, for a message whose type is set; of another rank, dimensions get none."""
    if extras.get("denotation"):
        message.denotation = extras["denotation"]
    named = extras.get("dim_denotations", ())
    if len(named) == len(message.tensor_type.shape.dim):
        for name, dim in zip(named, message.tensor_type.shape.dim, strict=True):
            if name:
                dim.denotation = name
