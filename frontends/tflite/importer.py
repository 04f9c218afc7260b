"""From the tables of a file to a module in the tfl dialect."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import DenseAttribute, Diagnostics, Function, Location, Module, Region, UsageError
from ...ir.attributes import as_dense
from ...ir.dialects.tfl.base import DESCRIPTION, METADATA, SIGNATURE, TENSOR
from ...ir.dialects.tfl.schema import names
from ...ir.module import PORT_NAME
from ...ir.names import Names
from ...ir.types import UI8
from . import schema
from .elements import elements_of
from .flatbuffer import Content, Malformed, Table
from .graphs import MOST_PROBLEMS, Code, GraphImporter, Port
from .tensors import TensorReader, buffers_of


def import_module(content: Content, file: str, signature: str | None, problems: Diagnostics) -> Module:
    """The model in a file. Raises Malformed, and UsageError for a signature that is not there."""
    model = content.root(schema.MODEL)
    module = Module(Location.at(file))
    codes = [_code(table) for table in model.tables("operator_codes", schema.OPERATOR_CODE)]
    buffers = buffers_of(model, content)
    graphs = model.tables("subgraphs", schema.SUBGRAPH)
    if not graphs:
        raise Malformed("it holds no subgraph")
    signatures = model.tables("signature_defs", schema.SIGNATURE)
    main = _main(signatures, signature, module.location)
    importer = GraphImporter(file, graphs, codes, TensorReader(module, content, buffers), problems)
    _read_functions(module, importer, signatures, main)
    description = model.text("description")
    if description:
        module.set_attribute(DESCRIPTION, description)
    metadata = _metadata(model, buffers)
    if metadata:
        module.set_attribute(METADATA, metadata)
    return module


def _code(table: Table) -> Code:
    # Numbers that do not fit into the old field are in the new one, which old files do not have.
    number = max(table.number("deprecated_builtin_code", "b"), table.number("builtin_code", "i"))
    builtin = names("BuiltinOperator").get(number)
    if builtin is None:
        raise Malformed(f"it has the builtin operator {number}, which the schema of the installed LiteRT does not know")
    return Code(builtin, table.text("custom_code") or "", table.number("version", "i", 1))


def _main(signatures: Sequence[Table], wanted: str | None, place: Location) -> Table | None:
    """The signature that is asked for, else the first of the first subgraph; None where there is none."""
    keys = [s.text("signature_key") or "" for s in signatures]
    if wanted is not None:
        if wanted not in keys:
            known = ", ".join(f"'{k}'" for k in keys) or "none"
            raise UsageError(f"the model has no signature '{wanted}'", place, f"it has: {known}")
        return signatures[keys.index(wanted)]
    return next((s for s in signatures if s.number("subgraph_index", "I") == 0), None)


def _read_functions(module: Module, importer: GraphImporter, signatures: Sequence[Table], main: Table | None) -> None:
    """The main subgraph, then the others that a signature names or no operator uses."""
    first = main.number("subgraph_index", "I") if main is not None else 0
    by_graph = {s.number("subgraph_index", "I"): s for s in reversed(signatures)}
    taken = Names()
    functions = {first: _function(importer, first, taken.free("main"), main)}
    for number, graph in enumerate(importer.graphs):
        if number not in functions and (number in by_graph or number not in importer.used):
            name = taken.free(graph.text("name") or f"subgraph_{number}")
            functions[number] = _function(importer, number, name, by_graph.get(number))
        if len(importer.problems.errors) >= MOST_PROBLEMS:
            break
    for number, function in functions.items():
        if number == first or number in by_graph or number not in importer.used:
            module.body.append(function)


def _function(importer: GraphImporter, number: int, name: str, signature: Table | None) -> Function:
    try:
        graph = importer.read(number)
    except ValueError as error:
        raise Malformed(str(error)) from error
    place = Location.at(importer.file, graph.name)
    function = Function(regions=[Region.of(graph.block)], sym_name=name, location=place)
    inputs, outputs = _port_names(graph.inputs, signature, "inputs"), _port_names(graph.outputs, signature, "outputs")
    function.set_outputs([(port, p.value) for port, p in zip(outputs, graph.outputs, strict=True)])
    function.set_attribute("arg_attrs", _port_facts(inputs, graph.inputs))
    function.set_attribute("res_attrs", _port_facts(outputs, graph.outputs))
    if signature is not None:
        function.set_attribute(SIGNATURE, signature.text("signature_key") or "")
    return function


def _port_facts(given: Sequence[str], ports: Sequence[Port]) -> tuple[dict[str, str], ...]:
    """The attributes of all ports of one side: their names, and those of their tensors where these are others."""
    return tuple(
        {PORT_NAME: name, **({TENSOR: port.name} if port.name and port.name != name else {})}
        for name, port in zip(given, ports, strict=True)
    )


def _port_names(ports: Sequence[Port], signature: Table | None, field: str) -> list[str]:
    """The names that the signature gives, else those of the tensors; each once."""
    named: dict[int, list[str]] = {}
    for entry in signature.tables(field, schema.TENSOR_MAP) if signature is not None else ():
        named.setdefault(entry.number("tensor_index", "I"), []).append(entry.text("name") or "")
    taken = Names()
    found = []
    for port in ports:
        listed = named.get(port.number)
        found.append(taken.free((listed.pop(0) if listed else port.name) or field.removesuffix("s")))
    return found


def _metadata(model: Table, buffers: Sequence[memoryview | None]) -> dict[str, DenseAttribute]:
    """What a model says about itself, as bytes by name. Raises Malformed."""
    found: dict[str, DenseAttribute] = {}
    for entry in model.tables("metadata", schema.METADATA):
        number = entry.number("buffer", "I")
        if number >= len(buffers):
            raise Malformed(f"its metadata is in buffer {number} of {len(buffers)}")
        content = buffers[number]
        if content is not None and len(content):
            found[entry.text("name") or ""] = as_dense(elements_of(content, UI8, len(content)))
    return found
