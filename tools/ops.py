"""List the operations of a dialect; give an operation's name to see what it computes."""

from __future__ import annotations

import argparse
import inspect

from ..ir.diagnostics import UsageError
from ..ir.opdef import AttributeField, Op, Operand, lookup_op, registered_ops

DIALECTS = ("nn", "nnp", "tfl", "func", "builtin")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="*", default=["nn"], help="a dialect (default: nn) or operations (nn.conv)")


def run(args: argparse.Namespace) -> int:
    print("\n".join(line for name in args.name for line in _lines(name)))
    return 0


def _lines(name: str) -> list[str]:
    if "." in name:
        definition = lookup_op(name)
        if definition is None:
            raise UsageError(
                f"there is no operation '{name}'", remedy=f"'nncc ops {name.partition('.')[0]}' lists them"
            )
        return [*signature(definition), ""]
    definitions = list(registered_ops(name))
    if not definitions:
        raise UsageError(f"there is no dialect '{name}'", remedy=f"known: {', '.join(DIALECTS)}")
    width = max(len(d.name) for d in definitions)
    return [f"{d.name:<{width}}  {summary(d)}" for d in definitions]


def summary(definition: type[Op]) -> str:
    """The first line of the docstring."""
    return (inspect.getdoc(definition) or "").partition("\n")[0]


def signature(definition: type[Op]) -> list[str]:
    """An operation in full: what it computes, operands, attributes and results."""
    lines = [definition.name, "", inspect.getdoc(definition) or "", ""]
    for field in definition.operand_fields:
        kind = "operand" if isinstance(field, Operand) else "operands"
        optional = " (optional)" if isinstance(field, Operand) and field.optional else ""
        lines.append(f"  {kind} {field.name}{optional}  {field.doc}".rstrip())
    for attribute in definition.attribute_fields.values():
        lines.append(f"  attribute {_attribute(attribute)}".rstrip())
    for result in definition.result_fields:
        lines.append(f"  result {result.name}  {result.doc}".rstrip())
    return lines


def _attribute(field: AttributeField[object]) -> str:
    default = "" if field.required else f" = {field.default!r}"
    return f"{field.name}: {field.kind.name}{default}  {field.doc}"
