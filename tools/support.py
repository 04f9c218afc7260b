"""Show what converts to a target, and why the rest does not.

nncc support m.nnp --target tflite     every problem of one model, at once
nncc support                           every function of NNabla, and whether it can be lifted to nn
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="*", metavar="MODEL", help="the file, or the files that the model consists of")
    parser.add_argument("--target", default="tflite", help="a format that can be written (default: tflite)")


def run(args: argparse.Namespace) -> int:
    return _model([Path(p) for p in args.model], args.target) if args.model else _functions()


def _model(paths: list[Path], target: str) -> int:
    from ..ir.diagnostics import CompileError
    from ..ir.passes import PassContext
    from ..pipelines import driver, registry

    context = PassContext()
    pipeline = driver.pipeline_for(registry.source_of(paths).name, target)
    module = driver.load(list(paths), context=context)
    try:
        driver.compile(module, pipeline, context=context)
    except CompileError as error:
        print(error)
        print(f"{len(error.diagnostics)} problems keep {paths[0]} from becoming {target}")
        return 1
    for warning in context.diagnostics.warnings:
        print(warning)
    made = driver.count_ops(module)
    print(f"{paths[0]} converts to {target}: {sum(made.values())} operations")
    for name, count in made.most_common():
        print(f"  {count:6} {name}")
    return 0


def _functions() -> int:
    from .describe import function_support

    functions = function_support()
    width = max(len(f.name) for f in functions)
    for f in functions:
        note = f": {f.reason}" if f.reason else ""
        print(f"{f.name:<{width}}  {'yes' if f.converted else 'no'}{note}")
    print(f"{sum(f.converted for f in functions)} of {len(functions)} function types")
    return 0
