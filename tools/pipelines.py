"""List the pipelines, with their steps and parameters; give a name to see one in full."""

from __future__ import annotations

import argparse

from ..pipelines import registry
from ..pipelines.pipeline import Pipeline, load_pipeline
from .describe import pipeline_ends


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="*", help="show these pipelines in full")


def run(args: argparse.Namespace) -> int:
    names = args.name or registry.pipeline_names()
    shown = [_full(load_pipeline(name)) if args.name else _line(load_pipeline(name)) for name in names]
    print(("\n\n" if args.name else "\n").join(shown))
    return 0


def _line(pipeline: Pipeline) -> str:
    first_line = pipeline.description.partition("\n")[0]
    return f"{pipeline.name:<22} {pipeline_ends(pipeline):<16} {first_line}"


def _full(pipeline: Pipeline) -> str:
    parameters = [f"  {key} = {value!r}" for key, value in pipeline.parameters.items()]
    parts = [
        _line(pipeline),
        pipeline.description,
        "parameters (--set NAME=VALUE):\n" + "\n".join(parameters) if parameters else "",
        f"passes:\n  {pipeline.as_text()}",
        f"file: {pipeline.source}",
    ]
    return "\n".join(p for p in parts if p)
