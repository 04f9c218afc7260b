"""The weights of a graph: tensors that the file holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...ir import DenseAttribute
from ...ir.dialects.onnx import Initializer, base, densify
from ...ir.dialects.onnx.messages import from_sparse
from .extras import metadata, value_extras
from .scope import Frame, stand_in

if TYPE_CHECKING:
    from onnx import GraphProto, SparseTensorProto, TensorProto

    from .external import TensorReader
    from .graphs import GraphImporter

_MOST_DENSE = 1 << 30
"""Bytes that a sparse tensor may become: a few numbers must not fill the memory."""


def initializer_names(graph: GraphProto) -> set[str]:
    return {t.name for t in graph.initializer} | {s.values.name for s in graph.sparse_initializer}


def add_initializers(importer: GraphImporter, graph: GraphProto, frame: Frame) -> None:
    """Put the weights of a graph into its block. One that is an input as well keeps its place among them."""
    inputs = {port.name: position for position, port in enumerate(graph.input)}
    messages: list[Any] = [*graph.initializer, *graph.sparse_initializer]
    for message in messages:
        name = message.name if hasattr(message, "raw_data") else message.values.name
        place = importer.place(frame.context, name)
        try:
            op = _initializer(importer.tensors, message)
        except ValueError as error:
            importer.error(f"the tensor '{name}' cannot be read: {error}", place)
            frame.scope.values.setdefault(name, stand_in())
            continue
        if not name:
            importer.error("an initializer has no name", place)
        op.location = place
        op.tensor.name = frame.context.name(name)
        if name in inputs:
            port = graph.input[inputs[name]]
            importer.declare(op.tensor, port, place)
            op.set_attribute("graph_input", {"position": inputs[name], **value_extras(port)})
        importer.define(name, op.tensor, frame.scope, place)
        frame.block.append(op)


def _initializer(tensors: TensorReader, message: Any) -> Initializer:
    """The operation of a tensor or a sparse tensor. Raises ValueError."""
    return _dense(tensors, message) if hasattr(message, "raw_data") else _sparse(tensors, message)


def _dense(tensors: TensorReader, message: TensorProto) -> Initializer:
    op = Initializer(value=tensors.read(message))
    if message.doc_string:
        op.set_attribute(base.DOC_STRING, message.doc_string)
    if message.metadata_props:
        op.set_attribute(base.METADATA, metadata(message.metadata_props))
    return op


def _sparse(tensors: TensorReader, message: SparseTensorProto) -> Initializer:
    sparse = from_sparse(message, tensors.read)
    value = _densified(tensors, sparse, message.values.name)
    return Initializer(value=value, sparse={**sparse, "name": ""})


def _densified(tensors: TensorReader, sparse: Mapping[str, Any], name: str) -> DenseAttribute:
    type = sparse["values"].type.with_shape(sparse["dims"])
    size = type.size * type.storage.dtype.itemsize
    if size > _MOST_DENSE:
        raise ValueError(f"it would take {size} bytes as a dense one")
    return tensors.module.add_resource(name, lambda: densify(sparse), type)
