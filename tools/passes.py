"""List the passes, with their options; give a name to see what a pass does."""

from __future__ import annotations

import argparse
import inspect
import typing

from ..ir.passes import Pass, lookup_pass
from ..pipelines import registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="*", help="show these passes in full")


def run(args: argparse.Namespace) -> int:
    known = registry.passes()
    if args.name:
        print("\n\n".join(_full(lookup_pass(name)) for name in args.name))
        return 0
    width = max(map(len, known))
    for name, definition in known.items():
        print(f"{name:<{width}}  {definition.summary()}")
        for line in _options(definition):
            print(f"{'':<{width}}    {line}")
    return 0


def _options(definition: type[Pass]) -> list[str]:
    hints = typing.get_type_hints(definition)
    lines = []
    for field in definition.options():
        kind = getattr(hints[field.name], "__name__", None) or str(hints[field.name])
        lines.append(f"{field.name}: {kind} = {field.default!r}   {field.metadata['help']}")
    return lines


def _full(definition: type[Pass]) -> str:
    flow = ""
    if definition.consumes:
        flow = f"works on: {', '.join(sorted(definition.consumes))}"
        flow += f"; makes: {', '.join(sorted(definition.produces))}" if definition.produces else ""
    parts = [definition.name, inspect.getdoc(definition) or "", flow, "\n".join(_options(definition))]
    return "\n\n".join(p for p in parts if p)
