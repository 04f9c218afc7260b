"""List the operations of a dialect; give an operation's name to see what it computes."""

from __future__ import annotations

import argparse

from ..ir.diagnostics import UsageError
from ..ir.opdef import Op, lookup_op, registered_ops
from .describe import Field, doc, op_fields, summary

DIALECTS = ("nn", "nnp", "onnx", "tf", "tfl", "func", "builtin")


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
        return [*_signature(definition), ""]
    definitions = list(registered_ops(name))
    if not definitions:
        raise UsageError(f"there is no dialect '{name}'", remedy=f"known: {', '.join(DIALECTS)}")
    width = max(len(d.name) for d in definitions)
    return [f"{d.name:<{width}}  {summary(d)}" for d in definitions]


def _signature(definition: type[Op]) -> list[str]:
    """An operation in full: what it computes, operands, attributes and results."""
    return [definition.name, "", doc(definition), "", *map(_field, op_fields(definition))]


def _field(field: Field) -> str:
    kind = f": {field.kind}" if field.kind else ""
    default = f" = {field.default}" if field.default is not None else ""
    optional = " (optional)" if field.optional else ""
    return f"  {field.role} {field.name}{kind}{default}{optional}  {field.doc}".rstrip()
