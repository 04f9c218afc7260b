"""Nodes: their operators, attributes and graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ...ir import DenseAttribute, Location, Region, UnknownType, Value
from ...ir.attributes import Attribute, as_dense
from ...ir.dialects.onnx import NODE_OPS, CustomOp, OnnxOp, attribute_key, base, find_schema
from ...ir.dialects.onnx.base import custom_name
from ...ir.dialects.onnx.messages import GRAPH_KINDS, attribute_value, kind_of, value_kind
from ...ir.dialects.onnx.schema import find_signature, graph_names
from .extras import graph_extras, metadata, value_extras
from .functions import domain_of
from .scope import Frame, Given

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

    from .graphs import GraphImporter


def read_attributes(importer: GraphImporter, node: NodeProto, frame: Frame, place: Location) -> dict[str, Given]:
    """The attributes of a node by name; in the body of a function, some are those of the call."""
    found: dict[str, Given] = {}
    context = frame.context
    for message in node.attribute:
        if message.name in found or not message.name:
            importer.error(f"the attribute '{message.name}' is there twice, or has no name", place)
        elif not message.ref_attr_name:
            found[message.name] = Given(message, frame.scope, context)
        elif context.attributes is None:
            importer.error(f"the attribute '{message.name}' refers to one of a function, but is in none", place)
        elif message.ref_attr_name in context.attributes:
            found[message.name] = context.attributes[message.ref_attr_name]
    return found


@attrs.frozen
class _Graph:
    """A graph that is an attribute of a node, alone or in a list."""

    attribute: str
    is_listed: bool
    message: GraphProto
    region: Region


@attrs.define
class _Attributes:
    """What the attributes of a node become; ``details`` is what their values do not tell."""

    fields: dict[str, Attribute] = attrs.Factory(dict)
    details: dict[str, Attribute] = attrs.Factory(dict)
    graphs: list[_Graph] = attrs.Factory(list)


def make_node(
    importer: GraphImporter,
    node: NodeProto,
    operands: Sequence[Value | None],
    frame: Frame,
    place: Location,
) -> OnnxOp | None:
    """The operation of a node; None where it cannot be made, which is reported."""
    domain = domain_of(node.domain)
    opset = frame.context.opsets.get(domain)
    if not node.op_type or opset is None:
        reason = f"the model does not import the domain '{domain}'" if node.op_type else "it has no operator"
        importer.error(f"the node '{place.origins[0].name}' means nothing: {reason}", place)
        return None
    signature = find_signature(node.op_type, domain, opset)
    found = _Attributes()
    for name, given in read_attributes(importer, node, frame, place).items():
        kind = signature.attributes.get(name) if signature is not None else None
        try:
            _read(importer, name, given, place, kind, found)
        except ValueError as error:
            importer.error(f"the attribute '{name}' of '{place.origins[0].name}' cannot be read: {error}", place)
    fields = _fields(node) | _opset_field(importer, node.op_type, domain, opset) | found.fields
    if found.details:
        fields[base.DETAILS] = found.details
    definition = NODE_OPS.get((domain, node.op_type))
    usual = graph_names(node.op_type, domain, opset) if definition is not None else ()
    graphs = _ordered(found.graphs, usual)
    unusual = tuple(graph.attribute for graph in graphs) != usual
    if any(described := tuple(_described(graph, unusual) for graph in graphs)):
        fields[base.GRAPHS] = described
    regions = [graph.region for graph in graphs]
    types = [UnknownType()] * len(node.output)
    if definition is None:
        name, extra = custom_name(node.op_type, domain)
        return CustomOp(name, operands, types, fields | extra, regions, place)
    op = definition(operands, result_types=types, regions=regions, location=place)
    for key, value in fields.items():
        op.set_attribute(key, value)
    return op


def _fields(node: NodeProto) -> dict[str, Attribute]:
    """What a node has beside operator, ports and attributes."""
    fields: dict[str, Attribute] = {}
    if node.name:
        fields[base.NODE_NAME] = node.name
    if node.doc_string:
        fields[base.DOC_STRING] = node.doc_string
    if node.overload:
        fields[base.OVERLOAD] = node.overload
    if node.metadata_props:
        fields[base.METADATA] = metadata(node.metadata_props)
    devices = getattr(node, "device_configurations", ())  # since onnx 1.18
    if devices:
        fields[base.DEVICES] = tuple(opaque(message.SerializeToString()) for message in devices)
    return fields


def opaque(data: bytes) -> DenseAttribute:
    """Bytes that are carried as they are."""
    return as_dense(np.frombuffer(data, np.uint8))


def _opset_field(importer: GraphImporter, op_type: str, domain: str, opset: int) -> dict[str, Attribute]:
    """The opset of a node in the body of a function, where the operator has another meaning in that of the model."""
    ours = importer.opsets.setdefault(domain, opset)
    if ours == opset:
        return {}
    schemas = [find_schema(op_type, domain, version) for version in (ours, opset)]
    versions = {None if schema is None else schema.since_version for schema in schemas}
    return {} if len(versions) == 1 and None not in versions else {base.OPSET: opset}


def _read(
    importer: GraphImporter, name: str, given: Given, place: Location, expected: str | None, found: _Attributes
) -> None:
    """Add one attribute; the schema expects it to be of a type. Raises ValueError where it is not sound."""
    message = given.message
    kind = kind_of(message)
    if kind in GRAPH_KINDS:
        for graph in [message.g] if kind == "GRAPH" else message.graphs:
            region = importer.region(graph, given.scope, given.context, place)
            found.graphs.append(_Graph(name, kind == "GRAPHS", graph, region))
        return
    node = place.origins[0].name
    value = attribute_value(message, lambda tensor: importer.tensors.read(tensor, tensor.name or node))
    found.fields[attribute_key(name)] = value
    details: dict[str, Attribute] = {
        "type": kind if value_kind(value) is None and kind != expected else "",
        "doc_string": message.doc_string,
        "name": message.t.name if kind == "TENSOR" else "",
        "tensor_doc_string": message.t.doc_string if kind == "TENSOR" else "",
    }
    if any(details.values()):
        found.details[name] = {key: text for key, text in details.items() if text}


def _ordered(graphs: list[_Graph], names: Sequence[str]) -> list[_Graph]:
    """The graphs in the order of their names; others behind them, as they stand."""
    places = {name: i for i, name in enumerate(names)}
    return sorted(graphs, key=lambda graph: places.get(graph.attribute, len(places)))


def _described(graph: _Graph, unusual: bool) -> dict[str, Attribute]:
    """The entry of a region in ``GRAPHS``."""
    described: dict[str, Attribute] = {"attribute": graph.attribute} if unusual else {}
    if graph.is_listed:
        described["list"] = True
    described |= graph_extras(graph.message)
    for side, ports in (("inputs", graph.message.input), ("outputs", graph.message.output)):
        extras = tuple(value_extras(port) for port in ports)
        if any(extras):
            described[side] = extras
    return described
