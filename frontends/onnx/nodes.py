"""Nodes: their operators, attributes and graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...ir import DenseAttribute, Location, Region, UnknownType, Value
from ...ir.attributes import Attribute, as_dense
from ...ir.dialects.onnx import NODE_OPS, CustomOp, OnnxOp, attribute_key, base, find_schema, op_name
from ...ir.dialects.onnx.messages import GRAPH_KINDS, attribute_value, kind_of, value_kind
from ...ir.dialects.onnx.schema import find_signature, graph_names
from .functions import domain_of
from .scope import Context, Given, Scope

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

    from .graphs import GraphImporter


def read_attributes(
    importer: GraphImporter, node: NodeProto, scope: Scope, context: Context, place: Location
) -> dict[str, Given]:
    """The attributes of a node by name; in the body of a function, some are those of the call."""
    found: dict[str, Given] = {}
    for message in node.attribute:
        if message.name in found or not message.name:
            importer.error(f"the attribute '{message.name}' is there twice, or has no name", place)
        elif not message.ref_attr_name:
            found[message.name] = Given(message, scope, context)
        elif context.attributes is None:
            importer.error(f"the attribute '{message.name}' refers to one of a function, but is in none", place)
        elif message.ref_attr_name in context.attributes:
            found[message.name] = context.attributes[message.ref_attr_name]
    return found


def make_node(
    importer: GraphImporter,
    node: NodeProto,
    operands: Sequence[Value | None],
    scope: Scope,
    context: Context,
    place: Location,
) -> OnnxOp | None:
    """The operation of a node; None where it cannot be made, which is reported."""
    domain = domain_of(node.domain)
    opset = context.opsets.get(domain)
    if not node.op_type or opset is None:
        reason = f"the model does not import the domain '{domain}'" if node.op_type else "it has no operator"
        importer.error(f"the node '{place.origins[0].name}' means nothing: {reason}", place)
        return None
    fields = _fields(node)
    _note_opset(importer, node.op_type, domain, opset, fields)
    regions: list[tuple[str, bool, GraphProto, Region]] = []
    details: dict[str, Attribute] = {}
    for name, given in read_attributes(importer, node, scope, context, place).items():
        try:
            _attribute(importer, name, given, place, fields, regions, details, _kind(node.op_type, domain, opset, name))
        except ValueError as error:
            importer.error(f"the attribute '{name}' of '{place.origins[0].name}' cannot be read: {error}", place)
    if details:
        fields[base.DETAILS] = details
    definition = NODE_OPS.get((domain, node.op_type))
    types = [UnknownType()] * len(node.output)
    usual = graph_names(node.op_type, domain, opset) if definition is not None else ()
    regions = _ordered(regions, usual)
    unusual = tuple(name for name, *_ in regions) != usual
    described = tuple(_described(name, is_list, graph, unusual) for name, is_list, graph, _ in regions)
    if any(described):
        fields[base.GRAPHS] = described
    made = [region for *_, region in regions]
    if definition is None:
        name = op_name(node.op_type, domain)
        if name != f"onnx.{domain}.{node.op_type}".replace("..", "."):
            fields |= {base.OP_TYPE: node.op_type, base.DOMAIN: domain}
        return CustomOp(name, operands, types, fields, made, place)
    op = definition(operands, result_types=types, regions=made, location=place)
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
        fields[base.METADATA] = {entry.key: entry.value for entry in node.metadata_props}
    devices = getattr(node, "device_configurations", ())  # since onnx 1.18
    if devices:
        fields[base.DEVICES] = tuple(opaque(message.SerializeToString()) for message in devices)
    return fields


def opaque(data: bytes) -> DenseAttribute:
    """Bytes that are carried as they are."""
    return as_dense(np.frombuffer(data, np.uint8))


def _note_opset(importer: GraphImporter, op_type: str, domain: str, opset: int, fields: dict[str, Attribute]) -> None:
    """In the body of a function, other opsets than the model's may be in force."""
    own = importer.opsets.setdefault(domain, opset)
    if own != opset and find_schema(op_type, domain, own) is not find_schema(op_type, domain, opset):
        theirs, ours = find_schema(op_type, domain, opset), find_schema(op_type, domain, own)
        if theirs is None or ours is None or theirs.since_version != ours.since_version:
            fields[base.OPSET] = opset


def _kind(op_type: str, domain: str, opset: int, name: str) -> str | None:
    signature = find_signature(op_type, domain, opset)
    return None if signature is None else signature.attributes.get(name)


def _attribute(
    importer: GraphImporter,
    name: str,
    given: Given,
    place: Location,
    fields: dict[str, Attribute],
    regions: list[tuple[str, bool, GraphProto, Region]],
    details: dict[str, Attribute],
    expected: str | None,
) -> None:
    """Add one attribute to the fields or the regions. Raises ValueError."""
    message = given.message
    kind = kind_of(message)
    if kind in GRAPH_KINDS:
        for graph in [message.g] if kind == "GRAPH" else message.graphs:
            region = importer.region(graph, given.scope, given.context, place)
            regions.append((name, kind == "GRAPHS", graph, region))
        return
    value = attribute_value(message, lambda tensor: importer.tensors.read(tensor, tensor.name or place.origins[0].name))
    fields[attribute_key(name)] = value
    extras: dict[str, Attribute] = {}
    if value_kind(value) is None and kind != expected:
        extras["type"] = kind
    if message.doc_string:
        extras["doc_string"] = message.doc_string
    if kind == "TENSOR" and message.t.name:
        extras["name"] = message.t.name
    if kind == "TENSOR" and message.t.doc_string:
        extras["tensor_doc_string"] = message.t.doc_string
    if extras:
        details[name] = extras


def _ordered(
    regions: list[tuple[str, bool, GraphProto, Region]], names: Sequence[str]
) -> list[tuple[str, bool, GraphProto, Region]]:
    order = {name: i for i, name in enumerate(names)}
    return sorted(regions, key=lambda entry: order.get(entry[0], len(order)))


def _described(name: str, is_list: bool, graph: GraphProto, unusual: bool) -> dict[str, Attribute]:
    """The entry of a region in ``GRAPHS``."""
    from .graphs import graph_fields, value_extras

    described: dict[str, Attribute] = {"attribute": name} if unusual else {}
    if is_list:
        described["list"] = True
    described |= graph_fields(graph)
    for side, ports in (("inputs", graph.input), ("outputs", graph.output)):
        extras = tuple(value_extras(port) for port in ports)
        if any(extras):
            described[side] = extras
    return described
