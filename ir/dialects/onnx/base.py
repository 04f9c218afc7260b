"""What the operations of the onnx dialect have in common: names, and the schema that says what they mean.

The schema is that of the opset that the module imports, so the same operation may mean different things in different
modules, as in ONNX itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ...attributes import Attribute
from ...core import Operation, Region, UnregisteredOp, Value
from ...location import UNKNOWN, Location
from ...module import Module
from ...opdef import Op, variadic, variadic_results
from ...syntax import OPERATION_NAME
from ...types import Type
from .messages import attribute_value, value_kind
from .schema import Schema, Signature, find_schema, find_signature, graph_names

OPSET_IMPORT = "onnx.opset_import"
"""Of a module: the version of each domain, ``{"": 17}``."""

# Of a module: the fields of the model, and what its graph has beside nodes and ports.
IR_VERSION = "onnx.ir_version"
MODEL_FIELDS = ("producer_name", "producer_version", "domain", "model_version", "doc_string")
MODEL_METADATA = "onnx.metadata"
GRAPH_NAME, GRAPH_DOC_STRING, GRAPH_METADATA = "onnx.graph_name", "onnx.graph_doc_string", "onnx.graph_metadata"
ANNOTATIONS = "onnx.quantization_annotation"
OPAQUE_FIELDS = ("training_info", "configuration")
"""What is carried as it is, as bytes."""
PORT = "onnx.port"
"""Of a port of the main function: what its type does not tell, as in ``PORTS``."""

# Attributes of operations that are no attributes of ONNX.
NODE_NAME = "node_name"
DOC_STRING = "doc_string"
OPSET = "onnx.opset"
"""The version of the operator's domain, where it is not that of the module: in what was a function of the model."""
OP_TYPE, DOMAIN = "onnx.op_type", "onnx.domain"
"""What an operation of another domain is called, where its name cannot say it."""
GRAPHS = "onnx.graphs"
"""By region: the ``attribute`` that it belongs to, where the schema does not say it, and the fields of the graph."""
EARLY = frozenset({("", "LayerNormalization")})
"""Operators that onnxruntime's optimizer writes into models of any opset, under the name that ONNX gave them later."""
OVERLOAD = "onnx.overload"
METADATA = "onnx.metadata"
DEVICES = "onnx.device_configurations"
DETAILS = "onnx.details"
"""By attribute: what its value does not tell: ``type`` of an empty list, ``name`` of a tensor, ``doc_string``."""
PORTS = "onnx.ports"
"""By value: what its type does not tell: doc string, metadata, denotations."""

_TAKEN = frozenset({"onnx.initializer", "onnx.yield"})
_OWN = frozenset({NODE_NAME, DOC_STRING})
_ESCAPED = "onnx.attribute."


def op_name(op_type: str, domain: str = "") -> str:
    """The name in the dialect of an operator: ``onnx.Conv``, ``onnx.com.microsoft.Gelu``.

    Characters that no name may have become underscores; see ``OP_TYPE``.
    """
    name = f"onnx.{domain}.{op_type}" if domain else f"onnx.{op_type}"
    if OPERATION_NAME.fullmatch(name) and "." not in op_type and name not in _TAKEN:
        return name
    return f"onnx._{''.join(c if c.isascii() and c.isalnum() else '_' for c in name[5:])}"


def custom_name(op_type: str, domain: str) -> tuple[str, dict[str, Attribute]]:
    """The name of an operation that has no schema, and the attributes that say what the name cannot."""
    name = op_name(op_type, domain)
    says_all = name == (f"onnx.{domain}.{op_type}" if domain else f"onnx.{op_type}")
    return name, {} if says_all else {OP_TYPE: op_type, DOMAIN: domain}


def attribute_key(name: str) -> str:
    """The key under which an operation keeps the ONNX attribute of a name."""
    return f"{_ESCAPED}{name}" if name in _OWN or name.startswith(("onnx.", "nncc.")) else name


def attribute_name(key: str) -> str | None:
    """The name of the ONNX attribute that a key stands for; None for what is no attribute in ONNX."""
    if key.startswith(_ESCAPED):
        return key[len(_ESCAPED) :]
    return None if key in _OWN or key.startswith("onnx.") else key


def enclosing_module(op: Operation) -> Module | None:
    """The module that an operation stands in; None for one that stands in none yet."""
    above: Operation | None = op
    while above is not None and not isinstance(above, Module):
        above = above.parent_op
    return above


def opset_import(module: Module) -> dict[str, int]:
    """The version of each domain that a module imports. Files older than opsets import nothing, and mean the first."""
    found: dict[str, int] = module.attributes.get(OPSET_IMPORT, {})
    return found or {"": 1}


class OnnxOp(Op):
    """Base of the operations that stand for nodes."""

    op_type: ClassVar[str] = ""
    domain: ClassVar[str] = ""

    inputs = variadic("the inputs of the node; None for one that is left out")
    outputs = variadic_results("the outputs; one that is left out has no name")

    @property
    def node_name(self) -> str:
        """The name of the node; empty where it has none."""
        return str(self.attributes.get(NODE_NAME, ""))

    @property
    def opset(self) -> int | None:
        """The version of the operator's domain that is in force here.

        None where the module does not import the domain, and outside of modules, where the newest counts.
        """
        own: int | None = self.attributes.get(OPSET)
        module = enclosing_module(self) if own is None else None
        return own if module is None else opset_import(module).get(self.domain)

    @property
    def schema(self) -> Schema | None:
        """The ``onnx.defs.OpSchema`` in force; None for an operator that onnx, or this opset of it, does not have."""
        opset = self.opset
        if opset is None and enclosing_module(self) is not None:
            return None
        return find_schema(self.op_type, self.domain, opset)

    @property
    def signature(self) -> Signature | None:
        """What the schema in force asks for; None where there is no schema."""
        opset = self.opset
        if opset is None and enclosing_module(self) is not None:
            return None
        return find_signature(self.op_type, self.domain, opset)

    @property
    def version(self) -> int:
        """The opset in which the operator got the meaning that it has here; 0 where there is no schema."""
        schema = self.schema
        return 0 if schema is None else int(schema.since_version)

    def get(self, name: str) -> Any:
        """An attribute by its name in ONNX; else the default of the schema, else None."""
        key = attribute_key(name)
        if key in self.attributes:
            return self.attributes[key]
        schema = self.schema
        spec = schema.attributes.get(name) if schema is not None else None
        if spec is None or not spec.default_value.type:
            return None
        return attribute_value(spec.default_value)

    @classmethod
    def schema_fields(cls) -> Iterator[tuple[str, str, str, bool]]:
        """Role, name, kind, and whether it may be left out, of all that the newest version takes and gives."""
        schema: Any = find_schema(cls.op_type, cls.domain)
        for port in schema.inputs:
            yield _role("operand", port), port.name, port.type_str, port.option.name == "Optional"
        for name, spec in schema.attributes.items():
            yield "attribute", name, spec.type.name.lower(), not spec.required
        for port in schema.outputs:
            yield _role("result", port), port.name, port.type_str, port.option.name == "Optional"

    def onnx_attributes(self) -> dict[str, Attribute]:
        """The attributes that are set, by their names in ONNX, without graphs."""
        return {name: value for key, value in self.attributes.items() if (name := attribute_name(key)) is not None}

    @property
    def graph_names(self) -> tuple[str, ...]:
        """The attributes that the regions belong to, in their order."""
        described = self.attributes.get(GRAPHS, ())
        if any("attribute" in graph for graph in described):
            return tuple(graph.get("attribute", "") for graph in described)
        return graph_names(self.op_type, self.domain, self.opset)

    def graph(self, name: str) -> Region | None:
        """The region of an attribute; None where it is not set."""
        named = zip(self.graph_names, self.regions, strict=False)
        return next((region for key, region in named if key == name), None)

    def verify_op(self) -> None:
        for region in self.regions:
            if len(region.blocks) != 1 or region.block.last_op is None or region.block.last_op.name != "onnx.yield":
                raise self.error("expected each of its regions to be a block that ends in 'onnx.yield'")
        signature = find_signature(self.op_type, self.domain, self.opset)
        if signature is None and (self.domain, self.op_type) in EARLY:
            return
        if signature is None:
            raise self.error(f"is not in version {self.opset} of the operators of '{self.domain or 'ai.onnx'}'")
        self._verify_ports(signature)
        self._verify_attributes(signature)

    def _verify_ports(self, signature: Signature) -> None:
        given = len(self._operands)
        if not signature.least_inputs <= given <= signature.most_inputs:
            raise self.error(f"expected {_range(signature.least_inputs, signature.most_inputs)} operands, got {given}")
        for index, (required, value) in enumerate(zip(signature.required_inputs, self._operands, strict=False)):
            if required and value is None:
                raise self.error(f"expected operand #{index}")
        made = len(self.results)
        if not signature.least_outputs <= made <= signature.most_outputs:
            raise self.error(f"expected {_range(signature.least_outputs, signature.most_outputs)} results, got {made}")

    def _verify_attributes(self, signature: Signature) -> None:
        given, graphs = self.onnx_attributes(), self.graph_names
        if len(graphs) != len(self.regions):
            raise self.error(f"expected regions for {' and '.join(graphs)}, got {len(self.regions)}")
        for name in signature.required_attributes:
            if name not in given and name not in graphs:
                raise self.error(f"expected attribute '{name}'")
        for name in graphs:
            if signature.attributes.get(name) not in ("GRAPH", "GRAPHS"):
                raise self.error(f"has no graph '{name}' in version {self.version}")
        for name, value in given.items():
            expected = signature.attributes.get(name)
            if expected is None:
                raise self.error(f"has no attribute '{name}' in version {self.version}")
            if (value_kind(value) or expected) != expected:
                raise self.error(f"expected attribute '{name}' to be of type {expected}")


def _role(role: str, port: Any) -> str:
    return f"{role}s" if port.option.name == "Variadic" else role


def _range(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}" if most < 2**31 - 1 else f"at least {least}"


class CustomOp(UnregisteredOp, OnnxOp, takes_any="onnx"):
    """A node of an operator that onnx has no schema of: it can be read, moved, written, and lifted by who knows it."""

    def __init__(
        self,
        name: str,
        operands: Sequence[Value | None] = (),
        result_types: Sequence[Type] = (),
        attributes: Mapping[str, Attribute] | None = None,
        regions: Sequence[Region] = (),
        location: Location = UNKNOWN,
    ) -> None:
        Operation.__init__(self, operands, result_types, attributes, regions, location)
        self.name = name

    @property
    def op_type(self) -> str:  # type: ignore[override]  # of each operation, not of the class
        return str(self.attributes.get(OP_TYPE) or self.name.rpartition(".")[2])

    @property
    def domain(self) -> str:  # type: ignore[override]
        stored = self.attributes.get(DOMAIN)
        return str(self.name.rpartition(".")[0].partition(".")[2] if stored is None else stored)

    def verify_op(self) -> None:
        """What it takes is not known here."""
