"""From the message of a model to a module in the onnx dialect."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ...ir import Diagnostics, Function, Location, Module, NnccError, UnknownType
from ...ir.attributes import Attribute
from ...ir.dialects.onnx import OnnxOp, base, newest_versions
from .external import TensorReader
from .extras import graph_extras, metadata, value_extras
from .functions import Functions, domain_of
from .graphs import MOST_PROBLEMS, REMEDY, GraphImporter
from .nodes import opaque
from .scope import Context, Frame, Scope

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

_GRAPH_KEYS = {
    "name": base.GRAPH_NAME,
    "doc_string": base.GRAPH_DOC_STRING,
    "metadata": base.GRAPH_METADATA,
    "annotations": base.ANNOTATIONS,
}


def import_module(model: ModelProto, file: str, tensors: TensorReader, problems: Diagnostics) -> None:
    """Fill the empty module of ``tensors``. Raises CompileError with everything that is wrong with the model."""
    module = tensors.module
    module.location = Location.at(file)
    opsets = _opsets(model, module.location, problems)
    functions = Functions.of(model, file)
    problems.raise_if_errors()
    importer = GraphImporter(file, opsets, functions, tensors, problems)
    module.body.append(_function(importer, model.graph))
    problems.raise_if_errors()
    for key, value in _model_attributes(model, _used(opsets, functions, module)).items():
        module.set_attribute(key, value)
    _verify_nodes(module, problems)
    problems.raise_if_errors()


def _opsets(model: ModelProto, location: Location, problems: Diagnostics) -> dict[str, int]:
    """The version of each domain. Reports those that the installed onnx does not have."""
    from onnx import IR_VERSION

    if model.ir_version > IR_VERSION:
        problems.error(
            f"the file is of ONNX's IR version {model.ir_version}, and the installed onnx reads {IR_VERSION}",
            location,
            "install a newer onnx, or export the model for an older one",
        )
    opsets: dict[str, int] = {}
    for entry in model.opset_import:
        domain = domain_of(entry.domain)
        if opsets.setdefault(domain, entry.version) != entry.version:
            problems.error(f"the domain '{domain}' is imported in two versions", location, REMEDY)
        newest = newest_versions().get(domain)
        if entry.version < 1 or (newest is not None and entry.version > newest):
            known = f"1 to {newest}" if newest is not None else "1 and more"
            problems.error(
                f"version {entry.version} of the operators of '{domain or 'ai.onnx'}' is not known, only {known}",
                location,
                "install a newer onnx, or export the model for an older opset",
            )
    return opsets or {"": 1}


def _function(importer: GraphImporter, graph: GraphProto) -> Function:
    """The graph of the model as a function."""
    context = Context(graph.name, importer.opsets)
    place = importer.place(context)
    arguments = importer.arguments(graph, context)
    for port, type in arguments:
        if isinstance(type, UnknownType) and not importer.problems.errors:
            importer.error(f"the input '{port.name}' has no type", place)
    function, block = Function.create("main", [(port.name, type) for port, type in arguments], place)
    scope = Scope(values={arg.name: arg for arg in block.args if arg.name})
    outputs = importer.fill(graph, Frame(block, scope, context))
    names = [port.name for port in graph.output]
    for name, count in Counter(names).items():
        if count > 1:
            importer.error(f"the output '{name}' is listed {count} times", place)
    if importer.problems.errors:
        return function
    function.set_outputs(list(zip(names, outputs, strict=True)))
    for side, ports in (("arg", [port for port, _ in arguments]), ("res", graph.output)):
        for index, port in enumerate(ports):
            if extras := value_extras(port):
                function.set_port_attribute(side, index, base.PORT, extras)
    return function


def _used(opsets: dict[str, int], functions: Functions, module: Module) -> dict[str, int]:
    """The imports without the domains that held functions alone, which are gone."""
    gone = {domain for domain, _, _ in functions.table}
    needed = {op.domain for op in module.walk() if isinstance(op, OnnxOp)} if gone else set()
    return {domain: version for domain, version in opsets.items() if domain not in gone or domain in needed}


def _model_attributes(model: ModelProto, opsets: dict[str, int]) -> dict[str, Attribute]:
    """What a model has beside its graph, as far as it is set."""
    found: dict[str, Attribute] = {base.OPSET_IMPORT: opsets}
    if model.ir_version:
        found[base.IR_VERSION] = model.ir_version
    for field in base.MODEL_FIELDS:
        if model.HasField(field):
            found[f"onnx.{field}"] = getattr(model, field)
    if model.metadata_props:
        found[base.MODEL_METADATA] = metadata(model.metadata_props)
    for field in base.OPAQUE_FIELDS:
        messages = getattr(model, field, ())  # `configuration` came with onnx 1.18
        if messages:
            found[f"onnx.{field}"] = tuple(opaque(message.SerializeToString()) for message in messages)
    return found | {_GRAPH_KEYS[key]: value for key, value in graph_extras(model.graph).items()}


def _verify_nodes(module: Module, problems: Diagnostics) -> None:
    """Report the nodes that do not fit their operators."""
    for op in module.walk():
        if isinstance(op, OnnxOp):
            try:
                op.verify()
            except NnccError as error:
                for fault in error.diagnostics:
                    problems.error(fault.message, fault.location, fault.remedy or REMEDY)
                if len(problems.errors) >= MOST_PROBLEMS:
                    return
