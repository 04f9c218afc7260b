"""Attributes of nodes: from ``AttrValue`` to the attributes of the tf dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...ir import DenseAttribute, Module, SymbolRef
from ...ir.attributes import Attribute
from ...ir.dialects.tf import UNRANKED, element_of
from ...ir.dialects.tf.tensors import tensor_array, tensor_type
from ...ir.wire import LightModel

_KINDS = {
    "s": "string",
    "i": "int",
    "f": "float",
    "b": "bool",
    "type": "type",
    "shape": "shape",
    "tensor": "tensor",
    "func": "func",
}
"""The kinds of attributes by the fields of the message."""

ReadTensor = Callable[[Any, str], DenseAttribute]


def tensor_reader(module: Module, light: LightModel) -> ReadTensor:
    """What makes the dense attribute of a ``TensorProto``, for which it takes a name; large ones are resources."""

    def read(message: Any, name: str) -> DenseAttribute:
        array = tensor_array(message, light.bytes_of(message.tensor_content))
        return module.constant(array, name, tensor_type(message))

    return read


def attribute_value(message: Any, read: ReadTensor | None = None, name: str = "") -> tuple[str, Attribute]:
    """Kind and value of an attribute; one that is a tensor is read under a name. Raises ValueError for what is none."""
    field = message.WhichOneof("value")
    if field == "list":
        return _list(message.list, read, name)
    if field not in _KINDS:
        raise ValueError("it has no value")
    kind = _KINDS[field]
    return kind, _single(kind, getattr(message, field), read, name)


def _list(message: Any, read: ReadTensor | None, name: str) -> tuple[str, Attribute]:
    fields = message.ListFields()
    if len(fields) > 1:
        raise ValueError("it holds values of several types")
    if not fields:
        return "", ()  # the operator says of what
    descriptor, values = fields[0]
    kind = _KINDS[descriptor.name]
    return f"{kind}s", tuple(_single(kind, value, read, name) for value in values)


def _single(kind: str, value: Any, read: ReadTensor | None, name: str) -> Attribute:
    if kind == "string":
        return value.decode("utf-8", "surrogateescape")
    if kind == "float":
        return float(str(np.float32(value)))
    if kind == "type":
        return element_of(value)
    if kind == "shape":
        return UNRANKED if value.unknown_rank else tuple(int(d.size) for d in value.dim)
    if kind == "tensor":
        assert read is not None
        return read(value, name)
    if kind == "func":
        return SymbolRef(value.name)
    return value
