"""List the passes, with their options; give a name to see what a pass does."""

from __future__ import annotations

import argparse

from ..ir.passes import Pass
from ..pipelines import registry
from .describe import doc, pass_flow, pass_options, summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="*", help="show these passes in full")


def run(args: argparse.Namespace) -> int:
    if args.name:
        print("\n\n".join(_full(registry.find_pass(name)) for name in args.name))
        return 0
    known = registry.passes()
    width = max(map(len, known))
    for name, definition in known.items():
        print(f"{name:<{width}}  {summary(definition)}")
        for line in _options(definition):
            print(f"{'':<{width}}    {line}")
    return 0


def _options(definition: type[Pass]) -> list[str]:
    return [f"{o.name}: {o.kind} = {o.default}   {o.help}" for o in pass_options(definition)]


def _full(definition: type[Pass]) -> str:
    parts = [definition.name, doc(definition), pass_flow(definition), "\n".join(_options(definition))]
    return "\n\n".join(p for p in parts if p)
