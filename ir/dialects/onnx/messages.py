"""Attributes of nodes: between ONNX's messages and the attributes of the IR."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ...attributes import Attribute, DenseAttribute, as_dense
from ...types import Array, Type
from .tensors import as_bytes, as_text, from_bytes, from_fields, tensor_type
from .values import from_type, to_type

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, NodeProto, TensorProto

ReadTensor: TypeAlias = "Callable[[TensorProto], DenseAttribute]"
WriteTensor: TypeAlias = "Callable[[DenseAttribute, TensorProto], None]"

GRAPH_KINDS = ("GRAPH", "GRAPHS")
_FIELDS = {
    "FLOAT": "f",
    "INT": "i",
    "STRING": "s",
    "TENSOR": "t",
    "FLOATS": "floats",
    "INTS": "ints",
    "STRINGS": "strings",
    "TENSORS": "tensors",
    "TYPE_PROTO": "tp",
    "TYPE_PROTOS": "type_protos",
    "GRAPH": "g",
    "GRAPHS": "graphs",
    "SPARSE_TENSOR": "sparse_tensor",
    "SPARSE_TENSORS": "sparse_tensors",
}
"""The fields that hold the values, by the names of the types of attributes."""


def shortest(value: float) -> float:
    """The shortest decimal number that is this float32."""
    return float(str(np.float32(value)))


def kind_of(message: AttributeProto) -> str:
    """The name of an attribute's type. Files older than the field say it by the value that is set.

    Raises ValueError for a type that is none, or contradicts the value.
    """
    from onnx import AttributeProto

    set_fields = {field.name for field, _ in message.ListFields()}
    present = [kind for kind, field in _FIELDS.items() if field in set_fields]
    if not message.type:
        if len(present) != 1:
            raise ValueError("it has no type")
        return present[0]
    try:
        kind = AttributeProto.AttributeType.Name(message.type)
    except ValueError:
        raise ValueError(f"there is no type {message.type} of attributes") from None
    if any(other != kind for other in present):
        raise ValueError(f"it is of type {kind}, but holds {' and '.join(present)}")
    return kind


def plain_tensor(message: TensorProto) -> DenseAttribute:
    """The tensor of a message that holds it: neither in another file nor mapped."""
    type = tensor_type(message)
    if message.HasField("raw_data"):
        return as_dense(from_bytes(memoryview(message.raw_data), type), type)
    return as_dense(from_fields(message, type), type)


def attribute_value(message: AttributeProto, read: ReadTensor = plain_tensor) -> Attribute:
    """The value of an attribute that is no graph. Raises ValueError for what is not sound or cannot be held."""
    kind = kind_of(message)
    value: Any = getattr(message, _FIELDS[kind]) if kind in _FIELDS else None
    if kind == "FLOAT":
        return shortest(value)
    if kind == "INT":
        return int(value)
    if kind == "STRING":
        return as_text(value)
    if kind == "TENSOR":
        return read(value)
    if kind == "FLOATS":
        return tuple(map(shortest, value))
    if kind == "INTS":
        return tuple(value)
    if kind == "STRINGS":
        return tuple(map(as_text, value))
    if kind == "TENSORS":
        return tuple(map(read, value))
    if kind == "TYPE_PROTO":
        return from_type(value)
    if kind == "TYPE_PROTOS":
        return tuple(map(from_type, value))
    if kind == "SPARSE_TENSOR":
        return from_sparse(value, read)
    if kind == "SPARSE_TENSORS":
        return tuple(from_sparse(each, read) for each in value)
    raise ValueError(f"it is of type {kind}")


def from_sparse(message: Any, read: ReadTensor = plain_tensor) -> Attribute:
    """A sparse tensor: ``values``, ``indices`` and ``dims``. Raises ValueError where they contradict each other."""
    dims = tuple(message.dims)
    values, indices = read(message.values), read(message.indices)
    sparse = {"values": values, "indices": indices, "dims": dims, "name": message.values.name}
    check_sparse(values, indices, dims)
    return sparse


def check_sparse(values: DenseAttribute, indices: DenseAttribute, dims: tuple[int, ...]) -> None:
    """Raises ValueError where a sparse tensor of these parts cannot be."""
    count = values.type.static_shape
    if len(count) != 1 or indices.type.storage.name != "i64" or min(dims, default=0) < 0:
        raise ValueError("its values, indices and dimensions are none of a sparse tensor")
    if indices.type.static_shape not in (count, (*count, len(dims))):
        raise ValueError(f"its indices have the type {indices.type}, and there are {count[0]} values")
    from ...types import TensorType

    if np.prod(dims, dtype=object) * values.type.storage.dtype.itemsize >= 2**63:
        raise ValueError(f"it is too large: its dimensions are {list(dims)}")
    TensorType(dims, values.type.element)
    index = indices.numpy()
    limits = np.asarray(dims if index.ndim == 2 else np.prod(dims, dtype=object), object)
    if index.size and (index.min() < 0 or (index.max(axis=0) >= limits).any()):
        raise ValueError("an index lies outside of its dimensions")


def densify(sparse: Mapping[str, Any]) -> Array:
    """The dense array of a sparse tensor."""
    values, index, dims = sparse["values"].numpy(), sparse["indices"].numpy(), sparse["dims"]
    dense = np.zeros(dims, values.dtype)
    if index.ndim == 2:
        dense[tuple(index.T)] = values
    else:
        dense.reshape(-1)[index] = values
    return dense


def value_kind(value: Attribute) -> str | None:
    """The type of attribute that a value is of; None for an empty list, which may be of several."""
    if isinstance(value, tuple):
        if not value:
            return None
        inner = value_kind(value[0])
        return None if inner is None else f"{inner}S"
    if isinstance(value, bool | int):
        return "INT"
    if isinstance(value, float):
        return "FLOAT"
    if isinstance(value, str):
        return "STRING"
    if isinstance(value, DenseAttribute):
        return "TENSOR"
    if isinstance(value, Type):
        return "TYPE_PROTO"
    if isinstance(value, Mapping) and "indices" in value:
        return "SPARSE_TENSOR"
    raise ValueError(f"{value!r} is no attribute of ONNX")


def set_attribute(message: AttributeProto, value: Attribute, kind: str | None, write: WriteTensor) -> None:
    """Set the type and the value of a message; ``kind`` is the type, needed for empty lists alone.

    Raises ValueError for what ONNX cannot hold.
    """
    from onnx import AttributeProto

    found = value_kind(value) or kind
    if found is None:
        raise ValueError("nothing says of which type the empty list is")
    message.type = getattr(AttributeProto, found)
    field: Any = getattr(message, _FIELDS[found])
    if found in ("FLOAT", "INT"):
        setattr(message, _FIELDS[found], value)
    elif found == "STRING":
        message.s = as_bytes(value)
    elif found in ("FLOATS", "INTS"):
        field.extend(value)
    elif found == "STRINGS":
        field.extend(map(as_bytes, value))
    elif found == "TENSOR":
        write(value, field)
    elif found == "TYPE_PROTO":
        field.SetInParent()
        to_type(value, field)
    elif found == "SPARSE_TENSOR":
        to_sparse(value, field, write)
    else:
        for each in value:
            if found == "TENSORS":
                write(each, field.add())
            elif found == "TYPE_PROTOS":
                to_type(each, field.add())
            else:
                to_sparse(each, field.add(), write)


def to_sparse(sparse: Mapping[str, Any], message: Any, write: WriteTensor) -> None:
    """The inverse of :func:`from_sparse`."""
    write(sparse["values"], message.values)
    write(sparse["indices"], message.indices)
    message.dims.extend(sparse["dims"])
    if sparse.get("name"):
        message.values.name = sparse["name"]


def inner_graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """The graphs that are attributes of the nodes of a graph, and so on inside them."""
    for node in graph.node:
        for inner in graphs_of(node):
            yield inner
            yield from inner_graphs(inner)


def graphs_of(node: NodeProto) -> Iterator[GraphProto]:
    """The graphs that are attributes of a node."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs
