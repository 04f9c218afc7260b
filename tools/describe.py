"""What listings and reference pages say of passes, operations, pipelines and functions: facts, without layout."""

from __future__ import annotations

import inspect
import typing
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from ..ir.opdef import Op
    from ..ir.passes import Pass
    from ..pipelines.pipeline import Pipeline


def summary(definition: object) -> str:
    """The first line of the docstring."""
    return doc(definition).partition("\n")[0]


def doc(definition: object) -> str:
    """The docstring, without the indentation of the source; empty where there is none of its own."""
    return inspect.cleandoc(definition.__doc__ or "")


def is_own(definition: type) -> bool:
    """Whether nncc itself defines it: no plugin, no test."""
    return definition.__module__.startswith("nncc.")


# Passes


@attrs.frozen
class Option:
    """An option of a pass: its name, its type and its default as text, and what it is for."""

    name: str
    kind: str
    default: str
    help: str


def pass_options(definition: type[Pass]) -> list[Option]:
    from ..pipelines.options import type_text

    hints = typing.get_type_hints(definition)
    return [
        Option(f.name, type_text(hints[f.name]), _default_text(f.default), f.metadata["help"])
        for f in definition.options()
    ]


def _default_text(default: Any) -> str:
    return repr(default.factory() if isinstance(default, attrs.Factory) else default)  # type: ignore[arg-type]


def pass_flow(definition: type[Pass]) -> str:
    """The dialects that a pass takes and leaves; empty for one that works on any."""
    if not definition.consumes:
        return ""
    makes = f"; makes: {', '.join(sorted(definition.produces))}" if definition.produces else ""
    return f"works on: {', '.join(sorted(definition.consumes))}{makes}"


# Operations


@attrs.frozen
class Field:
    """A part of an operation's signature. ``role`` is operand, operands, attribute, result, results or region."""

    role: str
    name: str
    doc: str = ""
    kind: str = ""
    default: str | None = None
    optional: bool = False


def op_fields(definition: type[Op]) -> list[Field]:
    """Operands, attributes, results and regions of an operation, in the order of its definition."""
    from ..ir.opdef import Operand, Result

    by_schema = getattr(definition, "schema_fields", None)
    if by_schema is not None:
        return [Field(role, name, kind=kind, optional=optional) for role, name, kind, optional in by_schema()]
    fields = []
    for operand in definition.operand_fields:
        if isinstance(operand, Operand):
            fields.append(Field("operand", operand.name, operand.doc, optional=operand.optional))
        else:
            fields.append(Field("operands", operand.name, operand.doc))
    for attribute in definition.attribute_fields.values():
        default = None if attribute.required else repr(attribute.default)
        fields.append(Field("attribute", attribute.name, attribute.doc, attribute.kind.name, default))
    for result in definition.result_fields:
        role = "result" if isinstance(result, Result) else "results"
        fields.append(Field(role, result.name, result.doc))
    fields += [Field("region", region.name, region.doc) for region in definition.region_fields]
    return fields


# Pipelines


def pipeline_ends(pipeline: Pipeline) -> str:
    """The formats that a pipeline leads from and to."""
    return f"{pipeline.frontend or 'any'} -> {pipeline.backend or 'any'}"


# Functions of NNabla


@attrs.frozen
class FunctionSupport:
    """Whether a function of NNabla is converted; if not, why, and what to do."""

    name: str
    signature: str
    category: str
    converted: bool
    reason: str = ""
    remedy: str = ""


def function_support() -> list[FunctionSupport]:
    """Every function of NNabla, by name."""
    from ..frontends.nnp import ops  # importing it registers the lifts
    from ..ir.dialects.nnp import function_types
    from ..ir.dialects.nnp.table import LOOP_TYPES

    found = []
    for name, kind in sorted(function_types().items()):
        ports = ", ".join(p.name + ("?" if p.optional else "..." if p.variadic else "") for p in kind.inputs)
        signature = f"{name}({ports})"
        if name in ops.LIFTS or name in LOOP_TYPES:
            note = "by expand-loop-control" if name in LOOP_TYPES else ""
            found.append(FunctionSupport(name, signature, kind.category, True, note))
        else:
            reason, remedy = ops.REFUSALS.get(name, ("cannot be lifted", ""))
            found.append(FunctionSupport(name, signature, kind.category, False, f"it {reason}", remedy))
    return found
