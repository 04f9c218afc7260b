"""Attributes of nodes: from those of the tf dialect to ``AttrValue``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ir import DenseAttribute, TensorType
from ...ir.dialects.tf import UNRANKED, data_type
from ...ir.types import Array

_FIELDS = {"string": "s", "int": "i", "float": "f", "bool": "b", "type": "type"}
"""The fields of the message, and of its lists, by the kinds of attributes that are single numbers or texts."""


def set_attribute(message: Any, kind: str, value: Any) -> None:
    """Write an attribute of a kind into an ``AttrValue``. Raises ValueError for a type that TensorFlow has not."""
    if kind.endswith("s"):
        message.list.SetInParent()
        _extend(message.list, kind[:-1], value)
    elif kind in _FIELDS:
        setattr(message, _FIELDS[kind], _plain(kind, value))
    elif kind == "shape":
        message.shape.SetInParent()
        set_shape(message.shape, None if value == UNRANKED else value)
    elif kind == "tensor":
        set_tensor(message.tensor, value)
    else:
        message.func.name = value.name


def _extend(held: Any, kind: str, values: Any) -> None:
    if kind in _FIELDS:
        getattr(held, _FIELDS[kind]).extend(_plain(kind, v) for v in values)
        return
    for value in values:
        if kind == "shape":
            set_shape(held.shape.add(), None if value == UNRANKED else value)
        elif kind == "tensor":
            set_tensor(held.tensor.add(), value)
        else:
            held.func.add().name = value.name


def _plain(kind: str, value: Any) -> Any:
    if kind == "string":
        return value.encode("utf-8", "surrogateescape")
    return data_type(value) if kind == "type" else value


def set_shape(message: Any, dims: Any) -> None:
    """Write dimensions, of which those without a number are open; None for a tensor of any rank."""
    if dims is None:
        message.unknown_rank = True
        return
    for dim in dims:
        message.dim.add().size = dim if isinstance(dim, int) else -1


def set_tensor(message: Any, dense: DenseAttribute) -> None:
    """Write the elements of a tensor as bytes, or as texts. Raises ValueError for a type that TensorFlow has not."""
    type: TensorType = dense.type
    message.dtype = data_type(type.storage)
    set_shape(message.tensor_shape, type.static_shape)
    array = dense.numpy()
    if type.storage.name == "!nncc.string":
        message.string_val.extend(text.encode("utf-8", "surrogateescape") for text in array.reshape(-1))
    elif type.size:
        message.tensor_content = _bytes(array)


def _bytes(array: Array) -> bytes:
    """The elements in order, the lowest byte of each first."""
    dtype = array.dtype
    return np.ascontiguousarray(array, dtype.newbyteorder("<") if dtype.isbuiltin == 1 else dtype).tobytes()
