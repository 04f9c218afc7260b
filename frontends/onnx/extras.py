"""What messages say beside what the IR has places for: doc strings, metadata, denotations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ...ir.attributes import Attribute
from ...ir.dialects.onnx.values import denotations

if TYPE_CHECKING:
    from onnx import GraphProto, ValueInfoProto


def value_extras(port: ValueInfoProto) -> dict[str, Attribute]:
    """What the message of a value says beside its name and type, as far as it is set."""
    extras = denotations(port.type)
    if port.doc_string:
        extras["doc_string"] = port.doc_string
    if port.metadata_props:
        extras["metadata"] = metadata(port.metadata_props)
    return extras


def graph_extras(graph: GraphProto) -> dict[str, Attribute]:
    """What a graph has beside nodes, weights and ports, as far as it is set."""
    fields: dict[str, Attribute] = {
        "name": graph.name,
        "doc_string": graph.doc_string,
        "metadata": metadata(graph.metadata_props),
        "annotations": tuple(
            {"tensor": a.tensor_name, "parameters": metadata(a.quant_parameter_tensor_names)}
            for a in graph.quantization_annotation
        ),
    }
    return {key: value for key, value in fields.items() if value}


def metadata(entries: Iterable[Any]) -> dict[str, str]:
    return {entry.key: entry.value for entry in entries}
