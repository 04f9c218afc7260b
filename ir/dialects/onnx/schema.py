"""The schemas of ONNX: what each version of each operator takes, as the installed ``onnx`` package has them."""

from __future__ import annotations

import functools
from typing import Any, TypeAlias

import attrs

Schema: TypeAlias = Any
"""An ``onnx.defs.OpSchema``, which has no types that a checker could read."""

DEFAULT_DOMAINS = ("", "ai.onnx")
"""Two names of one domain; this dialect always has the first."""


@functools.cache
def find_schema(op_type: str, domain: str, opset: int | None = None) -> Schema | None:
    """The schema in force at an opset, the newest without one; None for an operator that the domain does not have."""
    from onnx import defs

    if opset is not None and opset < 1:
        return None
    try:
        return defs.get_schema(op_type, domain) if opset is None else defs.get_schema(op_type, opset, domain)
    except defs.SchemaError:
        return None


@functools.cache
def newest_versions() -> dict[str, int]:
    """The newest version of each domain that the installed package knows."""
    from onnx import defs

    versions: dict[str, int] = {}
    for schema in defs.get_all_schemas_with_history():
        versions[schema.domain] = max(versions.get(schema.domain, 1), schema.since_version)
    versions[""] = defs.onnx_opset_version()
    return versions


@functools.cache
def graph_names(op_type: str, domain: str, opset: int | None = None) -> tuple[str, ...]:
    """The attributes that must be graphs, in the order of the regions of the operator."""
    if (op_type, domain) == ("If", ""):
        return ("then_branch", "else_branch")
    schema = find_schema(op_type, domain, opset)
    if schema is None:
        return ()
    graphs = (name for name, spec in schema.attributes.items() if spec.type.name == "GRAPH" and spec.required)
    return tuple(sorted(graphs))


@attrs.frozen
class Signature:
    """What a schema asks of a node, in Python's terms: schemas themselves are slow to read."""

    least_inputs: int
    most_inputs: int
    required_inputs: tuple[bool, ...]
    least_outputs: int
    most_outputs: int
    attributes: dict[str, str]
    """The types of the attributes by name."""
    required_attributes: tuple[str, ...]
    has_body: bool
    """Whether the operator is defined by others."""
    is_inferable: bool
    """Whether the types of the results follow from those of the operands."""


@functools.cache
def find_signature(op_type: str, domain: str, opset: int | None = None) -> Signature | None:
    """The signature of the schema in force; see :func:`find_schema`."""
    schema = find_schema(op_type, domain, opset)
    if schema is None:
        return None
    specs = schema.attributes
    has_body = schema.has_function or schema.has_context_dependent_function
    return Signature(
        schema.min_input,
        schema.max_input,
        tuple(port.option.name == "Single" for port in schema.inputs),
        schema.min_output,
        schema.max_output,
        {name: spec.type.name for name, spec in specs.items()},
        tuple(name for name, spec in specs.items() if spec.required),
        has_body,
        has_body or schema.has_type_and_shape_inference_function,
    )
