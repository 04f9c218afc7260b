"""Show what converts to a target, and why the rest does not.

nncc support m.nnp --target tflite     every problem of one model, at once, and which of its functions convert
nncc support m.nnp --target all        the same for every target
nncc support                           every function of NNabla, and whether it can be lifted to nn
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..ir import Module
    from ..ir.passes import PassContext
    from ..pipelines.pipeline import Pipeline

ALL = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="*", metavar="MODEL", help="the file, or the files that the model consists of")
    parser.add_argument(
        "--target", default="tflite", help=f"what a pipeline leads to, as in tflite-int8; several with commas, or {ALL}"
    )


def run(args: argparse.Namespace) -> int:
    return _model([Path(p) for p in args.model], args.target) if args.model else _functions()


def _model(paths: list[Path], wanted: str) -> int:
    from ..ir.passes import PassContext
    from ..pipelines import driver, registry
    from .console import progress, show_warnings

    source = registry.source_of(paths).name
    targets = _targets(source) if wanted == ALL else [name.strip() for name in wanted.split(",")]
    pipelines = {target: driver.pipeline_for(source, target) for target in targets}
    context = PassContext()
    module = driver.load(list(paths), context=context)
    converted = []
    with progress(quiet=False) as bar:
        context.progress = bar
        for target, pipeline in pipelines.items():
            converted.append(_converts(module.clone_module(), paths[0], target, pipeline, context))
    show_warnings(context.diagnostics, quiet=False)
    return 0 if all(converted) else 1


def _targets(source: str) -> list[str]:
    """What the pipelines from a source lead to, by name, where that is a file."""
    from ..pipelines import registry
    from ..pipelines.pipeline import load_pipeline

    beginning = f"{source}-to-"
    names = [name for name in registry.pipeline_names() if name.startswith(beginning)]
    return [name.removeprefix(beginning) for name in names if load_pipeline(name).backend is not None]


def _converts(module: Module, path: Path, target: str, pipeline: Pipeline, context: PassContext) -> bool:
    """Print what a model becomes, or all that keeps it from that."""
    from ..ir.diagnostics import CompileError
    from ..pipelines import driver, registry

    extension = "".join(registry.target_of(path, pipeline.backend).extensions[:1])
    whole = module.clone_module()
    try:
        driver.compile(whole, pipeline, context=context)
        with tempfile.TemporaryDirectory() as folder:  # what is written may have limits of its own
            driver.save(whole, Path(folder, f"m{extension}"), pipeline.backend)
    except CompileError as error:
        print(error)
        count = len(error.diagnostics)
        print(f"{'1 problem keeps' if count == 1 else f'{count} problems keep'} {path} from becoming {target}")
        _print_trials(module, pipeline, context)
        return False
    made = driver.count_ops(whole)
    print(f"{path} converts to {target}: {sum(made.values())} operations")
    for name, count in made.most_common():
        print(f"  {count:6} {name}")
    return True


def _print_trials(module: Module, pipeline: Pipeline, context: PassContext) -> None:
    """Print for each type of function how many convert alone: what fails early hides what would fail later."""
    from ..ir.passes import PassContext
    from ..passes.select_executor import SelectExecutor
    from ..pipelines.function_trials import try_function
    from ..pipelines.preparation import numbered_graph

    quiet = PassContext(progress=context.progress)
    if module.dialects() == {"nnp"}:
        SelectExecutor().run(module, quiet)
    graph = numbered_graph(module, quiet, pipeline)
    there: Counter[str] = Counter()
    converted: Counter[str] = Counter()
    reasons: dict[str, str] = {}
    tried = [f for f in graph.functions if graph.matters(f)]
    for done, function in enumerate(tried):
        quiet.report_progress("functions alone", done, len(tried))
        trial, kind = try_function(graph, function, pipeline), graph.kind(function)
        there[kind] += 1
        if trial.problems:
            reasons.setdefault(kind, trial.problems[0].message)
        else:
            converted[kind] += 1
    quiet.report_progress("functions alone", len(tried), len(tried))
    print("of its functions, each alone, there convert:")
    for kind, count in sorted(there.items()):
        note = f": {reasons[kind]}" if kind in reasons else ""
        print(f"  {converted[kind]:5} of {count:<5} {kind}{note}")


def _functions() -> int:
    from .describe import function_support

    functions = function_support()
    width = max(len(f.name) for f in functions)
    for f in functions:
        note = f": {f.reason}" if f.reason else ""
        print(f"{f.name:<{width}}  {'yes' if f.converted else 'no'}{note}")
    print(f"{sum(f.converted for f in functions)} of {len(functions)} function types")
    return 0
